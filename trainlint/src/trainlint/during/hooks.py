"""How a watch hears of things: official hooks where torch has them, wrapped methods on the instance elsewhere."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from types import new_class
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .names import compiled, modules
from .run import Lane

Undo = Callable[[], object]


def nothing() -> None:
    """There is nothing to undo."""


@runtime_checkable
class Listener(Protocol):
    """What the hooks call."""

    def on_backward_start(self, lane: Lane) -> None:
        """The first gradient of a backward pass is about to arrive."""
        ...

    def on_backward_end(self, lane: Lane) -> None:
        """All gradients of a backward pass have arrived."""
        ...

    def on_clear(self, lane: Lane) -> None:
        """zero_grad was called."""
        ...

    def before_step(self, lane: Lane) -> None:
        """The optimiser is about to step."""
        ...

    def after_step(self, lane: Lane, closure: bool) -> None:
        """The optimiser stepped."""
        ...

    def on_skip(self, lane: Lane, reason: str) -> None:
        """A step was refused."""
        ...

    def on_tick(self) -> None:
        """A schedule moved on."""
        ...

    def on_forward(self, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> None:
        """A leaf module ran."""
        ...

    def on_judged(self, training: bool) -> None:
        """The model answered without gradients."""
        ...

    def on_output(self, output: object) -> None:
        """The model answered."""
        ...


def wrap(target: object, name: str, around: Callable[..., object]) -> Undo:
    """Replace a method of this one instance by `around(original, *args, **kwargs)`.

    The instance gets a class of its own, so that nothing enters its `__dict__`, which is what a schedule saves as its
    state; copies and pickles are of the class it had. A method that the instance already has is replaced where it is.

    Args:
        target: the instance.
        name: the method.
        around: called instead.

    Returns:
        A function that puts the instance back as it was.
    """
    base, own, original, heard = type(target), vars(target), getattr(target, name), True

    def instead(*args: object, **kwargs: object) -> object:
        return around(original, *args, **kwargs) if heard else original(*args, **kwargs)

    def undo() -> None:
        nonlocal heard
        heard = False  # another watch may have put its class on top
        if type(target) is watched:
            target.__class__ = base

    if name in own:
        before, own[name] = own[name], instead
        return lambda: own.update({name: before})
    methods = {"__slots__": (), "__reduce_ex__": _reduced_as(base), name: lambda _, *a, **k: instead(*a, **k)}
    watched = new_class(base.__name__, (base,), exec_body=lambda space: space.update(methods))
    target.__class__ = watched
    return undo


def _reduced_as(base: type) -> Callable[..., tuple]:
    def reduced(self: object, protocol: int) -> tuple:
        make, args, *state = base.__reduce_ex__(self, protocol)  # pyright: ignore[reportCallIssue]
        # pickle lets a bare `copyreg.__newobj__` make the instance's present class only.
        return partial(make), tuple(base if arg is type(self) else arg for arg in args), *state

    return reduced


def listen_lane(lane: Lane, listener: Listener) -> list[Undo]:
    """Hear of a lane's backward passes, clearings and steps."""
    span = _BackwardSpan(lane, listener)
    handles = [
        lane.optimizer.register_step_pre_hook(lambda *_: listener.before_step(lane)),
        lane.optimizer.register_step_post_hook(lambda o, a, k: _stepped(lane, listener, o, a, k)),
        *(p.register_hook(span) for p in lane.parameters if p.requires_grad),
    ]

    def clear(original: Callable[..., object], *args: object, **kwargs: object) -> object:
        listener.on_clear(lane)
        return original(*args, **kwargs)

    return [*(h.remove for h in handles), wrap(lane.optimizer, "zero_grad", clear)]


class _BackwardSpan:
    """Turns the first gradient of a backward pass into a start, and the engine's end of the pass into an end."""

    def __init__(self, lane: Lane, listener: Listener) -> None:
        self.lane, self.listener, self.inside = lane, listener, False
        self._before: list[tuple[int, int]] = []

    def __call__(self, _: Tensor) -> None:
        if self.inside:
            return
        self.inside = True
        torch.autograd.Variable._execution_engine.queue_callback(self._end)  # pyright: ignore[reportAttributeAccessIssue]
        self.listener.on_backward_start(self.lane)
        self._before = self._state()

    def _end(self) -> None:
        self.inside = False
        if self._state() != self._before:
            self.listener.on_backward_end(self.lane)

    def _state(self) -> list[tuple[int, int]]:
        """Changes with every accumulation, or step within the pass; `autograd.grad` leaves no gradient behind."""
        grads = [p.grad for p in self.lane.held]
        return [(self.lane.applied, 0), *((id(g), 0 if g is None else g._version) for g in grads)]


def _stepped(lane: Lane, listener: Listener, optimizer: Optimizer, args: Sequence[object], kwargs: dict) -> None:
    """A fused optimiser under a scaler gets `found_inf` and skips inside its kernel: its hook fires all the same."""
    found = vars(optimizer).get("found_inf")
    if found is not None and bool(found):
        listener.on_skip(lane, "the scaler found inf or NaN (fused optimiser)")
        return
    listener.after_step(lane, closure=any(callable(a) for a in args) or kwargs.get("closure") is not None)


def listen_scaler(scaler: object, lanes: Sequence[Lane], listener: Listener) -> list[Undo]:
    """Hear of steps that a gradient scaler refuses without a word."""

    def step(original: Callable[..., object], optimizer: Optimizer, *args: object, **kwargs: object) -> object:
        watched = [lane for lane in lanes if lane.optimizer is unwrap(optimizer)]
        before = [lane.applied + sum(lane.skipped.values()) for lane in watched]
        out = original(optimizer, *args, **kwargs)
        for lane, count in zip(watched, before, strict=True):
            if lane.applied + sum(lane.skipped.values()) == count:
                listener.on_skip(lane, "the scaler found inf or NaN")
        return out

    return [wrap(scaler, "step", step)]


def listen_scheduler(scheduler: object, listener: Listener) -> list[Undo]:
    """Hear of a schedule's ticks."""

    def step(original: Callable[..., object], *args: object, **kwargs: object) -> object:
        out = original(*args, **kwargs)
        listener.on_tick()
        return out

    inner = vars(scheduler).get("scheduler")  # a library's wrapper decides itself whether its schedule moves on
    return [wrap(scheduler if inner is None else inner, "step", step)]


def listen_model(model: nn.Module, listener: Listener) -> list[Undo]:
    """Hear of the model's last output in training, and of passes without gradients."""

    def ran(module: nn.Module, _: object, output: object) -> None:
        if not torch.is_grad_enabled():
            listener.on_judged(module.training)
        elif module.training:
            listener.on_output(output)

    return [model.register_forward_hook(_Ran(ran)).remove]


def listen_leaves(model: nn.Module, listener: Listener) -> list[Undo]:
    """Hear of every leaf module's forward in training; installed for measured updates only, so others cost nothing.

    A module with parameters of its own counts as a leaf. A model of which a part is compiled is left alone: hooks
    would break its graph and recompile it.
    """
    if compiled(model):
        return []
    leaves = {
        name: module
        for name, module in modules(model).items()
        if not any(True for _ in module.children()) or any(True for _ in module.parameters(recurse=False))
    }
    return [m.register_forward_hook(_Ran(partial(listener.on_forward, name))).remove for name, m in leaves.items()]


class _Ran:
    """A forward hook that copies and saved files of the module do not hear, nor need this package for."""

    def __init__(self, tell: Callable[[nn.Module, tuple, object], None]) -> None:
        self.tell = tell

    def __call__(self, module: nn.Module, inputs: tuple, output: object) -> None:
        if not torch.compiler.is_compiling():
            self.tell(module, inputs, output)

    def __reduce__(self) -> tuple:
        return getattr, (nullcontext(), "__exit__")  # takes three arguments and returns None


def name_operations() -> Undo:
    """Let torch raise in the backward of the first operation that returns NaN, and name it."""
    before, check = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    torch.autograd.set_detect_anomaly(True)
    return lambda: torch.autograd.set_detect_anomaly(before, check)


def scaler_of(optimizer: object) -> object | None:
    """The gradient scaler that a library's wrapper of an optimiser holds as `scaler`; None where there is none."""
    own = vars(optimizer)
    inner = own.get("optimizer")
    return own["scaler"] if own.get("scaler") is not None else None if inner is None else scaler_of(inner)


def unwrap(optimizer: Optimizer) -> Optimizer:
    """The torch optimiser inside a library's wrapper, which keeps it as `optimizer`."""
    inner = vars(optimizer).get("optimizer")
    return unwrap(inner) if isinstance(inner, Optimizer) else optimizer
