"""How does a watch hear of things, the forward of modules among them? Torch's global hooks let nothing out of it."""

import sys
import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from ...verdict import TrainingFault
from ..weights.names import compiled
from .passes import Passes, followed
from .patches import Hook, Undo, definer, patch, patch_own

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


_COMPILED = "torch._dynamo.eval_frame"

Around = Callable[..., object]


class Compiling:
    """Lets every call of what `torch.compile(module)` makes pass through a function, from the first call on.

    Their class is known once torch has loaded its compiler.
    """

    def __init__(self, around: Around) -> None:
        self._around = around
        self._undo: list[Undo] = []
        self._found = False

    def attach(self) -> None:
        """Begin to listen."""
        self._undo.append(patch(torch, "compile", self._compile))
        self.look()

    def detach(self) -> None:
        """Let go."""
        for undo in reversed(self._undo):
            undo()
        self._undo, self._found = [], False

    def look(self) -> None:
        """See whether the compiler has been loaded meanwhile."""
        if self._undo and not self._found and _COMPILED in sys.modules:
            self._found = True
            kind = vars(sys.modules[_COMPILED])["OptimizedModule"]
            self._undo.append(patch(kind, "__call__", self._around))

    def _compile(self, original: Around, *args: object, **kwargs: object) -> object:
        compiled = original(*args, **kwargs)
        self.look()
        return compiled


Tell = Callable[[nn.Module, Sequence[object], object], None]


class Forward:
    """Listens to the forward of every module through torch's global hook, while there is a reason to.

    A hook on a module would be saved and compiled with it. The global one is put aside while a compiled module runs.
    """

    def __init__(self, tell: Tell, passes: Passes) -> None:
        self._tell, self._passes = tell, passes
        self._measured, self._glancing, self._allowed = False, False, True
        self._without, self._aside = 0, 0
        self._hook = Hook(register_module_forward_hook, self._ran)
        self._undo: list[Undo] = []
        self._compiled = Compiling(self._past)

    def attach(self) -> None:
        """Hear of blocks without gradients, and of compilations in place."""
        self._compiled.attach()
        self._undo += [patch(nn.Module, "compile", self._compiles)]
        for kind in (torch.no_grad, torch.inference_mode):
            self._undo += [patch(kind, "__enter__", self._enter), patch(kind, "__exit__", self._exit)]
        self._undo += [patch(torch.set_grad_enabled, "__enter__", self._enter_mode)]
        self._undo += [patch(torch.set_grad_enabled, "__exit__", self._exit_mode)]

    def detach(self) -> None:
        """Let go."""
        for undo in reversed(self._undo):
            undo()
        self._compiled.detach()
        self._undo, self._measured, self._glancing, self._without = [], False, False, 0
        self._settle()

    def measure(self, on: bool, glance: bool, *, allowed: bool) -> None:
        """Listen, or stop listening, for the sake of the coming update."""
        self._measured, self._glancing, self._allowed = on, glance, self._allowed and allowed
        self._settle()

    def _compiles(self, original: Callable[..., object], *args: object, **kwargs: object) -> object:
        self._allowed = False
        self._settle()
        return original(*args, **kwargs)

    def _enter(self, original: Callable[..., object], context: object, *args: object) -> object:
        out = original(context, *args)
        self._without += 1
        self._settle()
        return out

    def _exit(self, original: Callable[..., object], context: object, *args: object) -> object:
        self._without = max(0, self._without - 1)
        self._settle()
        return original(context, *args)

    def _enter_mode(self, original: Callable[..., object], context: object, *args: object) -> object:
        return original(context, *args) if torch.is_grad_enabled() else self._enter(original, context, *args)

    def _exit_mode(self, original: Callable[..., object], context: object, *args: object) -> object:
        return original(context, *args) if torch.is_grad_enabled() else self._exit(original, context, *args)

    def _settle(self) -> None:
        wanted = (self._measured or self._glancing or self._without > 0) and self._allowed and not self._aside
        if wanted:
            self._compiled.look()
        self._hook.hang(wanted)
        self._passes.without(wanted and self._without > 0)

    def _past(self, original: Callable[..., object], module: nn.Module, *args: object, **kwargs: object) -> object:
        self._aside += 1
        self._settle()
        try:
            out = original(module, *args, **kwargs)
        finally:
            self._aside -= 1
            self._settle()
        self._ran(module, args, out)
        return out

    def _ran(self, module: nn.Module, inputs: Sequence[object], output: object) -> None:
        if (self._measured or id(module) in self._passes.roots) and not followed():
            self._tell(module, inputs, output)
