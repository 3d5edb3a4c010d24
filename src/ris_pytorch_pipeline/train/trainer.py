"""How is a network trained? One explicit loop: batches, one gate per update, one validation per epoch."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError, InputError
from ..experiment import presets
from ..experiment.training import TrainingExperiment, differences
from ..losses import LossWeights
from .average import Average
from .checkpoint import Checkpoint, header_of, read_checkpoint, save_checkpoint
from .checks import check_metric, check_moving, check_report, numbers
from .evaluate import evaluate
from .files import BEST, LAST, LEDGER, RunFiles
from .gate import Attempt, Gate
from .groups import Groups, adamw
from .hardware import hardware_of
from .identity import Identity, new_identity
from .ledger import Ledger
from .parts import Parts
from .progress import Progress, progress_from_plain
from .randomness import seeded
from .reporter import Reporter
from .schedule import average_weight, rates
from .update import Update

MEASURED_FIRST = 3
"""Δparam is measured on the first updates, whatever comes later."""


class Trainer:
    """Trains a network in two groups, and says of every update whether the weights moved.

    Args:
        experiment: what decides the numbers; `presets.tiny` learns within minutes on two cores.
        directory: where ledger and checkpoints go; None writes nothing.
        reporter: where lines go; None writes them to standard output.
        parts: makers of network, loss and batches; None takes the hybrid network on drawn scenes.
        save_every: attempts between two checkpoints within an epoch; None saves at the end of each epoch.
        measure_every: applied updates between two measurements of Δparam, after the first three.

    Raises:
        ConfigurationError: a device or precision that is not there, or groups that miss a parameter.
    """

    def __init__(
        self,
        experiment: TrainingExperiment = presets.tiny,
        *,
        directory: Path | str | None = None,
        reporter: Reporter | None = None,
        parts: Parts | None = None,
        save_every: int | None = None,
        measure_every: int = 10,
    ) -> None:
        self.experiment, self.config = experiment, experiment.optimisation
        self.save_every, self.measure_every = save_every, measure_every
        self.parts = Parts() if parts is None else parts
        self.files = RunFiles(directory)
        self.reporter = Reporter() if reporter is None else reporter
        self.hardware = hardware_of(experiment)
        with seeded(experiment.seed, "network", 0, self.hardware.device):
            self.net = self.parts.net(experiment).to(self.hardware.device)
        self.loss = self.parts.loss(experiment)  # of the joint phase, and of validation
        self.losses = [self.parts.loss(replace(experiment, loss=weights)) for weights in self._phase_weights()]
        self.average = Average(self.net)
        self.groups = Groups(self.net)
        self.optimizer = adamw(self.groups, self.config)
        self.scaler = self.hardware.scaler()
        self.gate = Gate(self.groups, self.optimizer, self.scaler, self.config)
        self.progress = Progress()

    def fit(
        self,
        epochs: int | None = None,
        n_train: int | None = None,
        n_val: int | None = None,
        max_train_batches: int | None = None,
        max_val_batches: int | None = None,
        *,
        resume: bool = False,
    ) -> Progress:
        """Train; arguments left out keep the experiment's plan.

        Args:
            epochs: passes.
            n_train: training scenes of an epoch.
            n_val: validation scenes.
            max_train_batches: most batches of an epoch.
            max_val_batches: most batches of a validation.
            resume: go on from the newest checkpoint in the directory; on a CPU, bit by bit as if never interrupted.

        Returns:
            Counts, failures by reason, and one record per epoch.

        Raises:
            ConfigurationError: a plan that cannot be, a directory in use, or another experiment than the checkpoint's.
            InputError: a loss without a gradient or that is not the sum of its terms; batches of other sizes.
            InfeasibleError: too many updates in a row that did not move the weights.
        """
        given = {"epochs": epochs, "n_train": n_train, "n_val": n_val}
        given |= {"max_train_batches": max_train_batches, "max_val_batches": max_val_batches}
        self._prepare({name: value for name, value in given.items() if value is not None}, resume=resume)
        plan, progress = self.experiment.plan, self.progress
        with Ledger(self.files.path(LEDGER), self.identity) as self.ledger:
            self._announce(resume=resume)
            while progress.epoch < plan.epochs and not progress.stopped:
                self._begin_epoch()
                for window in plan.windows(self.config.accumulation)[progress.window :]:
                    losses = self._backward(window)
                    attempt = self.gate.attempt(self._rates(), measure=self._measured())
                    self._account(window, losses, attempt)
                self._end_epoch()
            self.ledger.write("end", **progress.to_plain())
        return progress

    @property
    def updates(self) -> int:
        """How many updates the plan holds, if none is skipped."""
        return self.experiment.plan.updates(self.config.accumulation)

    def _backward(self, window: range) -> dict[str, float]:
        """Gradient of the mean loss over the scenes of a window, batch by batch; returns that mean and its terms."""
        sizes = self.experiment.plan.sizes()
        scenes, means = sum(sizes[index] for index in window), Counter[str]()
        loss = self.losses[self._phase(self.progress.updates)]
        self.net.train()
        for index in window:
            inputs, labels = self.hardware.batch(self.source, index, sizes[index])
            with seeded(self.experiment.seed, "dropout", self.progress.batches, self.hardware.device):
                with self.hardware.autocast():
                    prediction = self.net(inputs)
                report = loss(prediction, inputs, labels)
                self.scaler.scale(check_report(report) * (sizes[index] / scenes)).backward()
            values = numbers({"total": report.total, **report.terms})
            self.progress.note_batch(values["total"], sizes[index])
            means.update({name: value * sizes[index] / scenes for name, value in values.items()})
        return dict(means)

    def _account(self, window: range, losses: dict[str, float], attempt: Attempt) -> None:
        """Count an attempt, let the average follow, and say what happened."""
        progress, used, sizes = self.progress, self._rates(), self.experiment.plan.sizes()
        if attempt.outcome.applied:
            self.average.follow(average_weight(progress.updates, self.updates, self.config))
        progress.note_attempt(attempt.outcome, attempt.gradient.without)
        update = Update(
            attempt=progress.attempts,
            applied=progress.updates,
            batch=progress.batches,
            samples=sum(sizes[index] for index in window),
            outcome=attempt.outcome,
            loss=losses.pop("total"),
            terms=losses,
            norm=attempt.gradient.total,
            norms=attempt.gradient.groups,
            rates=used,
            motion=attempt.motion,
            offenders=attempt.gradient.offenders,
        )
        progress.note_motion(update)
        self.ledger.write("update", **update.to_plain())
        self.reporter.update(update)
        self.reporter.advance(progress.attempts, self.updates)
        check_moving(update, progress.in_a_row, self.config.most_skips)
        if self.save_every is not None and progress.attempts % self.save_every == 0:
            self._save(LAST)

    def _end_epoch(self) -> None:
        """Validate the averaged weights, keep what they are, and decide whether to go on."""
        progress, plan, stopping = self.progress, self.experiment.plan, self.experiment.stopping
        self.average.settle(
            self.hardware.batch(self.source, index, size)[0] for index, size in enumerate(plan.sizes())
        )  # fmt: skip
        metrics = evaluate(
            self.average.net,
            self.loss,
            self.parts.measure,
            self.data.validation,
            plan.validation_sizes(),
            self.hardware,
        )
        better = progress.note_metric(check_metric(stopping.metric, metrics), stopping.least_gain)
        number, train = progress.epoch + 1, progress.train_loss()
        phase = self._phase(max(0, progress.updates - 1))
        if number == 1:
            self.reporter.coverage(progress.without or [])
        self.reporter.motions(progress.motions)
        self.reporter.epoch(number, plan, phase, train, metrics["total"])
        record = {
            "epoch": number,
            "phase": phase,
            "train": train,
            "batches": progress.loss_batches,
            "updates": progress.updates,
        }
        record |= {"weights": self.config.average, "validation": metrics, "best": better}
        self.ledger.write("epoch", **record)
        progress.close_epoch(record)
        if progress.frozen():
            self.reporter.say("[VAL] the same to the last digit for 3 epochs, though the weights move")
        if stopping.patience is not None and progress.stale >= stopping.patience:
            progress.stopped = f"{stopping.metric} no lower for {progress.stale} epochs"
            self.reporter.say(f"[STOP] {progress.stopped}")
        for name in (BEST, LAST) if better else (LAST,):
            self._save(name)

    def _prepare(self, given: dict[str, int], *, resume: bool) -> None:
        """Settle the plan, find the files, and go back to where a resumed run stopped.

        Raises:
            InputError: this trainer has trained already.
        """
        if self.progress.attempts:
            raise InputError(
                "a trainer that has not trained yet", f"{self.progress.attempts} attempts behind it",
                "fit called twice", "make a new Trainer, with resume=True to go on from its directory",
            )  # fmt: skip
        self.experiment = replace(self.experiment, plan=replace(self.experiment.plan, **given))
        self.data = self.parts.data(self.experiment)
        if resume:
            self.identity = self._restore(read_checkpoint(self.files.newest()))
        else:
            self.identity = new_identity(self.experiment.digest)
            self.files.open_new()

    def _restore(self, checkpoint: Checkpoint) -> Identity:
        """Take everything back from a checkpoint of the same experiment.

        Raises:
            ConfigurationError: another experiment.
        """
        differ = list(differences(checkpoint.header.configuration, self.experiment.to_plain()))
        if differ:
            raise ConfigurationError(
                "the experiment of the checkpoint", "; ".join(differ[:3]), "an argument or preset changed since",
                "pass the same experiment and plan, or start a new run in another directory",
            )  # fmt: skip
        checkpoint.restore(self.net, "live")
        checkpoint.restore(self.average.net, "evaluated")
        checkpoint.restore_optimizer(self.optimizer, self.groups)
        self.scaler.load_state_dict(checkpoint.header.scaler)
        self.progress = progress_from_plain(checkpoint.header.progress)
        return replace(new_identity(self.experiment.digest), run=checkpoint.header.identity["run"])

    def _announce(self, *, resume: bool) -> None:
        sizes = {name: sum(p.numel() for _, p in named) for name, named in self.groups.named.items()}
        identity: dict[str, Any] = vars(self.identity)
        self.ledger.write(
            "resume" if resume else "start", **identity, updates=self.progress.updates, planned=self.updates,
            parameters=sizes, data=self.data.note, experiment=self.experiment.to_plain(),
        )  # fmt: skip
        self.reporter.start(self.identity.run, sizes, self.updates, str(self.files.directory or "nothing"))
        self.reporter.say(f"[DATA] {self.data.note}")
        if not resume:
            self._save(LAST)  # so that a run killed at any time can be resumed

    def _begin_epoch(self) -> None:
        self.source = self.data.train(self.progress.epoch)
        self.reporter.epoch_rates(self.progress.epoch + 1, self._rates())

    def _phase(self, update: int) -> int:
        return self.experiment.phases.at(min(update, self.updates - 1), self.updates)

    def _phase_weights(self) -> list[LossWeights]:
        phases = self.experiment.phases
        return [phases.weights(phase, self.experiment.loss) for phase in range(len(phases.starts))]

    def _rates(self) -> dict[str, float]:
        """Of the next update."""
        return rates(min(self.progress.updates, self.updates - 1), self.updates, self.config)

    def _measured(self) -> bool:
        """Whether Δparam of the next update is measured."""
        done = self.progress.updates
        return done < MEASURED_FIRST or done % self.measure_every == 0

    def _save(self, name: str) -> None:
        """Write a checkpoint, if files are kept at all."""
        path = self.files.path(name)
        if path is None:
            return
        header = header_of(
            self.identity, self.experiment.to_plain(), self.config.average, self.progress.to_plain(),
            self.scaler.state_dict(),
        )  # fmt: skip
        save_checkpoint(path, header, self.average.net, self.net, self.optimizer, self.groups)
        self.ledger.write("checkpoint", file=name, updates=self.progress.updates)
