"""How does a watch hear of things: through torch's global hooks, which hold it weakly and let nothing out of it?"""

import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from ...verdict import TrainingFault
from ..weights.names import compiled
from .patches import Undo, definer, patch, patch_own

if TYPE_CHECKING:
    from .observer import Observer


class Boundary:
    """Runs what torch calls back; the first error of our own ends the measuring, and is kept."""

    def __init__(self, told: Callable[[str, str], object]) -> None:
        self.told = told
        self.broken: str | None = None

    def run(self, event: str, callback: Callable[..., object], *facts: object) -> None:
        """Call back, behind the boundary.

        Raises:
            TrainingFault: a fatal finding was confirmed.
        """
        if self.broken is not None:
            return
        try:
            callback(*facts)
        except TrainingFault:
            raise
        except Exception as error:
            self.fail(event, error)

    def fail(self, event: str, error: Exception) -> None:
        """Measuring ends here; the loop goes on."""
        self.broken = f"{type(error).__name__}: {error}".splitlines()[0]
        self.told(event, "".join(traceback.format_exception(error)))


class Ears:
    """Passes what is heard on to an observer, as long as there is one, behind its boundary."""

    def __init__(self, observer: "Observer") -> None:
        self._observer = weakref.ref(observer)

    def tell(self, event: str, *facts: object) -> None:
        """Something happened."""
        if (observer := self._observer()) is not None:
            observer.boundary.run(event, getattr(observer, event), *facts)


def listen_backward(listener: Ears) -> Undo:
    """Hear of every `backward`; of `autograd.grad`, which fills no gradient, one hears nothing."""

    def around(original: Callable[..., object], tensors: object, *args: object, **kwargs: object) -> object:
        listener.tell("backward_starts", tensors)
        try:
            out = original(tensors, *args, **kwargs)
        except BaseException:
            listener.tell("backward_failed")
            raise
        listener.tell("backward_ended")
        return out

    return patch(torch.autograd, "backward", around)


def listen_optimizers(listener: Ears, optimizers: Sequence[Optimizer]) -> list[Undo]:
    """Hear of the steps of every optimiser in this process, and of the clearings of those of the given kinds."""

    def ended(optimizer: Optimizer, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        listener.tell("stepped", optimizer, any(callable(a) for a in args) or kwargs.get("closure") is not None)

    def clear(original: Callable[..., object], optimizer: Optimizer, *args: object, **kwargs: object) -> object:
        listener.tell("clears", optimizer)
        return original(optimizer, *args, **kwargs)

    before = register_optimizer_step_pre_hook(lambda optimizer, *_: listener.tell("steps", optimizer))
    after = register_optimizer_step_post_hook(ended)
    kinds = {definer(type(each), "zero_grad") for each in optimizers} | {Optimizer}
    return [before.remove, after.remove, *(patch(kind, "zero_grad", clear) for kind in kinds)]


def listen_scaler(scaler: object, listener: Ears) -> Undo:
    """Hear of steps that a gradient scaler takes or refuses without a word."""

    def step(original: Callable[..., object], optimizer: object, *args: object, **kwargs: object) -> object:
        listener.tell("scaler_steps", optimizer)
        out = original(optimizer, *args, **kwargs)
        listener.tell("scaler_stepped", optimizer)
        return out

    return patch_own(scaler, "step", step)


def listen_scheduler(scheduler: object, listener: Ears) -> Undo:
    """Hear of a schedule's ticks."""

    def step(original: Callable[..., object], *args: object, **kwargs: object) -> object:
        out = original(*args, **kwargs)
        listener.tell("ticked", scheduler)
        return out

    inner = vars(scheduler).get("scheduler")  # a library's wrapper decides itself whether its schedule moves on
    return patch_own(scheduler if inner is None else inner, "step", step)


def leaves_of(model: nn.Module, named: Mapping[str, nn.Module]) -> dict[int, str]:
    """The name of each leaf by its identity; a module with parameters of its own counts as a leaf.

    A model of which a part is compiled has none: hooks would break its graph and recompile it.
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
