"""How is one cell of a suite run? On its own scenes, drawn anew, so that it is lost or kept alone."""

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

import torch

from ...bounds import Bound
from ...estimate import GENIE
from ...experiment import plain
from ...train.files.source import source_now
from ..below_bound import Family
from ..genie import genie_for, region_of
from ..sweep import BLOCK, Run
from ..trial_scenes import trial_on
from .columns import Row, figures_of, genie_figures
from .entering import Entering
from .suite import Pending

Told = Callable[[str, int, int], None]
"""Called with the cell that is running, its scenes done and its scenes in all."""


@dataclass(frozen=True, kw_only=True)
class Worked:
    """A cell that was run.

    >>> Worked(failure="LinAlgError: a singular matrix")
    Worked(row=None, failure='LinAlgError: a singular matrix')

    Args:
        row: its row, if it came to an end.
        failure: what the contender raised, if not.
    """

    row: Row | None = None
    failure: str | None = None


def work(
    pending: Pending, entering: Entering, suite: str, told: Told | None = None,
    during: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Worked:  # fmt: skip
    """Run a cell. What its contender raises is its failure alone: the other cells go on without it.

    >>> from ris_pytorch_pipeline.bench import suite_of
    >>> from ris_pytorch_pipeline.train import load_network
    >>> small = {"horizontal": 4, "vertical": 4, "sources": 1}
    >>> sweeps = {"snr": {"methods": ["genie"], "over": {"snr_db": [20]}}}
    >>> suite = suite_of({"scenes": 1, "scenario": small, "sweeps": sweeps})
    >>> worked = work(suite.cells()[0], Entering(read=load_network), suite.digest)
    >>> worked.failure, worked.row["method"], worked.row["n"]
    (None, 'genie', 1)

    Args:
        pending: the cell.
        entering: makes contenders.
        suite: digest of the suite.
        told: called after each block of scenes.
        during: what goes on around it; what that raises in the block is a failure of the cell too.
    """
    try:
        with during():
            return Worked(row=row_of(pending, entering, suite, told))
    except Exception as error:  # whatever an estimator of somebody else's raises
        return Worked(failure=f"{type(error).__name__}: {str(error)[:500]}")


def row_of(pending: Pending, entering: Entering, suite: str, told: Told | None = None) -> Row:
    """Run a cell; arguments as for `work`.

    The scenes depend on the seed and the scenario, on streams named by K and the SNR as those of `sweep` are: all
    contenders of one combination see the same ones. Where the sweep has no genie, one runs on them too.

    Returns:
        Its row.
    """
    began, begin = datetime.now(UTC), time.perf_counter()
    run, bounds = Run(pending.method, entering.attempt(pending)), list[Bound]()
    region, drawer = region_of(pending.scenario), entering.drawer(pending)
    genie = Run(GENIE, genie_for(pending.scenario, region)) if pending.brings_genie else None
    for block, first in enumerate(range(0, pending.scenes, BLOCK)):
        count = min(BLOCK, pending.scenes - first)
        trial = trial_on(drawer(pending.scenario, count, pending.seed, block))
        bounds.append(trial.bound)
        run.add(trial)
        if genie is not None:
            genie.add(trial)
        if told is not None:
            told(pending.label, first + count, pending.scenes)
    bound = Bound(**{name: torch.cat([vars(each)[name] for each in bounds]) for name in vars(bounds[0])})
    family, known = Family(tests=pending.tests, region=region), pending.order == "known"
    cell = run.cell(bound, pending.scenario, pending.seed, family, known_order=known)
    beside = None if genie is None else genie.cell(bound, pending.scenario, pending.seed, family, known_order=known)
    return {
        "suite": suite,
        "sweep": pending.sweep,
        "point": pending.point,
        "contender": _json(entering.provenance(pending.entrant)),
        "axes": _json(pending.axes, sort=False),
        "scenario": _json(plain(pending.scenario)),
        "seed": pending.seed,
        **figures_of(cell),
        **({} if beside is None else genie_figures(beside)),
        **source_now(),
        "seconds": time.perf_counter() - begin,
        "began": began.isoformat(timespec="seconds"),
    }


def _json(value: object, *, sort: bool = True) -> str:
    return json.dumps(value, sort_keys=sort, ensure_ascii=False, allow_nan=False)
