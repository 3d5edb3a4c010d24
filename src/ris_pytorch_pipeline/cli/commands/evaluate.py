"""`ris evaluate`: a trained network on unseen scenes, beside classical estimators, the genie and the bound."""

import argparse
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...bench import (
    HYBRIDS,
    Cell,
    CovarianceError,
    Drawer,
    cell_scenes,
    covariance_error,
    hybrids,
    label_of,
    sweep,
    to_json,
)
from ...data import Shards, config_digest
from ...errors import ConfigurationError
from ...estimate import GENIE, likelihood_for
from ...experiment import Experiment, overlay, plain
from ...files import is_there
from ...physics import Scenario, ends
from ...physics.scenario import CountSpan, Span
from ...report import check_points, sweep_figure
from ...train import Trained
from ...train.files.folder import LEDGER
from ..arguments import experiment_of, overrides_of
from ..forms.kept_evaluation import FOLDER, KeptEvaluation, keep_evaluation, rows_of_cells, scenarios_of
from ..memory import compared_bytes, require
from ..options.counts import snrs_of, sources_of
from ..options.held_out import calibration_of, drawer_of, held_out, scenario_of, scenes_held
from ..options.model import checkpoint_at, network_at, warn_of_symbols
from ..showing.cells import print_cells
from ..showing.figures import check_figure, save_figure
from ..showing.output import Bar, print_json


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
        calibration: file of the gains behind which they are seen; None leaves them as they are.

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

    def __post_init__(self) -> None:
        if self.scenes < 1:
            raise ConfigurationError(
                "at least one scene", str(self.scenes), "a count left at zero, or a sign", "pass --scenes 200"
            )

    @property
    def cells(self) -> int:
        """How many there will be."""
        return len(self.methods) * len(self.sources) * len(self.snr_db)


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """What came of it so far: one cell per method and (K, SNR), and the error of R_pred in each (K, SNR)."""

    cells: list[Cell] = field(default_factory=list)
    covariance: dict[str, CovarianceError] = field(default_factory=dict)


def run(arguments: argparse.Namespace) -> None:
    """Evaluate, print the table, draw, and keep what was found of a run beside it.

    Raises:
        BaseException: after Ctrl-C, SIGTERM or an error, once the cells finished until then are printed.
    """
    trained = network_at(arguments.model)
    shards = None if arguments.shards is None else held_out(arguments.shards, arguments)
    calibration = calibration_of(arguments)
    plan = plan_of(arguments, trained, shards)
    if arguments.figure is not None:
        check_figure(arguments.figure)
        check_points(plan.snr_db)
    warn_of_symbols(trained, plan.scenario.symbol_model)
    most = max((ends(count)[1] for count in plan.sources), default=1)
    require(
        compared_bytes(replace(plan.scenario, sources=most), plan.scenes, len(plan.methods)),
        f"{plan.scenes} scenes of {plan.scenario.elements} elements a cell",
        ("lower --scenes", "take a smaller panel"),
    )
    found, drawer = Evaluated(), cell_scenes if shards is None else drawer_of(shards, calibration)
    try:
        evaluate_into(found, trained, plan, drawer)
    except BaseException:  # a signal or an error: what is finished is kept
        if found.cells:
            _report(arguments, trained, plan, found)
        raise
    _report(arguments, trained, plan, found)
    if is_there(arguments.model / LEDGER):
        keep_evaluated(arguments.model / FOLDER, trained, plan, found, drawer)
        print(f"kept in {arguments.model / FOLDER}: see it with `ris report {arguments.model}`", file=sys.stderr)


def _report(arguments: argparse.Namespace, trained: Trained, plan: Evaluation, found: Evaluated) -> None:
    if arguments.json:
        print_json(document(arguments.model, trained, plan, found))
    else:
        print_cells(found.cells, f"{len(found.cells)} of {plan.cells} cells; {caption(trained, plan)}")
        print("\n".join(covariance_lines(found)))
    if arguments.figure is not None:
        save_figure(sweep_figure(found.cells), arguments.figure, quiet=arguments.json)


def plan_of(arguments: argparse.Namespace, trained: Trained, shards: Shards | None) -> Evaluation:
    """What the options ask for: scenes as in training unless another preset, file or field is named.

    Raises:
        ConfigurationError: an unknown name, a value that does not fit, or more sources than the network has columns.
    """
    given = vars(arguments)
    base = _base(arguments, trained) if shards is None else _held(arguments, shards)
    scenario = base.scenario
    plan = Evaluation(
        scenario=scenario,
        methods=tuple(given["methods"].split(",")) if "methods" in given else usual_methods(scenario),
        sources=sources_of(given["sources"]) if "sources" in given else (scenario.sources,),
        snr_db=snrs_of(given["snr_db"]) if "snr_db" in given else (scenario.snr_db,),
        scenes=base.scenes,
        seed=base.seed,
        known_order=arguments.order == "known",
        polish=arguments.polish,
        shards=None if shards is None else shards.manifest.digest,
        calibration=None if arguments.calibration is None else str(arguments.calibration),
    )
    most, rank = max((ends(k)[1] for k in plan.sources), default=0), trained.net.config.rank
    if plan.known_order and most > rank and set(plan.methods) & set(HYBRIDS):
        raise ConfigurationError(
            f"at most {rank} sources, the columns of the network's covariance", str(most),
            "a network made for fewer", "lower --sources, or leave its methods out with --methods",
        )  # fmt: skip
    return plan


def _base(arguments: argparse.Namespace, trained: Trained) -> Experiment:
    """Scenario, scenes and seed: of a preset or file that is named, else as in training, and options over either."""
    if "preset" in vars(arguments) or arguments.config is not None:
        return experiment_of(arguments)
    return overlay(Experiment(scenario=trained.experiment.scenario), overrides_of(arguments))


def _held(arguments: argparse.Namespace, shards: Shards) -> Experiment:
    """The scenario of shards, and as many of their test scenes as an option asks for."""
    base = overlay(Experiment(scenario=scenario_of(shards)), overrides_of(arguments))
    return replace(base, scenes=scenes_held(shards, base.scenes if "scenes" in vars(arguments) else None))


def usual_methods(scenario: Scenario) -> tuple[str, ...]:
    """The network's estimators, the likelihood of the scenario's symbols, and two references."""
    return (*HYBRIDS, likelihood_for(scenario.symbol_model), "bp-music", GENIE)


def evaluate_into(found: Evaluated, trained: Trained, plan: Evaluation, drawer: Drawer = cell_scenes) -> None:
    """Run every method on the same unseen scenes, behind a progress bar, and keep what is finished.

    Args:
        found: gets each cell once it is finished.
        trained: the network.
        plan: what to run.
        drawer: where scenes come from.

    Raises:
        KeyboardInterrupt: on Ctrl-C.
    """
    grid = scenarios_of(plan.scenario, plan.sources, plan.snr_db)
    with Bar("evaluating") as bar:
        running = sweep(
            plan.scenario,
            plan.methods,
            plan.sources,
            plan.snr_db,
            plan.scenes,
            plan.seed,
            plan.known_order,
            lambda label, done, total: bar(done, total, label),
            hybrids(trained.net, plan.polish),
            drawer,
        )
        for number, cell in enumerate(running):
            scenario = grid[number // len(plan.methods)]
            if label_of(scenario) not in found.covariance:
                error = covariance_error(trained.net, scenario, plan.scenes, plan.seed, drawer)
                found.covariance[label_of(scenario)] = error
            found.cells.append(cell)


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
        words=[f"{caption(trained, plan)}.", *(f"{line}." for line in covariance_lines(found))],
        run=trained.header.identity["run"],
        updates=trained.header.progress["updates"],
        known_order=plan.known_order,
        polish=plan.polish,
        labels=[label_of(scenario) for scenario in grid],
    )
    keep_evaluation(folder, kept, grid, plan.scenes, plan.seed, drawer)


def caption(trained: Trained, plan: Evaluation) -> str:
    """Which network and which scenes, in one line."""
    order = "known" if plan.known_order else "estimated"
    updates = trained.header.progress["updates"]
    return (
        f"{trained.header.weights} weights after {updates} updates, run {trained.header.identity['run']}; K {order}; "
        f"{plan.scenes} {_where(plan)}; configuration {config_digest(plain(plan))}"
    )


def _where(plan: Evaluation) -> str:
    if plan.shards is not None:
        behind = "" if plan.calibration is None else f" behind {plan.calibration}"
        return f"test scenes of the shards of manifest {plan.shards}{behind}"
    return f"unseen scenes a cell, seed {plan.seed}"


def covariance_lines(found: Evaluated) -> list[str]:
    """The NMSE of R_pred, and of R_samp on the same scenes, a line for each (K, SNR)."""
    return [
        f"{label}: NMSE of R_pred {e.predicted.value:.3f} [{e.predicted.low:.3f}, {e.predicted.high:.3f}], "
        f"of R_samp {e.sampled.value:.2f} (n = {e.n})"
        for label, e in found.covariance.items()
    ]


def document(model: Path, trained: Trained, plan: Evaluation, found: Evaluated) -> dict[str, Any]:
    """The JSON document of `ris evaluate`."""
    config = plain(plan)
    covariance = [
        {
            "cell": label,
            "n": error.n,
            "nmse_predicted": error.predicted.value,
            "nmse_predicted_interval": [error.predicted.low, error.predicted.high],
            "nmse_sampled": error.sampled.value,
        }
        for label, error in found.covariance.items()
    ]
    return to_json(found.cells) | {
        "complete": len(found.cells) == plan.cells,
        "covariance": covariance,
        "model": str(checkpoint_at(model)),
        "weights": trained.header.weights,
        "identity": trained.header.identity,
        "config": config,
        "digest": config_digest(config),
    }
