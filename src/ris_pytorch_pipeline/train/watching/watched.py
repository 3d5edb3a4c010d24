"""Who says whether a run learns? A watch on the live network, told of what only the trainer knows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from trainlint import Plan, Preset, Replicas, Severity, TrainingFault, Verdict, Watch, judge, rule, standard_probes

from ...errors import InputError
from ...experiment.training import TrainingExperiment
from ...losses import LossReport
from ..files.ledger import Ledger
from ..loop.average import Average
from ..loop.groups import rates_by_module
from ..loop.progress import Progress
from .checks import check_report
from .probes import Followed, Planned
from .reporter import Reporter


@dataclass(frozen=True, kw_only=True)
class WatchConfig:
    """How a run is watched.

    >>> config = WatchConfig(preset="full", tolerate={"RT101": 2})  # Trainer(watch=config)
    >>> config.preset.name, config.tolerate
    ('FULL', {'RT101': 2})

    Args:
        preset: what it may cost: light, full or trace.
        tolerate: how often a fatal finding may be seen before it stops the run, by code; -1 is always.

    Raises:
        InputError: an unknown preset or code, or a count below -1.
    """

    preset: Preset | str = Preset.LIGHT
    tolerate: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "preset", Preset(self.preset))
        for code, most in self.tolerate.items():
            if most < -1:
                raise InputError(f"tolerate {rule(code).code} >= -1", str(most), "a sign", "-1 tolerates it always")
            rule(code)


class Watching:
    """Watches one run of a trainer: hands over losses and epochs, writes findings to the ledger, ends with a verdict.

    Args:
        net: the live network.
        optimizer: over its groups.
        average: the network that is evaluated.
        config: how; a preset alone tolerates nothing.
    """

    def __init__(
        self, net: nn.Module, optimizer: Optimizer, average: Average, config: WatchConfig | Preset | str
    ) -> None:
        self.net, self.optimizer, self.average = net, optimizer, average
        self.config = config if isinstance(config, WatchConfig) else WatchConfig(preset=config)
        self.verdict: Verdict | None = None
        self._watch: Watch | None = None
        self._terms: frozenset[str] = frozenset()

    @contextmanager
    def over(
        self,
        experiment: TrainingExperiment,
        progress: Progress,
        scaler: torch.amp.GradScaler,
        ledger: Ledger,
        reporter: Reporter,
    ) -> Iterator[None]:
        """Watch until the block ends, however it ends; then write the verdict down and say it.

        Args:
            experiment: with its plan settled.
            progress: live counts.
            scaler: of the loss.
            ledger: gets each finding before it is raised.
            reporter: says the verdict.

        Yields:
            Nothing.

        Raises:
            TrainingFault: a fatal finding, in the block.
        """
        self.experiment, raised = experiment, None
        # Processes compare their weights themselves, and know why one of them stopped.
        standard = [probe for probe in standard_probes() if not isinstance(probe, Replicas)]
        plan = plan_of(experiment, rates_by_module(self.net, self.optimizer, experiment.optimisation), progress.updates)
        probes = [*standard, Planned(experiment, progress), Followed(self.average)]
        try:
            with Watch(
                self.net, self.optimizer, scaler=scaler if scaler.is_enabled() else None, preset=self.config.preset,
                tolerate=self.config.tolerate, plan=plan, ledger=ledger, probes=probes,
            ) as self._watch:  # fmt: skip
                _tell_of_kill(self._watch, ledger, reporter)
                yield
        except TrainingFault as fault:
            raised = fault.finding
            raise
        finally:
            found = [] if raised is None else [raised]
            self.verdict = judge(found) if self._watch is None else self._watch.verdict()
            self._watch = None
            if self.verdict.counts.get("backward passes") or self.verdict.findings:
                ledger.write("verdict", **self.verdict.record())
                reporter.verdict(self.verdict, raised)

    def begin_epoch(self, progress: Progress) -> None:
        """Note which part of the epoch will be seen: a resumed one is not seen from its beginning.

        Args:
            progress: at the start of the epoch, or of the rest of it.
        """
        config, sizes = self.experiment.optimisation, self.experiment.plan.sizes()
        self._batches = len(sizes) - progress.window * config.accumulation
        self._whole = progress.window == 0 and progress.updates >= joint_from(self.experiment)

    def loss(self, report: LossReport, name: str) -> Tensor:
        """The total of a report, checked and looked at before its backward pass.

        Args:
            report: of one batch.
            name: of the phase.

        Returns:
            Its total.

        Raises:
            InputError: see `check_report`.
            TrainingFault: a fatal finding.
        """
        total = check_report(report)
        if self._watch is None:
            return total
        self._terms = frozenset(report.raw)
        terms = {term: (1.0, value) for term, value in report.terms.items()}
        return self._watch.loss(total, name=name, terms=terms)

    def skipped(self, reason: str) -> None:
        """The gate refuses an update, and counts it.

        Args:
            reason: the sentence that says why.
        """
        if self._watch is not None:
            self._watch.skipped(reason)

    def epoch(self, record: dict[str, Any], best: float | None) -> None:
        """Hand an epoch's numbers over.

        Args:
            record: of the epoch, as the ledger has it.
            best: lowest value of the metric that decides; None before the first finite one.

        Raises:
            TrainingFault: a fatal finding.
        """
        if self._watch is None or not self._batches:  # a resumed run may have nothing left of an epoch but its end
            return
        found: dict[str, float] = record["validation"]
        total = found["total"]
        # A term is no metric of its own, under a loss of one term a metric may be the loss, and 0 cannot be bettered.
        # The terms are known from the first batch on.
        metrics = {name: x for name, x in found.items() if name not in self._terms and x not in {0.0, total}}
        metrics = metrics if self._terms else {}
        self._watch.epoch(
            train=record["train"] if self._whole else None, val=total, batches=self._batches, best=best, **metrics
        )


def _tell_of_kill(watch: Watch, ledger: Ledger, reporter: Reporter) -> None:
    """A session that was killed could not say so itself: the next one does, and keeps it in its verdict."""
    if ledger.killed is not None:
        found = replace(ledger.killed, severity=Severity.NOTE)
        reporter.say(f"[NOTE] {found.rule.code} {found.rule.name}: {found.evidence}")
        watch.jury.take(found)


def joint_from(experiment: TrainingExperiment) -> int:
    """First update of the phase in which every term counts."""
    updates = experiment.plan.updates(experiment.optimisation.accumulation)
    return experiment.phases.begins(updates)[-1]


def plan_of(experiment: TrainingExperiment, rates: Mapping[str, float], done: int) -> Plan:
    """What an experiment declares to the watch.

    Args:
        experiment: with its plan settled.
        rates: peaks, by module.
        done: updates applied before the watch starts.

    Returns:
        Epochs, accumulation, rates by module, and the updates in which a phase leaves parts without a gradient.
    """
    return Plan(
        epochs=experiment.plan.epochs,
        accumulation=experiment.optimisation.accumulation,
        rates=rates,
        guarded=True,
        partial=max(0, joint_from(experiment) - done),
    )
