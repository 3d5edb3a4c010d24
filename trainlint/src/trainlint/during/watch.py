"""How to watch any training loop: two lines that count what happens and say when it is not learning."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from torch import Tensor, nn
from torch.optim import Optimizer

from ..errors import InputError
from ..findings import Severity
from ..ledger import Evidence, Ledger
from ..rules import data as rules
from ..verdict import TrainingFault, Verdict, judge
from .hearing.hooks import scaler_of
from .hearing.observer import Observer
from .hearing.passes import reason
from .jury import Audience, Jury
from .plan import Plan, Preset, outermost
from .probes.probe import Loss, Probe
from .probes.standard import standard_probes
from .run import Epoch, Run
from .weights import names
from .weights.lanes import lanes


class Watch:
    """Watches a model and its optimisers while somebody else's loop trains them.

    Nothing in the loop changes. Each loss may be handed over (`loss = watch.loss(loss)`), and each epoch's end
    (`watch.epoch(train=..., val=...)`): what is not handed over cannot be judged, and the verdict says so.
    Updates 1-3, powers of two and the first of each epoch are measured; the others are only counted. A fatal finding
    that a second observation has confirmed raises `TrainingFault`, wherever in the loop it is found. Nothing else of
    the watch's own is raised into the loop: where it fails itself, it says so in the verdict.

    Args:
        model: what is trained; several models go into an `nn.ModuleList`.
        optimizer: its optimiser, or several, also by name; an empty list where the weights are moved by hand.
        scheduler: anything whose `step()` sets rates, or several.
        scaler: the gradient scaler of mixed precision; None takes that of an optimiser that accelerate prepared.
        preset: what it may cost: light, full or trace.
        plan: what you declare: frozen modules, epochs, accumulation, rates by module, a baseline.
        tolerate: how often a fatal code may be seen without raising; -1 is always. It is still counted.
        raises: False never raises, and leaves everything to the verdict.
        baseline: loss of an answer that has learned nothing, where the plan declares none.
        ledger: a file for the evidence, or an open ledger of the loop's own, which gets the findings alone. The verdict
            says so where the file cannot be written.
        identity: what makes this run this run; stored in the ledger.
        probes: the questions asked; None asks all.
        audience: is told of each finding as it comes.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | Sequence[Optimizer] | Mapping[str, Optimizer],
        scheduler: object | Sequence[object] | None = None,
        scaler: object | None = None,
        *,
        preset: Preset | str = Preset.LIGHT,
        plan: Plan | None = None,
        tolerate: Mapping[str, int] | None = None,
        raises: bool = True,
        baseline: float | None = None,
        ledger: Path | str | Evidence | None = None,
        identity: Mapping[str, object] | None = None,
        probes: Sequence[Probe] | None = None,
        audience: Audience | None = None,
    ) -> None:
        schedulers = [] if scheduler is None else scheduler if isinstance(scheduler, Sequence) else [scheduler]
        optimizers = [optimizer] if isinstance(optimizer, Optimizer) else optimizer
        plan = Plan() if plan is None else plan
        settled = names.settled(replace(plan, baseline=baseline) if plan.baseline is None else plan, model)
        known: dict[Tensor, str] = {p: name for name, p in names.parameters(model).items()}
        made = lanes(optimizers, known)
        each = optimizers.values() if isinstance(optimizers, Mapping) else optimizers
        held = next((s for s in map(scaler_of, each) if s is not None), None) if scaler is None else scaler
        self.run = Run(model, made, outermost(schedulers), held, settled)
        self._unwritten = ""
        self.ledger = self._opened(ledger, identity) if isinstance(ledger, Path | str) else None
        evidence = ledger if isinstance(ledger, Evidence) else self.ledger
        self.probes = standard_probes() if probes is None else probes
        self.jury = Jury(self.probes, {} if tolerate is None else tolerate, raises, evidence, audience)
        self.observer = Observer(self.run, self.jury, Preset(preset))
        self._unlike = ""
        self._run("attach", self._attach)

    def _opened(self, path: Path | str, identity: Mapping[str, object] | None) -> Ledger | None:
        ledger = None
        try:
            ledger = Ledger(path, begins=False)
            ledger.begin(identity)
            return ledger
        except (OSError, InputError) as error:
            self._lost("no ledger was written to", path, error)
        with suppress(OSError):  # what is still to be written cannot be
            if ledger is not None:
                ledger.let_go()
        return None

    def _lost(self, told: str, path: Path | str, error: Exception) -> None:
        self._unwritten = f"what a ledger keeps: {told} {path} ({type(error).__name__}: {error})".replace("\n", " ")

    def _run(self, event: str, callback: Callable[..., object], *facts: object) -> None:
        self.observer.boundary.run(event, callback, *facts)

    def _attach(self) -> None:
        self.observer.attach()
        if self.ledger is not None and self.ledger.unfinished is not None:
            self.jury.take(self.ledger.unfinished)
        self.jury.ask("attached", self.run)

    def follow(self, scheduler: object) -> None:
        """Watch a schedule that the loop made later; a later optimiser is heard of when it steps.

        Args:
            scheduler: anything whose `step()` sets rates.
        """
        self._run("follow", self.observer.follow, scheduler)

    def loss(
        self,
        loss: Tensor,
        *,
        name: str = "loss",
        terms: Mapping[str, tuple[float, Tensor]] | None = None,
        target: Tensor | None = None,
    ) -> Tensor:
        """Look at a loss before its backward pass, and give it back unchanged.

        Args:
            loss: the scalar that backward will be called on.
            name: which loss, where a loop has several.
            terms: (weight, value) of each term; their weighted sum should be the loss.
            target: what the model's output is compared with.

        Raises:
            TrainingFault: a fatal finding was confirmed.
        """
        self._run("loss", self._look, loss, name, {} if terms is None else terms, target)
        return loss

    def _look(self, loss: Tensor, name: str, terms: Mapping[str, tuple[float, Tensor]], target: Tensor | None) -> None:
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            got = f"shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
            self._unlike = f"the loss {name!r}: {got} is no scalar tensor; hand over what backward is called on"
            return
        observer = self.observer
        value = observer.unread.number(loss)
        why = reason(loss, value, terms, measured=observer.measuring, glanced=observer.glancing)
        output, observer.output = observer.output, None
        observer.passes.end()
        if self.jury.listeners("loss", why):
            seen = Loss(
                name=name, tensor=loss, terms=terms, output=output, target=target, measured=observer.measuring,
                inputs=observer.passes.inputs, outputs=observer.passes.outputs, passes=observer.passes.pairs,
            )  # fmt: skip
            self.jury.ask("loss", self.run, seen, why=why)
        observer.keep(name, loss, value)
        observer.heed()

    def skipped(self, reason: str) -> None:
        """Say that the loop refuses the coming update, before its gradients are cleared.

        Args:
            reason: why, in a few words.
        """
        for lane in self.run.lanes:
            self._run("skipped", self.observer.refuse, lane, reason)

    def epoch(
        self,
        *,
        train: float | None = None,
        val: float | None = None,
        batches: int | None = None,
        best: float | None = None,
        **metrics: float,
    ) -> None:
        """Say that an epoch ended, and what the loop reports about it.

        Args:
            train: the mean train loss that the loop reports.
            val: the validation loss.
            batches: batches in the epoch.
            best: the best value that the loop has kept.
            **metrics: anything else, such as `accuracy=0.9`.

        Raises:
            TrainingFault: a fatal finding was confirmed.
        """
        self._run("epoch", self._end, train, val, batches, best, metrics)

    def _end(
        self,
        train: float | None,
        val: float | None,
        batches: int | None,
        best: float | None,
        metrics: Mapping[str, float],
    ) -> None:
        self.observer.read()
        run, past = self.run, self.run.epochs
        report = Epoch(
            index=len(past) + 1,
            train=train,
            val=val,
            batches=run.plan.batches if batches is None else batches,
            metrics=metrics,
            best=best,
            losses=tuple(run.losses),
            backwards=run.backwards - sum(e.backwards for e in past),
            applied=run.applied - sum(e.applied for e in past),
            skipped=run.skipped - sum(e.skipped for e in past),
            ticks=run.ticks - sum(e.ticks for e in past),
            judged=run.judged,
            misjudged=run.misjudged,
        )
        run.epochs.append(report)
        run.losses.clear()
        run.judged = run.misjudged = 0
        self.observer.on_epoch()
        if self.ledger is not None:  # the loop's own ledger has its own record of an epoch
            heard = [loss for loss in report.losses if math.isfinite(loss)] if train is None else ()
            kept = math.fsum(heard) / len(heard) if heard else train
            self.jury.record("epoch", epoch=report.index, train=kept, val=val, metrics=metrics, counts=run.counts)
        self.jury.ask("epoch", run, report)

    def verdict(self) -> Verdict:
        """What the run amounts to so far; asking never raises."""
        raises, self.jury.raises = self.jury.raises, False
        self._run("asked", self._ask)
        self.jury.raises = raises
        broken = self.observer.boundary.broken
        blind = () if broken is None else (f"the watch failed: {broken}",)
        blind += tuple(told for told in (self._unwritten, self._unlike) if told)
        blind += () if self.run.seen or self._unlike else ("the loss: hand it over with watch.loss(loss)",)
        blind += () if self.run.epochs else ("validation and epochs: hand them over with watch.epoch(train=, val=)",)
        blind += self.jury.blind(lambda probe: tuple(probe.blind(self.run)))
        blind += (f"for want of an occasion: {', '.join(self.jury.idle)}",) if self.run.seen and self.jury.idle else ()
        ran = self.jury.ran if broken is None else ()
        return judge(self.jury.findings.values(), self.run.counts, blind, ran)

    def _ask(self) -> None:
        self.observer.read()
        for lane in self.run.lanes:
            self.observer.settle(lane)
        self.jury.ask("asked", self.run)

    def close(self, error: BaseException | None = None) -> Verdict:
        """Take every hook off again, write the ledger's end, and give the last verdict.

        Args:
            error: what ended the training, if it was an error.
        """
        if error is not None and self.ledger is not None:
            self.jury.record("failure", error=f"{type(error).__name__}: {error}")
        if error is not None and not isinstance(error, TrainingFault):
            severity = None if isinstance(error, Exception) else Severity.NOTE  # Ctrl-C says nothing of the training
            stopped = rules.STOPPED.found(f"{type(error).__name__}: {error}".rstrip(": "), severity=severity)
            self._run("close", self.jury.take, stopped)
        self.observer.detach()
        verdict = self.verdict()
        if self.ledger is not None and self.jury.ledger is not None:
            self.jury.record("verdict", **verdict.record())
            return self._ended(self.ledger, verdict)
        return verdict

    def _ended(self, ledger: Ledger, verdict: Verdict) -> Verdict:
        try:
            ledger.close()
        except OSError as error:
            self._lost("no end was written to", ledger.path, error)
            return replace(verdict, blind=(*verdict.blind, self._unwritten))
        return verdict

    def __enter__(self) -> "Watch":
        """Watch until the block ends."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Write down how the block ended, and let go."""
        self.close(error)
