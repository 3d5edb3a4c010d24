"""What happens in the loop: turns what the hooks hear into counts, measured steps and questions to the probes."""

import cmath
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from . import hooks
from .jury import Jury
from .meter import Meter, nonfinite, sample
from .passes import Passes
from .run import Lane, Run
from .schedule import SCHEDULES, Preset, glance

_BUNCH = 16
"""Losses kept on an accelerator before they are read: reading each would make the device wait."""
_ALERT = 8
"""Updates that are measured one by one after a warning."""


class Observer:
    """Counts what the hooks report, measures updates that are due, and tells the jury.

    Args:
        run: the counters.
        jury: who is told.
        preset: which updates are due.
    """

    def __init__(self, run: Run, jury: Jury, preset: Preset) -> None:
        self.run, self.jury, self.schedule = run, jury, SCHEDULES[preset]
        self._trace, self._named = preset is Preset.TRACE, hooks.nothing
        self.meters = {id(lane): Meter(lane) for lane in run.lanes}
        self.output: Tensor | None = None
        self.passes = Passes(run.model, lambda: self.measuring or glance(run.applied + 1), self.on_chance)
        self._unread: dict[str, list[Tensor]] = {}
        self._alert, self._fresh = 0, True
        self._undo: list[hooks.Undo] = []
        self._leaves: list[hooks.Undo] = []

    def attach(self) -> None:
        """Install every hook."""
        run = self.run
        self._undo = [undo for lane in run.lanes for undo in hooks.listen_lane(lane, self)]
        self._undo += [undo for scheduler in run.schedulers for undo in hooks.listen_scheduler(scheduler, self)]
        if run.scaler is not None:
            self._undo += hooks.listen_scaler(run.scaler, run.lanes, self)
        self._name_operations()
        self._undo += [*hooks.listen_model(run.model, self), *self.passes.listen()]
        self._leaves = hooks.listen_leaves(run.model, self)

    def detach(self) -> None:
        """Take every hook off again."""
        for undo in (*self._undo, *self._leaves, self._named):
            undo()
        self._undo, self._leaves, self._named = [], [], hooks.nothing

    @property
    def measuring(self) -> bool:
        """True where the coming update is to be measured."""
        return any(meter.measuring for meter in self.meters.values())

    def on_backward_start(self, lane: Lane) -> None:
        """Before the first gradient arrives: is an older one still there, or did somebody clear by hand?"""
        if lane.cleared and not lane.pending:
            return
        grads = [p.grad for p in lane.names if p.grad is not None]
        if not grads or (not lane.cleared and not _any(grads)):
            self.on_clear(lane)

    def on_backward_end(self, lane: Lane) -> None:
        """Gradients are complete, and nobody has touched them."""
        self._named()
        self._named = hooks.nothing
        lane.since = lane.since if lane.pending else self._done(lane)
        lane.pending += 1
        lane.backwards += 1
        meter = self.meters[id(lane)]
        if meter.measuring or _smells(lane):
            self.jury.ask("backward", self.run, lane, meter.note_arrival())

    def on_clear(self, lane: Lane) -> None:
        """Gradients are about to be cleared."""
        # Gradients also serve a step of another optimiser, as in a GAN, or one by hand, as in sharpness-aware training.
        unused = lane.pending and not lane.stepped and not lane.inside and lane.since == self._done(lane)
        if unused and nonfinite(lane.arrived):  # a scaler that was not handed over, or the loop itself, refused them
            self.on_skip(lane, "gradients not finite")
        elif unused:
            lane.wasted += 1
            self.jury.ask("cleared", self.run, lane)
        lane.pending, lane.cleared, lane.stepped, lane.arrived = 0, True, False, {}

    def _done(self, lane: Lane) -> tuple[int, ...]:
        return self.run.applied, self.run.skipped, sum(p._version for p in lane.held)

    def before_step(self, lane: Lane) -> None:
        """The optimiser is about to step."""
        lane.inside = True
        self.meters[id(lane)].before()

    def after_step(self, lane: Lane, closure: bool) -> None:
        """The optimiser stepped."""
        lane.applied += 1
        step = self.meters[id(lane)].after(closure)
        lane.window = max(lane.window, lane.pending)
        lane.pending, lane.cleared, lane.stepped, lane.inside = 0, False, True, False
        self._fresh, self._alert = False, max(0, self._alert - 1)
        self.output = None
        self.passes.forget()
        self.run.judged = self.run.misjudged = 0  # passes between updates are no validation
        self.run.closures |= closure
        self.jury.ask("updated", self.run, lane, step)
        self.arm()

    def on_skip(self, lane: Lane, reason: str) -> None:
        """A scaler refused a step."""
        lane.skipped[reason] += 1
        lane.pending, lane.stepped, lane.inside = 0, True, False
        self.jury.ask("skipped", self.run, lane, reason)
        lane.arrived = {}

    def on_tick(self) -> None:
        """A schedule moved on."""
        self.run.ticks += 1
        self.jury.ask("ticked", self.run)

    def on_forward(self, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> None:
        """A leaf module ran, at a measured update."""
        if not module.training:
            if torch.is_grad_enabled():
                self.jury.ask("rested", self.run, name, module)
            return
        self.run.ran[name] += 1  # also under no_grad: a module that runs and gets no gradient is worth a word
        if torch.is_grad_enabled():
            self.jury.ask("ran", self.run, name, module, inputs, output)

    def on_output(self, output: object) -> None:
        """The model answered in training."""
        if isinstance(output, Tensor) and self.measuring:
            self.output = output

    def on_judged(self, training: bool) -> None:
        """The model answered without gradients, as in validation."""
        self.run.misjudged += training
        self.run.judged += not training

    def on_chance(self, seen: Sequence[str]) -> None:
        """A pass of evaluation was looked at closely: which dropouts were on in it."""
        self.jury.ask("evaluated", self.run, seen)

    def on_epoch(self) -> None:
        """An epoch ended: the next update is measured."""
        self.passes.on_epoch()
        self._fresh = True
        for meter in self.meters.values():
            meter.first = bool(meter.lane.applied)
        self.arm()

    def arm(self) -> None:
        """Decide whether each lane's next update is measured, and listen to the leaves only then."""
        self.heed()
        for lane in self.run.lanes:
            due = self._fresh or self._alert > 0 or self.schedule.due(lane.applied + 1)
            self.meters[id(lane)].measuring = due
        if self.measuring and not self._leaves:
            self._leaves = hooks.listen_leaves(self.run.model, self)
        elif not self.measuring and self._leaves:
            for undo in self._leaves:
                undo()
            self._leaves = []

    def heed(self) -> None:
        """After an alarm the next updates are measured, and preset trace names the operations of the next backward."""
        if self.jury.alarmed:
            self._alert, self.jury.alarmed = _ALERT, False
            self._name_operations()

    def _name_operations(self) -> None:
        """Anomaly detection for one backward pass, in preset trace: it makes every operation many times as dear."""
        if self._trace and self._named is hooks.nothing:
            self._named = hooks.name_operations()

    def keep(self, name: str, loss: Tensor) -> None:
        """Keep a loss until it is read: at once on the CPU.

        Args:
            name: which loss.
            loss: its value, without a graph.
        """
        self._unread.setdefault(name, []).append(loss)
        if loss.device.type == "cpu" or len(self._unread[name]) >= _BUNCH or self.measuring:
            self.read()

    def read(self) -> None:
        """Turn the losses kept so far into numbers, and ask about them."""
        unread, self._unread = self._unread, {}
        for name, tensors in unread.items():
            values = [tensors[0].item()] if len(tensors) == 1 else torch.stack([t.double() for t in tensors]).tolist()
            self.run.losses += values
            self.run.seen += len(values)
            self.run.first = values[0] if self.run.first is None else self.run.first
            self.run.latest = values[-1]
            self.jury.ask("values", self.run, name, values)


def _any(grads: Sequence[Tensor]) -> bool:
    """True where one of the four smallest gradients holds anything but zeros."""
    return any(bool(g.any()) for g in sorted(grads, key=Tensor.numel)[:4] if not g.is_sparse)


def _smells(lane: Lane) -> bool:
    """A sample of the first parameter's gradient, or in turns of another one: a NaN behind them shows there.

    On an accelerator reading it makes the device wait, so only one pass in sixteen looks.
    """
    held, count = lane.held, lane.backwards
    if not held or (held[0].is_cuda and count % _BUNCH):
        return False
    grad = held[0 if count % 2 else count // 2 % len(held)].grad
    return grad is not None and not grad.is_sparse and not cmath.isfinite(sample(grad).sum().item())
