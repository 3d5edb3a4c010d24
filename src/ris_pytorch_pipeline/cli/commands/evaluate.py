"""`ris evaluate`: a trained network on unseen scenes, beside classical estimators, the genie and the bound."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainlint.errors import ExplainedError

from ...bench import (
    HYBRIDS,
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
from ...experiment.toml import without_panel
from ...files import is_there
from ...physics import Scenario, ends
from ...report import check_points, sweep_figure
from ...train import Trained
from ...train.files.folder import LEDGER
from ..arguments import experiment_of, overrides_of
from ..forms.evaluation import Evaluated, Evaluation, captions, covariance_lines, keep_evaluated
from ..forms.kept_evaluation import FOLDER, scenarios_of
from ..memory import require_compared
from ..options.model import checkpoint_at, network_at, warn_of_symbols
from ..options.scenes.counts import snrs_of, sources_of
from ..options.scenes.hardware import calibration_name, drawn_behind, hardware_of
from ..options.scenes.held_out import drawer_of, held_out, scenario_of, scenes_held
from ..showing.cells import print_cells
from ..showing.figures import check_figure, save_figure
from ..showing.output import Bar, print_json


def run(arguments: argparse.Namespace) -> None:
    """Evaluate, print the table, draw, and keep what was found of a run beside it.

    Raises:
        BaseException: after Ctrl-C, SIGTERM or an error, once the cells finished until then are printed.
    """
    trained = network_at(arguments.model)
    shards = None if arguments.shards is None else held_out(arguments.shards, arguments)
    calibration = hardware_of(arguments)
    plan = plan_of(arguments, trained, shards)
    if arguments.figure is not None:
        check_figure(arguments.figure)
        check_points(plan.snr_db)
    warn_of_symbols(trained, plan.scenario.symbol_model)
    require_compared(plan.scenario, plan.sources, plan.scenes, len(plan.methods))
    drawn = drawn_behind(calibration, told=plan.told)
    found, drawer = Evaluated(), drawn if shards is None else drawer_of(shards, calibration)
    try:
        evaluate_into(found, trained, plan, drawer)
    except BaseException:  # a signal or an error: what is finished is kept
        if found.cells:
            _report(arguments, trained, plan, found)
        raise
    _report(arguments, trained, plan, found)
    if is_there(arguments.model / LEDGER):
        _keep(arguments.model, trained, plan, found, drawer)


def _report(arguments: argparse.Namespace, trained: Trained, plan: Evaluation, found: Evaluated) -> None:
    if arguments.json:
        print_json(document(arguments.model, trained, plan, found))
    else:
        print_cells(found.cells, f"{len(found.cells)} of {plan.cells} cells", *captions(trained, plan))
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
        calibration=calibration_name(arguments.calibration),
        told=not arguments.untold,
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
    overrides = overrides_of(arguments)
    scenario = without_panel(trained.experiment.scenario, overrides.get("scenario"))
    return overlay(Experiment(scenario=scenario), overrides)


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


def _keep(run: Path, trained: Trained, plan: Evaluation, found: Evaluated, drawer: Drawer) -> None:
    """Keep an evaluation beside its run, and say where; a folder that cannot be written takes nothing from the rest."""
    try:
        keep_evaluated(run / FOLDER, trained, plan, found, drawer)
    except ExplainedError as error:
        print(f"ris: not kept for `ris report`: {error}", file=sys.stderr)
    else:
        print(f"kept in {run / FOLDER}: see it with `ris report {run}`", file=sys.stderr)


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
