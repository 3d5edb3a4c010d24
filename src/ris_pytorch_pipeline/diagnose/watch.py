"""How to watch any training loop: two lines that count what happens and say when it is not learning."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..errors import InputError
from . import hooks
from .findings import Finding, Severity
from .ledger import Ledger
from .meter import Meter
from .probes.probe import Loss, Probe
from .probes.standard import standard_probes
from .rules import rule
from .run import Epoch, Lane, Plan, Run
from .schedule import SCHEDULES, Preset
from .verdict import TrainingFault, Verdict, judge

_BUNCH = 16
"""Losses kept on an accelerator before they are read: reading each would make the device wait."""
_ALERT = 8
"""Updates that are measured one by one after a warning."""


class Watch:
    """Watches a model and its optimisers while somebody else's loop trains them.

    Nothing in the loop changes. Each loss may be handed over (`loss = watch.loss(loss)`), and each epoch's end
    (`watch.epoch(train=..., val=...)`): what is not handed over cannot be judged, and the verdict says so.
    Updates 1-3, powers of two and the first of each epoch are measured; the others are only counted.

    Args:
        model: what is trained; several models go into an `nn.ModuleList`.
        optimizer: its optimiser, or several.
        scheduler: anything whose `step()` sets rates, or several.
        scaler: the gradient scaler of mixed precision.
        preset: what it may cost.
        plan: what you declare: frozen modules, epochs, accumulation, rates by module, a baseline.
        tolerate: how often a fatal code may be seen without raising; -1 is always. It is still counted.
        raises: False never raises, and leaves everything to the verdict.
        ledger: a file for the evidence.
        identity: what makes this run this run; stored in the ledger.
        probes: the questions asked; None asks all.

    Raises:
        InputError: an unknown code in `tolerate`.
        TrainingFault: a fatal finding before the first update, such as the optimiser of another model.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | Sequence[Optimizer],
        scheduler: object | Sequence[object] | None = None,
        scaler: object | None = None,
        *,
        preset: Preset | str = Preset.LIGHT,
        plan: Plan | None = None,
        tolerate: Mapping[str, int] | None = None,
        raises: bool = True,
        ledger: Path | str | None = None,
        identity: Mapping[str, object] | None = None,
        probes: Sequence[Probe] | None = None,
    ) -> None:
        optimizers = [optimizer] if isinstance(optimizer, Optimizer) else list(optimizer)
        schedulers = [] if scheduler is None else list(scheduler) if isinstance(scheduler, Sequence) else [scheduler]
        names = {p: name for name, p in model.named_parameters()}
        self.preset = Preset(preset)
        self.tolerate = {rule(code).code: most for code, most in (tolerate or {}).items()}
        lanes = [_lane(each, names) for each in map(hooks.unwrap, optimizers)]
        self.run = Run(model, lanes, schedulers, scaler, Plan() if plan is None else plan)
        self.probes = standard_probes() if probes is None else list(probes)
        self.findings: dict[tuple[str, str], Finding] = {}
        self.raises = raises
        self.ledger = None if ledger is None else Ledger(ledger, identity)
        self._meters = {id(lane): Meter(lane) for lane in lanes}
        self._unread: dict[str, list[Tensor]] = {}
        self._alert, self._fresh, self._output = 0, True, None
        self._undo: list[hooks.Undo] = []
        self._leaves: list[hooks.Undo] = []
        self._attach()

    def _attach(self) -> None:
        """Install every hook, and ask what can be asked before the first update."""
        run = self.run
        for lane in run.lanes:
            self._undo += hooks.listen_lane(lane, self)
        for scheduler in run.schedulers:
            self._undo += hooks.listen_scheduler(scheduler, self)
        if run.scaler is not None:
            self._undo += hooks.listen_scaler(run.scaler, run.lanes, self)
        self._undo += hooks.listen_model(run.model, self)
        self._leaves = hooks.listen_leaves(run.model, self)
        if self.ledger is not None and self.ledger.unfinished is not None:
            self._take([self.ledger.unfinished])
        self._tell(probe.attached(run) for probe in self.probes)

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
            TrainingFault: a fatal finding.
        """
        seen = Loss(
            name=name,
            tensor=loss,
            terms={} if terms is None else terms,
            output=self._output,
            target=target,
            measured=self._measuring,
        )
        self._output = None
        self._tell(probe.loss(self.run, seen) for probe in self.probes)
        self._unread.setdefault(name, []).append(loss.detach())
        if loss.device.type == "cpu" or len(self._unread[name]) >= _BUNCH or self._measuring:
            self._read()
        return loss

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
            TrainingFault: a fatal finding.
        """
        self._read()
        run = self.run
        past = run.epochs
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
        )
        run.epochs.append(report)
        run.losses.clear()
        self._fresh = True
        for meter in self._meters.values():
            meter.first = bool(meter.lane.applied)
        self._arm()
        self._log("epoch", epoch=report.index, train=train, val=val, metrics=metrics, counts=run.counts)
        self._tell(probe.epoch(run, report) for probe in self.probes)

    def verdict(self) -> Verdict:
        """What the run amounts to so far."""
        self._read()
        for probe in self.probes:
            self._take(probe.asked(self.run), raising=False)
        blind = () if self.run.seen else ("the loss: hand it over with watch.loss(loss)",)
        blind += () if self.run.epochs else ("validation and epochs: hand them over with watch.epoch(train=, val=)",)
        return judge(self.findings.values(), self.run.counts, blind)

    def close(self) -> Verdict:
        """Take every hook off again, write the ledger's end, and give the last verdict."""
        for undo in (*self._undo, *self._leaves):
            undo()
        self._undo, self._leaves = [], []
        verdict = self.verdict()
        if self.ledger is not None:
            self.ledger.close(**verdict.record())
        return verdict

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            self._log("error", type=type(error).__name__, text=str(error))
        self.close()

    # What the hooks report.

    def on_backward_start(self, lane: Lane) -> None:
        """Before the first gradient arrives: is an older one still there, or did somebody clear by hand?"""
        grads = [p.grad for p in lane.names if p.grad is not None]
        if not grads and (lane.pending or not lane.cleared):
            self.on_clear(lane)
        elif not lane.cleared and not any(
            bool(g.any()) for g in sorted(grads, key=Tensor.numel)[:4] if not g.is_sparse
        ):
            self.on_clear(lane)

    def on_backward_end(self, lane: Lane) -> None:
        """Gradients are complete, and nobody has touched them."""
        lane.pending += 1
        lane.backwards += 1
        meter = self._meters[id(lane)]
        if meter.measuring or _smells(lane):
            arrived = meter.note_arrival()
            self._tell(probe.backward(self.run, lane, arrived) for probe in self.probes)

    def on_clear(self, lane: Lane) -> None:
        """Gradients are about to be cleared."""
        if lane.pending and not lane.stepped and not lane.inside:
            lane.wasted += 1
            self._tell(probe.cleared(self.run, lane) for probe in self.probes)
        lane.pending, lane.cleared, lane.stepped = 0, True, False

    def before_step(self, lane: Lane) -> None:
        """The optimiser is about to step."""
        lane.inside = True
        self._meters[id(lane)].before()

    def after_step(self, lane: Lane, closure: bool) -> None:
        """The optimiser stepped."""
        lane.applied += 1
        lane.inside = False
        meter = self._meters[id(lane)]
        step = meter.after(closure)
        lane.window = max(lane.window, lane.pending)
        lane.pending, lane.cleared, lane.stepped = 0, False, True
        self._fresh, self._alert = False, max(0, self._alert - 1)
        self._output = None
        self._tell(probe.updated(self.run, lane, step) for probe in self.probes)
        self._arm()

    def on_skip(self, lane: Lane, reason: str) -> None:
        """A scaler refused a step."""
        lane.skipped[reason] += 1
        lane.pending, lane.stepped, lane.inside = 0, True, False
        self._meters[id(lane)].arrived = {}
        self._tell(probe.skipped(self.run, lane, reason) for probe in self.probes)

    def on_tick(self) -> None:
        """A schedule moved on."""
        self.run.ticks += 1
        self._tell(probe.ticked(self.run) for probe in self.probes)

    def on_forward(self, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> None:
        """A leaf module ran, at a measured update."""
        if module.training:
            self.run.ran[name] += 1
            self._tell(probe.ran(self.run, name, module, inputs, output) for probe in self.probes)

    def on_output(self, output: object) -> None:
        """The model answered in training."""
        if self._measuring and isinstance(output, Tensor):
            self._output = output

    # Bookkeeping.

    @property
    def _measuring(self) -> bool:
        return any(meter.measuring for meter in self._meters.values())

    def _arm(self) -> None:
        """Decide whether each lane's next update is measured, and listen to the leaves only then."""
        for lane in self.run.lanes:
            due = SCHEDULES[self.preset].due(lane.applied + 1)
            self._meters[id(lane)].measuring = due or self._fresh or self._alert > 0
        if self._measuring and not self._leaves:
            self._leaves = hooks.listen_leaves(self.run.model, self)
        elif not self._measuring and self._leaves:
            for undo in self._leaves:
                undo()
            self._leaves = []

    def _read(self) -> None:
        """Turn the losses handed over since into numbers, and ask about them."""
        unread, self._unread = self._unread, {}
        for name, tensors in unread.items():
            values = torch.stack([t.float().mean() for t in tensors]).tolist()
            self.run.losses += values
            self.run.seen += len(values)
            self._tell(probe.values(self.run, name, values) for probe in self.probes)

    def _tell(self, answers: Iterable[Iterable[Finding]]) -> None:
        for found in answers:
            self._take(found)

    def _take(self, found: Iterable[Finding], raising: bool = True) -> None:
        """Keep findings, write new ones down, and raise a fatal one that is not tolerated."""
        for finding in found:
            known = self.findings.get(finding.key)
            now = self.findings[finding.key] = finding if known is None else known.again(finding)
            if known is None or known.severity is not now.severity:
                self._log("finding", **now.record())
            if finding.severity is not Severity.NOTE:
                self._alert = _ALERT if known is None else self._alert
            most = self.tolerate.get(finding.rule.code, 0)
            if raising and self.raises and now.severity is Severity.FATAL and most >= 0 and now.count > most:
                if self.ledger is not None:
                    self.ledger.sync()
                raise TrainingFault(now)

    def _log(self, kind: str, **values: object) -> None:
        if self.ledger is not None:
            self.ledger.write(kind, **values)


def _lane(optimizer: Optimizer, names: Mapping[Tensor, str]) -> Lane:
    """The lane of an optimiser; parameters that the model does not know keep the name `(foreign)`.

    Raises:
        InputError: not an optimiser.
    """
    if not isinstance(optimizer, Optimizer):
        raise InputError(
            "an optimiser of torch.optim, or several", type(optimizer).__name__, "arguments in another order",
            "call Watch(model, optimizer, scheduler, scaler)",
        )  # fmt: skip
    held = [p for group in optimizer.param_groups for p in group["params"]]
    return Lane(optimizer, {p: names[p] for p in held if p in names})


def _smells(lane: Lane) -> bool:
    """One parameter a pass, in rotation, and the first: a NaN anywhere behind them shows there.

    On an accelerator reading it makes the device wait, so only one pass in sixteen looks.
    """
    held = list(lane.names)
    if not held or (held[0].is_cuda and lane.backwards % _BUNCH):
        return False
    grads = [held[i].grad for i in (0, lane.backwards % len(held))]
    return not all(bool(g.isfinite().all()) for g in grads if g is not None and not g.is_sparse)
