"""`ris bench`: estimators over numbers of sources and SNRs, on the same scenes, beside the bound."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from ...bench import Cell, Drawer, sweep, to_json
from ...data import config_digest
from ...errors import ConfigurationError
from ...estimate import CONTENDERS, GENIE, likelihood_for
from ...experiment import Experiment, plain
from ...physics import Scenario
from ...physics.kinds import is_mixed
from ...physics.scenes.scenario import CountSpan, Span
from ...report import check_points, sweep_figure
from ..arguments import experiment_of
from ..forms.bench_suite import run_suite
from ..memory import covariance_bytes, require, require_compared
from ..options.scenes.counts import snrs_of, sources_of
from ..options.scenes.hardware import calibration_name, drawn_behind, hardware_of
from ..showing.cells import print_cells
from ..showing.figures import check_figure, save_figure
from ..showing.output import Bar, print_json


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What `ris bench` sweeps over.

    Args:
        methods: names of estimators.
        sources: numbers of sources of each cell, or (least, most) of a cell with mixed numbers.
        snr_db: total SNRs, or (lowest, highest) likewise.
        known_order: whether the estimators are told the number of sources.
        calibration: of the hardware that scenes are drawn behind, by name and digest; None is nominal hardware.
        told: whether the estimators know that hardware.
    """

    methods: tuple[str, ...]
    sources: tuple[CountSpan, ...]
    snr_db: tuple[Span, ...]
    known_order: bool
    calibration: str | None = None
    told: bool = True

    @property
    def unused(self) -> tuple[str, ...]:
        """What says nothing of nominal hardware."""
        return ("calibration", "told") if self.calibration is None else ()


def run(arguments: argparse.Namespace) -> int:
    """Sweep, print the finished cells, and draw the figure; or run a suite.

    Returns:
        The exit code: 0, or 1 where a contender of a suite failed.

    Raises:
        ConfigurationError: an option of suites without one.
        BaseException: after Ctrl-C, SIGTERM or an error, once the cells finished until then are printed.
    """
    if arguments.suite is not None:
        return run_suite(arguments)
    _check_no_suite(arguments)
    experiment = experiment_of(arguments)
    plan = plan_of(arguments, experiment.scenario)
    if arguments.figure is not None:
        check_figure(arguments.figure)
        check_points(plan.snr_db)
    _check_memory(experiment, plan)
    cells: list[Cell] = []
    drawer = drawn_behind(hardware_of(arguments), told=plan.told)
    try:
        _sweep(experiment, plan, cells, drawer)
    except BaseException:  # a signal or an error: what is finished is kept
        if cells:
            _report(arguments, experiment, plan, cells)
        raise
    _report(arguments, experiment, plan, cells)
    return 0


def _check_memory(experiment: Experiment, plan: Plan) -> None:
    """Refuse scenes, or panel covariances of a method, that do not fit into memory.

    Raises:
        InfeasibleError: naming which of them.
    """
    scenario = experiment.scenario
    require_compared(scenario, plan.sources, experiment.scenes, len(plan.methods))
    require(
        covariance_bytes(scenario, plan.methods),
        f"the panel covariance of {scenario.elements} elements that a method of {', '.join(plan.methods)} forms",
        ("compare the likelihoods alone, such as --methods sml,genie", "take a smaller panel"),
    )


def _check_no_suite(arguments: argparse.Namespace) -> None:
    """Refuse options that only a suite has.

    Raises:
        ConfigurationError: naming one.
    """
    usual = {"out": None, "resume": False, "jobs": 1, "quick": False, "worker": None, "cluster": None,
             "task_limit": None}  # fmt: skip
    given = [f"--{name.replace('_', '-')}" for name, value in usual.items() if vars(arguments)[name] != value]
    if given:
        raise ConfigurationError(
            f"a suite beside {given[0]}", "none", "options alone, whose cells are printed and not kept",
            f"write the sweep into a file: ris bench SUITE.toml {given[0]}",
        )  # fmt: skip


def _sweep(experiment: Experiment, plan: Plan, cells: list[Cell], drawer: Drawer) -> None:
    with Bar("sweeping") as bar:
        running = sweep(
            experiment.scenario,
            plan.methods,
            plan.sources,
            plan.snr_db,
            experiment.scenes,
            experiment.seed,
            plan.known_order,
            lambda label, done, total: bar(done, total, label),
            drawer=drawer,
        )
        for cell in running:
            cells.append(cell)


def plan_of(arguments: argparse.Namespace, scenario: Scenario) -> Plan:
    """The sweep that the options describe; unless named, the likelihood of the symbols beside two references."""
    given = vars(arguments)
    usual = (likelihood_for(scenario.symbol_model), GENIE, "bp-music")
    usual = tuple(name for name in usual if name == GENIE or CONTENDERS[name].unmet(scenario) is None)
    counts = (scenario.sources,) if is_mixed(scenario.symbols) else (1, 3, 5)
    return Plan(
        methods=tuple(given["methods"].split(",")) if "methods" in given else usual,
        sources=sources_of(given["sources"]) if "sources" in given else counts,
        snr_db=snrs_of(given["snr_db"]) if "snr_db" in given else (0.0, 10.0, 20.0),
        known_order=given.get("order", "known") == "known",
        calibration=calibration_name(arguments.calibration),
        told=not arguments.untold,
    )


def _report(arguments: argparse.Namespace, experiment: Experiment, plan: Plan, cells: Sequence[Cell]) -> None:
    config = experiment.to_plain() | {"bench": plain(plan)}
    wanted = len(plan.methods) * len(plan.sources) * len(plan.snr_db)
    if arguments.json:
        facts = {"complete": len(cells) == wanted, "config": config, "digest": config_digest(config)}
        print_json(to_json(cells) | facts)
    else:
        print_cells(cells, f"{len(cells)} of {wanted} cells", f"configuration {config_digest(config)}")
    if arguments.figure is not None:
        save_figure(sweep_figure(cells), arguments.figure, quiet=arguments.json)
