"""Which models, optimisers, schedules, scalers, losses and loaders does a program use? Torch itself is asked."""

import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.modules import module as modules
from torch.optim import Optimizer, lr_scheduler
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter

from ...findings import Finding, Severity
from ...rules.data import EMPTY
from ..hearing.hooks import Compiling
from ..hearing.patches import Hook, Undo, patch
from .frames import name_in, users_frames

LOSSES = (
    "cross_entropy", "nll_loss", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "kl_div",
)  # fmt: skip
"""Functions whose value is worth keeping."""


@runtime_checkable
class _Listener(Protocol):
    """Who hears what a program uses, as `Session`."""

    def on_optimizer(self, optimizer: Optimizer) -> None: ...
    def on_scheduler(self, scheduler: object) -> None: ...
    def on_scaler(self, scaler: object) -> None: ...
    def on_root(self, module: nn.Module, name: str) -> None: ...
    def on_backward(self, loss: Tensor, name: str) -> None: ...
    def on_value(self, name: str, value: Tensor, target: object) -> None: ...
    def on_loader(self, loader: object) -> None: ...


class Discovery:
    """Listens to torch while a program runs, and tells what the program uses."""

    def __init__(self, listener: _Listener) -> None:
        self.listener = listener
        self._depth = 0
        self._known: dict[int, weakref.ReferenceType[nn.Module]] = {}
        self._scaled: list[tuple[Tensor, Tensor]] = []
        self._told = False
        self._listening, self._aside = False, 0
        self._empty: dict[int, int] = {}
        self._compiled = Compiling(self._past)
        self._hooks = (
            Hook(modules.register_module_forward_pre_hook, self._enter),
            Hook(modules.register_module_forward_hook, self._leave, always_call=True),
        )
        self._patches: list[Undo] = []
        self._losses: list[Undo] = []

    def start(self) -> None:
        """Begin to listen."""
        told = self.listener
        self._patches = [
            patch(Optimizer, "__init__", partial(_made, told.on_optimizer)),
            *(patch(kind, "__init__", partial(_made, told.on_scheduler)) for kind in _schedules()),
            patch(torch.amp.GradScaler, "__init__", partial(_made, told.on_scaler)),
            patch(torch.amp.GradScaler, "scale", self._scale),
            patch(Tensor, "backward", self._backward),
            patch(torch.autograd, "backward", self._backward),
            patch(DataLoader, "__iter__", self._iterate),
            patch(_BaseDataLoaderIter, "__next__", self._next),
            patch(torch.jit, "script", self._script),
        ]
        self._hear_losses()
        self._compiled.attach()
        self.listen()

    def _hear_losses(self) -> None:
        self._losses = [patch(nn.functional, name, partial(self._value, name)) for name in LOSSES]

    def _let_losses_go(self) -> None:
        for undo in self._losses:
            undo()
        self._losses = []

    def listen(self) -> None:
        """Look for models, from now on."""
        self._listening = True
        self._settle()

    def rest(self) -> None:
        """Look for models no more: a hook on every module costs a little."""
        self._listening, self._depth = False, 0
        self._settle()

    def _settle(self) -> None:
        wanted = self._listening and not self._aside
        if wanted:
            self._compiled.look()
        for hook in self._hooks:
            hook.hang(wanted)

    def stop(self) -> None:
        """Let go of everything."""
        self.rest()
        self._compiled.detach()
        self._let_losses_go()
        for undo in reversed(self._patches):
            undo()
        self._known, self._scaled = {}, []

    def _enter(self, module: nn.Module, _: object) -> None:
        if torch.compiler.is_compiling():
            return
        self._depth += 1
        if self._depth == 1 and not self._is_known(module):
            owner, name = _owner(module)
            self._known[id(module)] = weakref.ref(module)
            if any(True for _ in owner.parameters()):
                self.listener.on_root(owner, name)

    def _past(self, original: Callable[..., Any], module: nn.Module, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if not self._listening:
            return original(module, *args, **kwargs)
        self._enter(module, args)
        self._aside += 1
        self._settle()
        try:
            return original(module, *args, **kwargs)
        finally:
            self._aside -= 1
            self._settle()
            self._leave()

    def _is_known(self, module: nn.Module) -> bool:
        known = self._known.get(id(module))  # a model that is gone leaves its place to another
        return known is not None and known() is module

    def _leave(self, *_: object) -> None:
        if not torch.compiler.is_compiling():
            self._depth = max(0, self._depth - 1)

    def _scale(self, original: Callable[..., Any], scaler: object, outputs: Any) -> Any:  # noqa: ANN401
        scaled = original(scaler, outputs)
        if isinstance(outputs, Tensor) and isinstance(scaled, Tensor):
            self._scaled = [(scaled, outputs), *self._scaled[:3]]
        return scaled

    def _backward(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        loss = args[0] if args else kwargs.get("tensors")
        if not self._told and isinstance(loss, Tensor) and loss.numel() == 1:
            meant = next((raw for scaled, raw in self._scaled if scaled is loss), loss)
            self._scaled = []
            self.listener.on_backward(meant, _loss_name(meant))
        before, self._told = self._told, True
        try:
            return original(*args, **kwargs)
        finally:
            self._told = before

    def _value(self, name: str, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        value = original(*args, **kwargs)
        if not torch.compiler.is_compiling() and isinstance(value, Tensor) and value.numel() == 1:
            self.listener.on_value(name, value, args[1] if len(args) > 1 else kwargs.get("target"))
        return value

    def _iterate(self, original: Callable[..., Any], loader: Any) -> Any:  # noqa: ANN401
        self.listener.on_loader(loader)
        return original(loader)

    def _next(self, original: Callable[..., object], batches: Any) -> object:  # noqa: ANN401
        own = vars(batches)
        data, first = id(own.get("_dataset")), own.get("_num_yielded") == 0
        try:
            batch = original(batches)
        except StopIteration:
            if first and data in self._empty:
                self._empty[data] += 1
            raise
        self._empty[data] = 0
        return batch

    def used_up(self) -> Iterator[Finding]:
        """Loaders that gave batches, and then none in each epoch."""
        count = max(self._empty.values(), default=0)
        if count > 1:
            text = f"0 batches in the last {count} epochs of a loader that gave some before"
            yield EMPTY.found(text, severity=Severity.WARNING, epochs=count)

    def _script(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        kwargs["_frames_up"] = kwargs.get("_frames_up", 0) + 2
        if not self._losses:  # a function that the compiler meets is compiled by another call
            return original(*args, **kwargs)
        self._let_losses_go()
        try:
            return original(*args, **kwargs)
        finally:
            self._hear_losses()


def _made(tell: Callable[[Any], None], original: Callable[..., None], made: object, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
    original(made, *args, **kwargs)
    tell(made)


def _schedules() -> list[type]:
    base = lr_scheduler.LRScheduler
    alone = (lr_scheduler.SequentialLR, lr_scheduler.ChainedScheduler, lr_scheduler.ReduceLROnPlateau)
    return [base, *alone]


def _owner(module: nn.Module) -> tuple[nn.Module, str]:
    frame = next(users_frames(), None)
    if frame is None:
        return module, type(module).__name__
    around = [(name, value) for name, value in frame.f_locals.items() if isinstance(value, nn.Module)]
    holding = [(name, value) for name, value in around if any(inner is module for inner in value.modules())]
    if not holding:
        return module, name_in(frame, module) or type(module).__name__
    name, owner = max(holding, key=lambda each: sum(1 for _ in each[1].modules()))
    return owner, type(owner).__name__ if name == "self" else name


def _loss_name(loss: Tensor) -> str:
    frame = next(users_frames(), None)
    return (frame is not None and name_in(frame, loss)) or "loss"
