"""How is a network trained? One explicit loop: batches, one gate per update, one validation per epoch."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from trainlint import Line, Preset, Verdict

from ...data import Inputs, Labels
from ...experiment import Phases, presets
from ...experiment.training import TrainingExperiment
from ...files import Stop
from ..files.folder import BEST, LAST, LEDGER, RunFiles
from ..files.identity import new_identity
from ..files.keeping import go_back, keep
from ..files.ledger import Ledger, Listener
from ..files.source import source_now
from ..parts import Parts
from ..processes.ahead import Ahead, WhenAsked
from ..processes.hardware import fetched, hardware_of
from ..processes.together import ALONE, Processes
from ..randomness import seeded
from ..watching.checks import check_metric, check_moving, check_untrained
from ..watching.reporter import Reporter
from ..watching.watched import WatchConfig, Watching
from .average import Average
from .backward import backward
from .evaluate import evaluate
from .gate import Attempt, Gate
from .groups import Groups, adamw
from .motion import is_measured
from .progress import Progress
from .schedule import Weights, average_weight, evaluated_weights, rates
from .stopping import farewell, is_asked


class Trainer:
    """Trains a network in two groups, and says of every update whether the weights moved.

    >>> from ris_pytorch_pipeline.experiment import presets
    >>> trainer = Trainer(presets.tiny, reporter=Reporter(quiet=True))
    >>> trainer.fit(epochs=1, n_train=64, n_val=32).updates
    2
    >>> len(trainer.share(1)[0]), trainer.phase(0)  # scenes of the second batch, all this process's; the only phase
    (32, 0)

    Args:
        experiment: what decides the numbers; `presets.tiny` learns within minutes on two cores.
        directory: where ledger and checkpoints go; None writes nothing.
        reporter: where lines go; None writes them to standard output.
        parts: makers of network, loss and batches; None takes the hybrid network on drawn scenes.
        save_every: attempts between two checkpoints within an epoch; None saves at the end of each epoch.
        measure_every: applied updates between two measurements of Δparam, after the first three.
        processes: that share each batch, see `joined`; process 0 writes files and lines.
        listeners: told of each event of the ledger, such as `TensorBoard`.
        watch: what the watch may cost: light, full or trace; or that and what it tolerates, see `WatchConfig`.
        stop: looked at after each update, see `stopping`: once it is asked, a checkpoint is written and it is raised.

    Raises:
        ConfigurationError: a device, precision or process that is not there, or groups that miss a parameter.
    """

    ahead: type[Ahead] = Ahead

    def __init__(
        self,
        experiment: TrainingExperiment = presets.tiny,
        *,
        directory: Path | str | None = None,
        reporter: Reporter | None = None,
        parts: Parts | None = None,
        save_every: int | None = None,
        measure_every: int = 10,
        processes: Processes = ALONE,
        listeners: Sequence[Listener] = (),
        watch: WatchConfig | Preset | str = Preset.LIGHT,
        stop: Stop | None = None,
    ) -> None:
        self.experiment, self.config = experiment, experiment.optimisation
        self.save_every, self.measure_every, self.stop = save_every, measure_every, stop
        self.parts = Parts() if parts is None else parts
        self.processes, self.listeners = processes, listeners if processes.first else ()
        self.files = RunFiles(directory, writes=processes.first)
        self.reporter = (Reporter() if reporter is None else reporter) if processes.first else Reporter(quiet=True)
        self.hardware = hardware_of(experiment, processes)
        with seeded(experiment.seed, "network", 0, self.hardware.device):
            self.net = self.parts.net(experiment).to(self.hardware.device)
        self.loss = self.parts.loss(experiment)  # of the joint phase, and of validation
        one = replace(experiment, phases=Phases())  # an experiment of one phase, for the loss of each
        self.losses = [
            self.parts.loss(replace(one, loss=weights)) for weights in experiment.phases.weights(experiment.loss)
        ]
        self.average = Average(self.net)
        self.groups = Groups(self.net, self.config.frozen, dict(self.config.ratios))
        self.optimizer = adamw(self.groups, self.config)
        self.scaler = self.hardware.scaler()
        self.gate = Gate(self.groups, self.optimizer, self.scaler, self.config)
        self.progress = Progress()
        self.watching = Watching(self.net, self.optimizer, self.average, watch)
        self.fetch: Callable[[int], tuple[Inputs, Labels]] = self.share
        self.spoilers: tuple[int, ...] = ()  # processes whose share of the present gradient is not finite
        self.looked = 0  # batches whose loss the watch has seen; a batch that is begun again is not shown again

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
            TrainingFault: a fatal finding of the watch; its evidence is in the ledger.
        """
        given = {"epochs": epochs, "n_train": n_train, "n_val": n_val, "max_train_batches": max_train_batches}
        given["max_val_batches"] = max_val_batches
        with self.files:
            goes_on = self._prepare({name: x for name, x in given.items() if x is not None}, resume=resume)
            with Ledger(self.files.path(LEDGER), self.identity, self.listeners) as self.ledger:
                self._announce(resume=goes_on)
                watched = self.watching.over(self.experiment, self.progress, self.scaler, self.ledger, self.reporter)
                with watched, self.processes.together():
                    self._epochs()
                self.ledger.write("end", **self.progress.to_plain())
        return self.progress

    def _epochs(self) -> None:
        """The loop."""
        plan, progress = self.experiment.plan, self.progress
        while progress.epoch < plan.epochs and not progress.stopped:
            self._begin_epoch()
            windows = plan.windows(self.config.accumulation)
            batches = range(progress.window * self.config.accumulation, len(plan.sizes()))
            ahead = self.ahead if plan.draw == "cpu" else WhenAsked  # on a GPU one batch waits for the other either way
            with ahead(self.share, batches, self.hardware.device) as self.fetch:
                for number in range(progress.window, len(windows)):
                    losses = self._backward(window := windows[number])
                    measure = is_measured(progress.updates, self.measure_every)
                    attempt = self.gate.attempt(self._rates(), measure=measure, refused=self.watching.skipped)
                    self._account(window, losses, attempt)
                    self._stop_if_asked()
            self.fetch = self.share
            self._end_epoch()
            self._stop_if_asked()

    def preflight(self) -> tuple[Line, ...]:
        """Try one batch and check rates, loss and data before the first update, one line each; nothing is changed.

        >>> from ris_pytorch_pipeline.experiment import training_preset
        >>> less = {"scenario": {"horizontal": 4, "vertical": 4}, "plan": {"batch": 4, "n_train": 8, "n_val": 4}}
        >>> lines = Trainer(training_preset("tiny", less), reporter=Reporter(quiet=True)).preflight()
        >>> lines[1].name, all(line.passed for line in lines)
        ('forward and loss', True)
        """
        from ..watching.preflight import preflight  # which makes trainers of its own

        return preflight(self)

    @property
    def verdict(self) -> Verdict | None:
        """What the watch said when training ended; None before."""
        return self.watching.verdict

    @property
    def updates(self) -> int:
        """How many updates the plan holds, if none is skipped."""
        return self.experiment.plan.updates(self.config.accumulation)

    _backward = backward

    def share(self, index: int) -> tuple[Inputs, Labels]:
        """This process's share of a training batch of the epoch."""
        size = self.experiment.plan.sizes()[index]
        return fetched(self.source, index, size, self.processes.share(size))

    def _account(self, window: range, losses: dict[str, float], attempt: Attempt) -> None:
        """Count an attempt, let the average follow, and say what happened."""
        progress, used, sizes = self.progress, self._rates(), self.experiment.plan.sizes()
        self.processes.check_same("outcome", attempt.seen)
        if attempt.outcome.applied:
            self.average.follow(average_weight(progress.updates, self.updates, self.config))
        progress.note_attempt(attempt.outcome, attempt.gradient.without)
        update = attempt.update(progress, sum(sizes[i] for i in window), losses, used, self.spoilers)
        progress.note_motion(update)
        self.ledger.write("update", **update.to_plain())
        self.reporter.update(update)
        self.reporter.advance(progress.attempts, self.updates)
        check_moving(update, progress.in_a_row, self.config.most_skips)
        if attempt.motion is not None:
            self.processes.check_weights(self.groups)
        if self.save_every is not None and progress.attempts % self.save_every == 0:
            keep(self, LAST)

    def _end_epoch(self) -> None:
        """Validate the averaged weights, keep what they are, and decide whether to go on."""
        progress, plan, stopping = self.progress, self.experiment.plan, self.experiment.stopping
        self.average.settle(self.hardware.batch(self.source, i, size)[0] for i, size in enumerate(plan.sizes()))
        metrics = self._validate(plan.validation_sizes())
        better = progress.note_metric(check_metric(stopping.metric, metrics), stopping.least_gain)
        number, train = progress.epoch + 1, progress.train_loss()
        phase = self.phase(max(0, progress.updates - 1))
        if number == 1:
            self.reporter.coverage(progress.without or [])
        self.reporter.motions(progress.motions)
        self.reporter.epoch(number, plan, phase, train, metrics["total"])
        record = {"epoch": number, "phase": phase, "train": train, "batches": progress.loss_batches}
        record |= {"updates": progress.updates, "weights": self.weights, "validation": metrics, "best": better}
        self.ledger.write("epoch", **record, val=metrics["total"])
        progress.close_epoch(record)
        progress.stop_if_stale(stopping)
        if progress.stopped:
            self.reporter.say(f"[STOP] {progress.stopped}")
        for name in (BEST, LAST) if better else (LAST,):
            keep(self, name)
        self.watching.epoch(record, progress.best)

    def _stop_if_asked(self) -> None:
        """Keep everything and end, if a process of this run was asked to."""
        if self.stop is not None and is_asked(self.stop, self.processes):
            keep(self, LAST)
            self.reporter.say(farewell(self.stop, str(self.files.directory or "nothing")))
            raise self.stop.error()

    def _validate(self, sizes: Sequence[int]) -> dict[str, float]:
        """Loss, terms and metrics of the evaluated weights on the first batches of the validation."""
        net, source = self.average.net, self.data.validation
        return evaluate(net, self.loss, self.parts.measure, source, sizes, self.hardware, self.processes, self.ahead)

    def _prepare(self, given: dict[str, int], *, resume: bool) -> bool:
        """Settle the plan, find the files, and go back to where a resumed run stopped; False where it begins anew.

        Raises:
            InputError: this trainer has trained already.
            ConfigurationError: a metric that no validation reports.
        """
        check_untrained(self.progress.attempts)
        self.experiment = replace(self.experiment, plan=replace(self.experiment.plan, **given))
        self.processes.check_plan(self.experiment.plan, self.net)
        self.data = self.parts.data(self.experiment)
        if self.experiment.stopping.metric != "total":  # which every loss reports
            first = self.experiment.plan.validation_sizes()[:1]
            check_metric(self.experiment.stopping.metric, self._validate(first))
        newest = self.files.newest() if resume else self.files.open_new()
        self.identity = new_identity(self.experiment.digest) if newest is None else go_back(self, newest)
        number = float(int(self.experiment.digest[:12], 16))
        self.processes.check_same("start", {"configuration": number, "updates": self.progress.updates})
        return newest is not None

    def _announce(self, *, resume: bool) -> None:
        sizes, progress = self.groups.sizes, self.progress
        self.ledger.begin(
            resumed=resume, updates=progress.updates, attempts=progress.attempts, epochs=progress.epoch,
            planned=self.updates, parameters=sizes, data=self.data.note, processes=self.processes.world,
            launch=self.processes.launch, source=source_now(),
            experiment=self.experiment.to_plain(),
        )  # fmt: skip
        where = str(self.files.directory or "nothing")
        self.reporter.start(self.identity.run, sizes, self.updates, where, self.processes.world)
        for line in (f"[DATA] {self.data.note}", f"[NOTE] {self.files.note}")[: 1 + bool(self.files.note)]:
            self.reporter.say(line)
        if not resume:
            keep(self, LAST)  # so that a run killed at any time can be resumed

    def _begin_epoch(self) -> None:
        self.source = self.data.train(self.progress.epoch)
        self.watching.begin_epoch(self.progress)
        self.reporter.epoch_rates(self.progress.epoch + 1, self._rates())

    def phase(self, update: int) -> int:
        """Number of the phase that an update belongs to."""
        return self.experiment.phases.at(min(update, self.updates - 1), self.updates)

    def _rates(self) -> dict[str, float]:
        """Of the next update."""
        return rates(min(self.progress.updates, self.updates - 1), self.updates, self.config, self.groups.trained)

    @property
    def weights(self) -> Weights:
        """Which weights the evaluated ones are by now."""
        return evaluated_weights(self.progress.updates, self.updates, self.config)
