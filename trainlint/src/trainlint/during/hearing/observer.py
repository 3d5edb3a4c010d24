"""What happens in the loop: turns what the hooks hear into counts, measured steps and questions to the probes."""

import weakref
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..jury import Jury
from ..plan import SCHEDULES, Preset, glance, outermost
from ..run import Lane, Run
from ..weights import lanes
from ..weights.meter import Hands, Meter
from ..weights.names import modules, walk
from ..weights.windows import Fate, Windows, smells
from . import hooks
from .hooks import Boundary, Ears, Forward
from .passes import Passes, Unread, is_finite, tensors
from .patches import Undo, let_go, nothing

_ALERT = 8
"""Updates that are measured one by one after a warning."""


class Observer:
    """Counts what the hooks report, measures updates that are due, and tells the jury."""

    def __init__(self, run: Run, jury: Jury, preset: Preset) -> None:
        self.run, self.jury, self.schedule = run, jury, SCHEDULES[preset]
        self._trace, self._named = preset is Preset.TRACE, nothing
        self.meters = meters = {id(lane): Meter(lane) for lane in run.lanes}
        self.windows, self.unread = Windows(run), Unread()
        self.hands = Hands(self.windows)
        self.boundary = Boundary(lambda event, trace: jury.record("probe", probe="watch", asked=event, traceback=trace))
        self.output: Tensor | None = None
        self.measuring, self.glancing = True, False
        self._steppers = lanes.Steppers(run, lambda lane: meters.setdefault(id(lane), Meter(lane)))
        self._alert, self._fresh, self._depth, self._handed, self._glances = 0, True, 0, False, 16
        self._scaled: list[tuple[Lane, int]] = []
        self._leaf_names: dict[int, str] = {}
        self._shape: list[int] = []
        self._ears = Ears(self)
        self.passes = Passes(run.model, partial(self._ears.tell, "evaluated"))
        self._forward = Forward(partial(self._ears.tell, "ran"), self.passes)
        self._undo: list[Undo] = []
        weakref.finalize(self, let_go, self._undo).atexit = False

    def attach(self) -> None:
        """Install every hook."""
        run, undo = self.run, self._undo
        undo += [hooks.listen_backward(self._ears), self._forward.detach]
        undo += hooks.listen_optimizers(self._ears, [lane.optimizer for lane in run.lanes])
        undo += [hooks.listen_scheduler(scheduler, self._ears) for scheduler in run.schedulers]
        undo += [] if run.scaler is None else [hooks.listen_scaler(run.scaler, self._ears)]
        self._name_operations()
        self._forward.attach()
        self._listen_leaves()

    def follow(self, scheduler: object) -> None:
        """Listen to a schedule that came later."""
        self.run.schedulers = outermost([*self.run.schedulers, scheduler])
        self._undo.append(hooks.listen_scheduler(scheduler, self._ears))

    def detach(self) -> None:
        """Take every hook off again."""
        _, self._named = self._named(), nothing
        let_go(self._undo)
        self.passes.without(on=False)

    def backward_starts(self, roots: object) -> None:
        """`backward` was called; within another one, as in checkpointing, it is part of that."""
        self._depth += 1
        if self._depth > 1:
            return
        for lane in self.run.lanes:
            self.settle(lane)
            if self.windows.begin(lane, roots):
                self._clear(lane)

    def backward_failed(self) -> None:
        """It raised: its gradients are nobody's."""
        self._depth = max(0, self._depth - 1)

    def backward_ended(self) -> None:
        """Gradients are complete, and nobody has touched them."""
        self._depth = max(0, self._depth - 1)
        if self._depth:
            return
        _, self._named = self._named(), nothing
        arrived = [lane for lane in self.run.lanes if self.windows.ended(lane)]
        for lane in arrived:
            self._arrived(lane)
        if self.run.lanes and not arrived and self._handed:
            self.run.strays += 1
            self.jury.ask("strayed", self.run)
        self._handed = False

    def _arrived(self, lane: Lane) -> None:
        self.windows.note(lane)
        lane.pending += 1
        lane.backwards += 1
        meter = self.meters[id(lane)]
        if meter.measuring or smells(lane):
            lane.scale = lanes.scale_of(self.run.scaler)
            self.jury.ask("backward", self.run, lane, meter.note_arrival())
        self.hands.arrived(lane, meter)

    def clears(self, optimizer: Optimizer) -> None:
        """Gradients are about to be cleared."""
        for lane in self._steppers.lanes_of(optimizer):
            self._clear(lane)

    def _clear(self, lane: Lane) -> None:
        self.settle(lane)
        fate = self.windows.fate(lane) if lane.pending else Fate.USED
        lane.unsure = fate is not Fate.USED
        lane.by_hand += fate is Fate.BY_HAND
        lane.probed += fate is Fate.PROBED
        if fate is Fate.REFUSED:
            self.refuse(lane, "gradients not finite")
        elif fate is Fate.WASTED:
            lane.wasted += 1
            self.jury.ask("cleared", self.run, lane)
        lane.pending, lane.cleared, lane.stepped, lane.arrived = 0, True, False, {}

    def steps(self, optimizer: Optimizer) -> None:
        """An optimiser is about to step; one inside another is part of its step."""
        for lane in self._steppers.lanes_of(optimizer):
            if not lane.inside or lane.by is optimizer:
                lane.inside, lane.by = True, optimizer
                self.meters[id(lane)].before()

    def stepped(self, optimizer: Optimizer, closure: bool) -> None:
        """The optimiser stepped."""
        for lane in self._steppers.lanes_of(optimizer):
            if lane.by is not optimizer and (lane.by is not None or lane.applied):  # but where the watch began in it
                continue
            lane.inside, lane.by = False, None
            if hooks.refused(optimizer):
                self.refuse(lane, "the scaler found inf or NaN (fused optimiser)")
            else:
                self._applied(lane, optimizer, closure)

    def _applied(self, lane: Lane, optimizer: Optimizer, closure: bool) -> None:
        lane.applied += 1
        if optimizer is not lane.optimizer:
            lanes.note_other(lane, optimizer)
        meter = self.meters[id(lane)]
        why = meter.after(closure, optimizer)
        heard = bool(self.jury.listeners("updated", why))
        step = meter.step(closure, optimizer) if heard else meter.pass_by()
        lane.gaps += meter.wasted
        lane.window = max(lane.window, lane.pending)
        lane.pending, lane.cleared, lane.stepped, lane.unsure = 0, False, True, False
        self._fresh, self._alert = False, max(0, self._alert - 1)
        self.output = None
        self.passes.forget()
        self.run.judged = self.run.misjudged = 0  # passes between updates are no validation
        self.run.tried.end(self.run.applied)
        self.run.closures |= closure
        if step is not None:
            self.jury.ask("updated", self.run, lane, step, why=why)
        self.arm()
        self.meters[id(lane)].keep()

    def settle(self, lane: Lane) -> None:
        """Was there an update by hand since its gradients arrived?"""
        self.hands.settle(lane, self._applied)

    def refuse(self, lane: Lane, reason: str) -> None:
        """A scaler or the loop itself refused a step."""
        lane.skipped[reason] += 1
        lane.pending, lane.stepped, lane.inside, lane.by = 0, True, False, None
        self.jury.ask("skipped", self.run, lane, reason)
        lane.arrived = {}

    def scaler_steps(self, optimizer: object) -> None:
        """Remember the counts, to see whether the step is taken."""
        inner = hooks.unwrap(optimizer) if isinstance(optimizer, Optimizer) else optimizer
        mine = [lane for lane in self.run.lanes if lane.optimizer is inner]
        self._scaled = [(lane, lane.applied + sum(lane.skipped.values())) for lane in mine]

    def scaler_stepped(self, optimizer: object) -> None:
        """A step that was neither applied nor counted as refused was refused."""
        for lane, count in self._scaled:
            if lane.applied + sum(lane.skipped.values()) == count:
                self.refuse(lane, "the scaler found inf or NaN")
        self._scaled = []

    def ticked(self, scheduler: object) -> None:
        """A schedule moved on."""
        if any(each is scheduler for each in self.run.schedulers):
            self.run.ticks += 1
            self.run.ticked = scheduler
            self.jury.ask("ticked", self.run)

    def ran(self, module: nn.Module, inputs: Sequence[object], output: object) -> None:
        """A module ran, at a measured update or without gradients."""
        if module is self.run.model:
            self._answered(module.training, output)
        self.passes.ran(module, inputs, output)
        if not torch.is_grad_enabled() and id(module) in self.passes.roots:
            self._without(module, inputs)
        name = self._leaf_names.get(id(module)) if self.measuring else None
        if name is not None and not module.training and torch.is_grad_enabled():
            self.jury.ask("rested", self.run, name, module)
        if name is None:
            return
        self.run.called.add(name)
        if not module.training:
            return
        self.run.ran[name] += 1  # also under no_grad: a module that runs and gets no gradient is worth a word
        self.run.shut[name] += not torch.is_grad_enabled()
        if torch.is_grad_enabled():
            self.jury.ask("ran", self.run, name, module, inputs, output)

    def _without(self, module: nn.Module, inputs: Sequence[object]) -> None:
        self.run.tried.ran(id(module), training=module.training)
        if self._glances:
            self._glances -= 1
            self.jury.ask("judged", self.run, module, tensors(inputs))

    def _answered(self, training: bool, output: object) -> None:
        if not torch.is_grad_enabled():
            self.run.misjudged += training
            self.run.judged += not training
        elif training and self.measuring and isinstance(output, Tensor):
            self.output = output

    def evaluated(self, chance: Sequence[str]) -> None:
        """A pass of evaluation was looked at closely: the dropouts that were on in it."""
        self.jury.ask("evaluated", self.run, chance)

    def on_epoch(self) -> None:
        """An epoch ended: the next update is measured."""
        self.passes.on_epoch()
        self._fresh, self._glances = True, max(self._glances, 4)
        for meter in self.meters.values():
            meter.first = bool(meter.lane.applied)
        self.arm()

    def arm(self) -> None:
        """Decide whether each lane's next update is measured, and listen to the leaves only then."""
        self.heed()
        listening = self.measuring or self.glancing
        self.measuring = False
        for lane in self.run.lanes:
            due = self._fresh or self._alert > 0 or self.schedule.due(lane.applied + 1)
            self.meters[id(lane)].measuring = due
            self.measuring |= due
        self.glancing = glance(self.run.applied + 1)
        if listening or self.measuring or self.glancing:
            self._listen_leaves()

    def _listen_leaves(self) -> None:
        if self.measuring and (shape := [id(m) for m in walk(self.run.model)]) != self._shape:
            self._shape, self._leaf_names = shape, hooks.leaves_of(self.run.model, modules(self.run.model))
        self._forward.measure(self.measuring, self.glancing, allowed=bool(self._leaf_names) or not self.measuring)

    def heed(self) -> None:
        """After an alarm the next updates are measured, and preset trace names the operations of the next backward."""
        if self.jury.alarmed:
            self._alert, self.jury.alarmed = _ALERT, False
            self._name_operations()

    def _name_operations(self) -> None:
        if self._trace and self._named is nothing:
            self._named = hooks.name_operations()

    def keep(self, name: str, loss: Tensor, value: float | None) -> None:
        """Keep a loss until it is time to ask about it; `value` where it is known."""
        self._handed = True
        if value is not None and not is_finite(value):
            self.read()  # what came before it
        if self.unread.keep(name, loss, value) or self.measuring or self.glancing:
            self.read()

    def read(self) -> None:
        """Ask about the losses kept so far."""
        for name, values in self.unread.take():
            self.run.losses += values
            self.run.seen += len(values)
            self.run.first = values[0] if self.run.first is None else self.run.first
            self.run.latest = values[-1]
            self.jury.ask("values", self.run, name, values)
