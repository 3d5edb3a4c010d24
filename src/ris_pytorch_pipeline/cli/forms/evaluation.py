"""What does an evaluation run, what came of it, and where is it kept?"""

from dataclasses import dataclass, field
from pathlib import Path

from ...bench import Cell, CovarianceError, Drawer, cell_scenes, label_of
from ...data import config_digest
from ...data.behind import shown_behind
from ...errors import ConfigurationError
from ...experiment import plain
from ...physics import Scenario
from ...physics.scenes.scenario import CountSpan, Span
from ...train import Trained
from .kept_evaluation import KeptEvaluation, keep_evaluation, rows_of_cells, scenarios_of


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What `ris evaluate` runs.

    Args:
        scenario: of the scenes; its own K and SNR are replaced by those below.
        methods: names of estimators.
        sources: K of each cell, or (least, most) of a cell with mixed K.
        snr_db: total SNR of each cell, or (lowest, highest).
        scenes: of each cell.
        seed: of the random streams, which training never draws from.
        known_order: whether the estimators are told K.
        polish: updates of the likelihood in `hybrid` and `hybrid-search`.
        shards: manifest whose test scenes are taken; None draws scenes.
        calibration: of the hardware behind which they are drawn or seen, by name and digest; None is nominal hardware.
        told: whether the estimators know that hardware.

    Raises:
        ConfigurationError: fewer than one scene.
    """

    scenario: Scenario
    methods: tuple[str, ...]
    sources: tuple[CountSpan, ...]
    snr_db: tuple[Span, ...]
    scenes: int
    seed: int
    known_order: bool
    polish: int
    shards: str | None = None
    calibration: str | None = None
    told: bool = True

    def __post_init__(self) -> None:
        if self.scenes < 1:
            raise ConfigurationError(
                "at least one scene", str(self.scenes), "a count left at zero, or a sign", "pass --scenes 200"
            )

    @property
    def unused(self) -> tuple[str, ...]:
        """What says nothing of nominal hardware."""
        return ("told",) if self.calibration is None else ()

    @property
    def cells(self) -> int:
        """How many there will be."""
        return len(self.methods) * len(self.sources) * len(self.snr_db)


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """What came of it so far: one cell per method and (K, SNR), and the error of R_pred in each (K, SNR)."""

    cells: list[Cell] = field(default_factory=list)
    covariance: dict[str, CovarianceError] = field(default_factory=dict)


def keep_evaluated(
    folder: Path, trained: Trained, plan: Evaluation, found: Evaluated, drawer: Drawer = cell_scenes
) -> None:  # fmt: skip
    """Keep an evaluation that came to its end, over an earlier one.

    Args:
        folder: that it goes into.
        trained: the network.
        plan: what was run.
        found: what came of it.
        drawer: where scenes come from.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    grid = scenarios_of(plan.scenario, plan.sources, plan.snr_db)
    scenarios = [scenario for scenario in grid for _ in plan.methods]
    kept = KeptEvaluation(
        rows=rows_of_cells(found.cells, scenarios, plan.seed),
        words=[f"{'; '.join(captions(trained, plan))}.", *(f"{line}." for line in covariance_lines(found))],
        run=trained.header.identity["run"],
        updates=trained.header.progress["updates"],
        known_order=plan.known_order,
        polish=plan.polish,
        labels=[label_of(scenario) for scenario in grid],
        digests=None,
    )
    keep_evaluation(folder, kept, grid, plan.scenes, plan.seed, drawer)


def captions(trained: Trained, plan: Evaluation) -> tuple[str, str, str]:
    """Which network, which scenes and which configuration: a line each that fits into 80 columns."""
    order = "known" if plan.known_order else "estimated"
    updates = trained.header.progress["updates"]
    return (
        f"{trained.header.weights} weights after {updates} updates, run {trained.header.identity['run']}",
        f"K {order}; {plan.scenes} {_where(plan)}",
        f"configuration {config_digest(plain(plan))}",
    )


def _where(plan: Evaluation) -> str:
    behind = shown_behind(None if plan.calibration is None else {"calibration": plan.calibration, "told": plan.told})
    if plan.shards is not None:
        return f"test scenes of the shards of manifest {plan.shards}{behind}"
    return f"unseen scenes a cell{behind}, seed {plan.seed}"


def covariance_lines(found: Evaluated) -> list[str]:
    """The NMSE of R_pred, and of R_samp on the same scenes, a line for each (K, SNR)."""
    return [
        f"{label}: NMSE of R_pred {e.predicted.value:.3f} [{e.predicted.low:.3f}, {e.predicted.high:.3f}], "
        f"of R_samp {e.sampled.value:.2f} (n = {e.n})"
        for label, e in found.covariance.items()
    ]
