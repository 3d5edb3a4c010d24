"""How a watch hears of things: through torch's global hooks, so that no model and no optimiser carries anything."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from ..weights.names import compiled
from .patches import Undo, definer, patch, patch_own


@runtime_checkable
class Listener(Protocol):
    """What the hooks call; nothing but a fatal finding comes out of it."""

    def backward_starts(self, roots: object) -> None:
        """`backward` was called on these tensors."""
        ...

    def backward_ended(self) -> None:
        """It came back."""
        ...

    def backward_failed(self) -> None:
        """It raised."""
        ...

    def clears(self, optimizer: Optimizer) -> None:
        """zero_grad is about to run."""
        ...

    def steps(self, optimizer: Optimizer) -> None:
        """An optimiser is about to step, watched or not."""
        ...

    def stepped(self, optimizer: Optimizer, closure: bool) -> None:
        """It stepped."""
        ...

    def scaler_steps(self, optimizer: object) -> None:
        """A gradient scaler is about to step an optimiser, or to refuse it."""
        ...

    def scaler_stepped(self, optimizer: object) -> None:
        """It did either."""
        ...

    def ticked(self) -> None:
        """A schedule moved on."""
        ...


def listen_backward(listener: Listener) -> Undo:
    """Hear of every `backward`; of `autograd.grad`, which fills no gradient, one hears nothing."""

    def around(original: Callable[..., object], tensors: object, *args: object, **kwargs: object) -> object:
        listener.backward_starts(tensors)
        try:
            out = original(tensors, *args, **kwargs)
        except BaseException:
            listener.backward_failed()
            raise
        listener.backward_ended()
        return out

    return patch(torch.autograd, "backward", around)


def listen_optimizers(listener: Listener, optimizers: Sequence[Optimizer]) -> list[Undo]:
    """Hear of the steps of every optimiser in this process, and of the clearings of those of the given kinds.

    Args:
        listener: who is told.
        optimizers: those whose classes may define a `zero_grad` of their own.
    """

    def ended(optimizer: Optimizer, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        listener.stepped(optimizer, any(callable(a) for a in args) or kwargs.get("closure") is not None)

    def clear(original: Callable[..., object], optimizer: Optimizer, *args: object, **kwargs: object) -> object:
        listener.clears(optimizer)
        return original(optimizer, *args, **kwargs)

    before = register_optimizer_step_pre_hook(lambda optimizer, *_: listener.steps(optimizer))
    after = register_optimizer_step_post_hook(ended)
    kinds = {definer(type(each), "zero_grad") for each in optimizers} | {Optimizer}
    return [before.remove, after.remove, *(patch(kind, "zero_grad", clear) for kind in kinds)]


def listen_scaler(scaler: object, listener: Listener) -> Undo:
    """Hear of steps that a gradient scaler takes or refuses without a word."""

    def step(original: Callable[..., object], optimizer: object, *args: object, **kwargs: object) -> object:
        listener.scaler_steps(optimizer)
        out = original(optimizer, *args, **kwargs)
        listener.scaler_stepped(optimizer)
        return out

    return patch_own(scaler, "step", step)


def listen_scheduler(scheduler: object, listener: Listener) -> Undo:
    """Hear of a schedule's ticks."""

    def step(original: Callable[..., object], *args: object, **kwargs: object) -> object:
        out = original(*args, **kwargs)
        listener.ticked()
        return out

    inner = vars(scheduler).get("scheduler")  # a library's wrapper decides itself whether its schedule moves on
    return patch_own(scheduler if inner is None else inner, "step", step)


def leaves_of(model: nn.Module, named: Mapping[str, nn.Module]) -> dict[int, str]:
    """The name of each leaf by its identity; a module with parameters of its own counts as a leaf.

    A model of which a part is compiled has none: hooks would break its graph and recompile it.

    Args:
        model: the watched one.
        named: its modules.
    """
    if compiled(model):
        return {}
    own = {id(m): any(p is not None for p in m._parameters.values()) for m in named.values()}
    return {id(m): name for name, m in named.items() if not m._modules or own[id(m)]}


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
    """The torch optimiser inside a wrapper: kept as `optimizer`, or anywhere in one that never was initialised."""
    own = vars(optimizer)
    inner = own.get("optimizer")
    if isinstance(inner, Optimizer):
        return unwrap(inner)
    if "_optimizer_step_pre_hooks" in own:
        return optimizer
    return next((unwrap(each) for each in own.values() if isinstance(each, Optimizer)), optimizer)


def refused(optimizer: Optimizer) -> bool:
    """A fused optimiser under a scaler gets `found_inf` and skips inside its kernel: its hook fires all the same."""
    found = vars(optimizer).get("found_inf")
    return found is not None and bool(found)
