"""How is a watch put on a program that nobody edited, as its models and optimisers come to light?"""

import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch._C._functorch import maybe_current_level
from torch.optim import Optimizer

from ...findings import Finding
from ...verdict import TrainingFault, Verdict, judge
from ..losses.graph import each_leaf, leaves
from ..plan import Preset
from ..watch import Watch
from ..weights.lanes import ByHand
from .discovery import Discovery
from .frames import called, known_here, users_line
from .known import Batches, Epochs, Known, holding
from .trainings import MOST, Hearing, Progress, Training, Trainings
from .unheard import Handmade, Idle, Loads, Lost, Shared

_SETTLED = 64
"""Backward passes after which nobody looks for a new model until the next optimiser is made."""
_FIRST = 4
"""Leaves of a loss that are looked at: an input may be among them."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a program is watched: as in `Watch`, with `strict` for `raises`.

    `progress` shows where the run stands; `tell` is given each finding as it comes.
    """

    preset: Preset | str = Preset.LIGHT
    strict: bool = False
    tolerate: Mapping[str, int] = field(default_factory=dict)
    ledger: Path | None = None
    progress: Progress | None = None
    tell: Callable[[Finding], None] | None = None


def _guarded(method: Callable[..., None]) -> Callable[..., None]:

    @wraps(method)
    def safe(self: "Session", *facts: Any) -> None:  # noqa: ANN401
        if self.failure:
            return
        try:
            method(self, *facts)
        except TrainingFault:
            raise
        except Exception:
            self.failure = traceback.format_exc()

    return safe


class Session:
    """Finds what a program trains, watches it, and says in the end what it amounts to.

    Each training of a program, one after another or side by side, has a watch of its own.
    """

    def __init__(self, options: Options) -> None:
        self.options, self.failure = options, ""
        self.known, self.trainings = Known(), Trainings()
        self._waiting: list[tuple[str, weakref.ReferenceType[nn.Module]]] = []
        self._fresh, self._looks, self._passes, self._unheld = True, 0, 0, 0
        self._batches: Batches | None = None
        self._current: Training | None = None
        self._discovery, self._idle, self._lost, self._loads = Discovery(self), Idle(), Lost(), Loads()
        self._handmade, self._stands_in, self._trained_on, self._shared = Handmade(), False, 0, Shared()
        self._idling: frozenset[int] = frozenset()
        self.over = False

    def start(self) -> None:
        """Listen to torch from now on."""
        self._idle.listen()
        self._loads.listen()
        self._discovery.start()

    def stop(self, error: BaseException | None = None) -> Verdict:
        """Let go of everything, and give the last verdict."""
        self.over = True
        self._discovery.stop()
        self._idle.stop()
        self._loads.stop()
        if self.options.progress is not None:
            self.options.progress.clear()
        try:
            verdict = self._verdict(error)
        except Exception:  # as in `_guarded`
            self.failure = self.failure or traceback.format_exc()
            verdict = judge([], blind=self._failed(), ran=())
        self._waiting, self._current = [], None
        return verdict

    def _verdict(self, error: BaseException | None) -> Verdict:
        aside = [*self._idle.found(self._unheld), *self._lost.found(), *self._loads.found()]
        aside += self._discovery.used_up()
        if self.trainings.several or self.trainings.live:
            told = (*self._failed(), *self._shared.blind)
            return self.trainings.verdict(error, told, [*aside, *self._shared.found()])
        return judge(aside, blind=(*self._blind(), *self._failed()), ran=("Idle",) if aside else ())

    def _failed(self) -> tuple[str, ...]:
        refused = len(self.trainings.refused)
        told = (f"{refused} more models: {MOST} are, and of those that train side by side four",) if refused else ()
        last = self.failure.strip().splitlines()[-1:] or [""]
        return (*told, f"from then on everything: the watch itself failed ({last[0]})") if self.failure else told

    def _blind(self) -> tuple[str, ...]:
        if not self.known.any_optimizer:
            passes = self._handmade.looks
            moved = f", and no weight moved in {passes} backward passes" if passes > 1 else ""
            return (f"everything: no optimiser of torch was made{moved}",)
        return ("everything: backward was never called on a scalar",)

    @_guarded
    def on_optimizer(self, optimizer: Optimizer) -> None:
        """An optimiser was made: a watch that is already there hears of it when it steps."""
        if not self._stands_in and self.known.add_optimizer(optimizer):
            self._news()
            self._discovery.listen()

    def _news(self) -> None:
        self._passes, self._looks, self._fresh = 0, 0, True

    @_guarded
    def on_scheduler(self, scheduler: object) -> None:
        """A schedule was made: the watches of its optimiser's weights follow it."""
        if not self.known.add_scheduler(scheduler):
            return
        optimizer = vars(scheduler).get("optimizer")
        if not isinstance(optimizer, Optimizer):
            return
        for training in self.trainings.live:
            if holding([optimizer], training.watch.run.model.parameters()):
                training.watch.follow(scheduler)

    @_guarded
    def on_scaler(self, scaler: object) -> None:
        """A gradient scaler was made."""
        self.known.scaler = scaler

    @_guarded
    def on_root(self, module: nn.Module, name: str) -> None:
        """An outermost module runs for the first time."""
        if self.known.add_root(module, name):
            self._news()

    @_guarded
    def on_backward(self, loss: Tensor, name: str) -> None:
        """A gradient is about to be computed: a watch begins with the first one of a model that has an optimiser."""
        self._passes += 1
        self._lost.backward()
        if self._passes == _SETTLED:
            self._discovery.rest()
            self._idling = self.trainings.idling(self.known.optimizers())
        if self._passes > _SETTLED and any(id(leaf) in self._idling for leaf in islice(each_leaf(loss), _FIRST)):
            self._news()  # a stage of its own begins: who made its optimiser before gave no sign
            self._discovery.listen()
        self._unheld += self._passes <= _FIRST and self.known.unheld(each_leaf(loss))
        self._begin_if_new(loss)
        training = self._current = self._owner(loss)
        if training is None:
            return
        self._shared.trained(training)
        if training.epochs.trained():
            training.end_epoch()
            training.epochs.passes = 1
        training.watch.loss(loss, name=name)
        if self.options.progress is not None:
            self.options.progress.show(training.watch.run, len(training.watch.jury.findings))

    def _owner(self, loss: Tensor) -> Training | None:
        live = self.trainings.live
        return self.trainings.owner(each_leaf(loss)) if self.trainings.several else live[0] if live else None

    def _begin_if_new(self, loss: Tensor) -> None:
        if not self.known.any_optimizer:
            self._begin_by_hand(loss)
            return
        if not self.trainings.several and not self.trainings.live:
            own = set(leaves(loss))
            found = [
                (name, module)
                for name, module in self.known.roots()
                if self.known.is_trained(module) or any(p in own for p in module.parameters())
            ]
            self._begin(found, self._theirs([*own, *(p for _, module in found for p in module.parameters())]))
            return
        if self._fresh:
            self._waiting, self._fresh = self._unwatched(), False
        self._looks += 1
        self._waiting = self._waiting if self._looks <= _SETTLED else []
        if self._waiting:
            self._begin_next(leaves(loss))

    def _begin_by_hand(self, loss: Tensor) -> None:
        if self.trainings.live:
            return
        roots = self.known.roots()
        held = self._handmade.moved(loss, [module for _, module in roots])
        if held:
            found = [(name, module) for name, module in roots if any(p in set(held) for p in module.parameters())]
            self._stands_in = True
            self._begin(found, [ByHand(held, called(held))])
            self._stands_in = False

    def _theirs(self, wanted: Sequence[Tensor]) -> list[Optimizer]:
        mine = holding(self.known.optimizers(), wanted)
        return [each for each in self.known.optimizers() if each in mine or not mine or not known_here(each)]

    def _unwatched(self) -> list[tuple[str, weakref.ReferenceType[nn.Module]]]:
        for training in self.trainings.live:
            training.renew()
        held = set[Tensor]().union(*(training.own for training in self.trainings.live))
        return [
            (name, weakref.ref(module))
            for name, module in self.known.roots()
            if self.trainings.may_begin(module) and self.known.is_trained(module, besides=held)
        ]

    def _begin_next(self, reached: Sequence[Tensor]) -> None:
        own = set(reached)
        waiting = [(name, module) for name, ref in self._waiting if (module := ref()) is not None]
        found = [(name, module) for name, module in waiting if any(p in own for p in module.parameters())]
        if not found:
            return
        if not self.trainings.room([module for _, module in found]):
            names = {name for name, _ in found}
            self._waiting = [each for each in self._waiting if each[0] not in names]
            return
        found = [*self.trainings.joined(own, self.known.roots()), *found]
        models = [module for _, module in found]
        self.trainings.hand_over(reached, models)
        wanted = [*reached, *(p for module in models for p in module.parameters())]
        held = set[Tensor]().union(*(training.own for training in self.trainings.live))
        theirs = holding(self.known.optimizers(), [p for p in wanted if p not in held])
        self._begin(found, [each for each in theirs if each not in self.trainings.spent] or theirs)
        self._fresh = True

    def _begin(self, found: Sequence[tuple[str, nn.Module]], optimizers: list[Optimizer]) -> None:
        models = dict(found)
        model = next(iter(models.values())) if len(models) == 1 else nn.ModuleDict(models)
        hearing = Hearing(self)
        watch = Watch(
            model, optimizers, self.known.schedulers(optimizers), self.known.scaler,
            preset=self.options.preset, raises=self.options.strict, tolerate=self.options.tolerate,
            ledger=self._ledger(), audience=hearing,
        )  # fmt: skip
        kinds = " and ".join(dict.fromkeys(type(each).__name__ for each in models.values())) or "no module"
        place = users_line()
        self._idle.watched(optimizers)
        epochs = Epochs(latest=self._batches)
        name = kinds if place is None else f"{kinds}, {place}"
        hearing.training = self.trainings.begin(name, watch, epochs, list(models.values()))

    def _ledger(self) -> Path | None:
        path, number = self.options.ledger, len(self.trainings.live) + len(self.trainings.past) + 1
        return path if path is None or number == 1 else path.with_name(f"{path.stem}.model{number}{path.suffix}")

    @_guarded
    def on_value(self, name: str, value: Tensor, target: object) -> None:
        """A loss: of training, or a validation's, where a watched model is in evaluation."""
        if maybe_current_level() is not None:
            return  # within vmap or grad of torch.func there are no values to look at
        place = target.data_ptr() if isinstance(target, Tensor) and not target.is_sparse else 0
        if torch.is_grad_enabled():
            if value.requires_grad:
                self._trained_on = place
                self._lost.computed(value)
        elif self._current is not None:
            self._current.watch.run.tried.valued(lambda: str(users_line() or ""), fresh=place != self._trained_on)
            if any(not module.training for _, module in self.known.roots()):
                self._current.epochs.values[name].append(value.detach())
                self._current.epochs.own |= not any(m.training for m in self._current.models)

    @_guarded
    def on_loader(self, loader: object) -> None:
        """A loader begins anew: an epoch of training ends where it is the one that is trained on."""
        self._batches = Batches(loader)
        self._shared.began(loader, self._current)
        for training in self.trainings.live:
            if training.epochs.began(self._batches):
                training.end_epoch()
