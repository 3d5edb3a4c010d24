"""What does `ris evaluate RUN` leave in the run's folder? Its cells, and some of their scenes, for `ris report`."""

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from ...bench import Cell, Drawer, Row, beside_genie, figures_of
from ...bench.suites.columns import check_row
from ...bench.sweep import BLOCK
from ...data import SceneFile, load_scenes, save_scenes
from ...data.sharded.manifest import file_digest
from ...data.simulation import joined
from ...errors import ConfigurationError, InputError
from ...experiment import overlay, plain
from ...files import (
    Format,
    Lock,
    cause,
    from_document,
    is_there,
    make_folder,
    move,
    read_regular,
    reason,
    remove_old_leftovers,
    sealed_document,
    unsealed_document,
    write_whole,
)
from ...physics import Scenario, Scenes
from ...train.files.source import source_now

FOLDER, CELLS = "evaluation", "cells.json"
_FORM = Format("ris-evaluation", 1)
MOST_KEPT = 200
"""Scenes kept of all cells together: 40 kB each."""
_MOST_BYTES = 2**26


@dataclass(frozen=True, kw_only=True)
class KeptEvaluation:
    """An evaluation in a folder.

    Args:
        rows: a cell each, by the columns of a suite's results.
        words: which network and which scenes, a sentence each.
        run: identity of the training.
        updates: after which the network was evaluated.
        known_order: whether the estimators were told K.
        polish: updates of the likelihood.
        labels: of the cells whose scenes are kept: `scenes-1.safetensors` are those of the first.
        digests: SHA-256 of each of these files; None in an evaluation that an earlier version kept.

    Raises:
        ValueError: digests of more or fewer files than there are.
    """

    rows: list[dict[str, Any]]
    words: list[str]
    run: str
    updates: int
    known_order: bool
    polish: int
    labels: list[str]
    digests: list[str] | None

    def __post_init__(self) -> None:
        if self.digests is not None and len(self.digests) != len(self.labels):
            raise ValueError(f"{len(self.digests)} digests of {len(self.labels)} files of scenes")


def rows_of_cells(cells: Sequence[Cell], scenarios: Sequence[Scenario], seed: int) -> list[Row]:
    """Cells as rows of results.

    Args:
        cells: finished ones, by scenario and then method.
        scenarios: of each of them.
        seed: of the scenes.
    """
    began, source = datetime.now(UTC).isoformat(timespec="seconds"), source_now()
    points = {json.dumps(plain(scenario)): number for number, scenario in enumerate(scenarios)}
    rows = [
        {
            "suite": FOLDER, "sweep": FOLDER, "point": points[json.dumps(plain(scenario))], "contender": "",
            "axes": json.dumps({"sources": scenario.sources, "snr_db": scenario.snr_db}),
            "scenario": json.dumps(plain(scenario)), "seed": seed, **figures_of(cell), **source,
            "seconds": cell.n / cell.scenes_per_s if cell.scenes_per_s > 0 else math.nan, "began": began,
        }
        for cell, scenario in zip(cells, scenarios, strict=True)
    ]  # fmt: skip
    return beside_genie(rows)


def keep_evaluation(
    folder: Path, kept: KeptEvaluation, scenarios: Sequence[Scenario], scenes: int, seed: int, drawer: Drawer
) -> None:  # fmt: skip
    """Keep an evaluation in a folder, over an earlier one: its scenes first, then its cells with their digests.

    Args:
        folder: that it goes into, made unless it is there.
        kept: the evaluation, which gets the digests.
        scenarios: of the cells whose scenes are kept.
        scenes: of each cell.
        seed: of them.
        drawer: where they come from.

    Raises:
        ConfigurationError: the folder cannot be written, or another process writes in it.
    """
    make_folder(folder)
    with Lock(folder):
        _write(folder, kept, scenarios, scenes, seed, drawer)


def _write(
    folder: Path, kept: KeptEvaluation, scenarios: Sequence[Scenario], scenes: int, seed: int, drawer: Drawer
) -> None:  # fmt: skip
    remove_old_leftovers(folder)
    count = min(scenes, max(1, MOST_KEPT // max(1, len(scenarios))))
    digests = list[str]()
    for number, scenario in enumerate(scenarios, start=1):
        drawn, path = first_scenes(drawer, scenario, scenes, count, seed), folder / scenes_name(number)
        save_scenes(
            path, drawn.observation, drawn.truth, config=plain(scenario), note="evaluation", overwrite=True,
        )  # fmt: skip
        digests.append(file_digest(path))
    try:
        write_whole(folder / CELLS, [sealed_document(vars(replace(kept, digests=digests)), _FORM, not_finite=True)])
    except OSError as error:
        raise ConfigurationError(
            "a folder that can be written",
            f"{folder}: {reason(error)}",
            cause(error, "a folder that is gone"),
            "mend that",
        ) from error


def kept_scenes(folder: Path, kept: KeptEvaluation) -> list[SceneFile]:
    """The scenes of an evaluation, a file for each of its labels.

    Args:
        folder: of the evaluation.
        kept: in it.

    Raises:
        SceneFileError: a file that cannot be read.
        InputError: a file other than the one that was kept with the cells.

    Warns:
        UserWarning: an earlier version kept no digests.
    """
    paths = [folder / scenes_name(number) for number in range(1, len(kept.labels) + 1)]
    if kept.digests is None:
        warnings.warn(
            f"{folder / CELLS} holds no digests of its scenes, as those of earlier versions: nothing vouches that "
            f"{scenes_name(1)} and the others belong to its cells", stacklevel=2,
        )  # fmt: skip
    for path, wanted in zip(paths, kept.digests or [], strict=False):
        found = file_digest(path)
        if found != wanted:
            raise InputError(
                f"the scenes that {folder / CELLS} was kept with, SHA-256 {wanted[:12]}", f"{path}: {found[:12]}",
                "a later evaluation that did not come to its end", "evaluate the run again",
            )  # fmt: skip
    return [load_scenes(path) for path in paths]


def scenes_name(number: int) -> str:
    """The file of the scenes of a cell, counted from 1."""
    return f"scenes-{number}.safetensors"


def first_scenes(drawer: Drawer, scenario: Scenario, scenes: int, count: int, seed: int) -> Scenes:
    """The first scenes of a cell, drawn in the blocks in which it was evaluated.

    Args:
        drawer: of the evaluation.
        scenario: of the cell.
        scenes: of the cell.
        count: of them that are wanted.
        seed: of the evaluation.
    """
    blocks = [
        drawer(scenario, min(BLOCK, scenes - first), seed, number)
        for number, first in enumerate(range(0, count, BLOCK))
    ]
    return joined(blocks)[torch.arange(count)].to(dtype=torch.complex64)


def read_evaluation(folder: Path) -> KeptEvaluation | None:
    """The evaluation in a folder; None where there is none.

    Args:
        folder: of the evaluation.

    Raises:
        InputError: something else in its place.
    """
    path = folder / CELLS
    if not is_there(path):
        return None
    try:
        held = unsealed_document(read_regular(path, _MOST_BYTES), _FORM, not_finite=True)
        kept = from_document(KeptEvaluation, {"digests": None} | held)
        return replace(kept, rows=[_checked(row) for row in kept.rows])
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)[:200]
        raise InputError(
            "what `ris evaluate RUN` kept", f"{path}: {why}",
            cause(error, "a file of another version, or one that was edited"), move(error, "evaluate the run again"),
        ) from error  # fmt: skip


def _checked(row: Mapping[str, Any]) -> Row:
    """A row with every column, each of its kind.

    Raises:
        ValueError: naming a column.
    """
    check_row(row)
    axes = json.loads(row["axes"])
    if set(axes) != {"sources", "snr_db"}:
        raise ValueError("axes other than sources and snr_db")
    return dict(row)


def scenarios_of(base: Scenario, sources: Sequence[Any], snr_db: Sequence[Any]) -> list[Scenario]:
    """The scenario of every combination, sources before SNRs."""
    return [overlay(base, {"sources": k, "snr_db": snr}) for k in sources for snr in snr_db]
