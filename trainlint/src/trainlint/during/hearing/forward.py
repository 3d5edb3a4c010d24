"""When is the forward of modules heard, compiled ones among them?"""

import sys
from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from .passes import Passes, followed
from .patches import Hook, Undo, patch

_COMPILED = "torch._dynamo.eval_frame"

Around = Callable[..., object]


class Compiling:
    """Lets every call of what `torch.compile(module)` makes pass through a function, from the first call on.

    The class of such modules is known once torch has loaded its compiler, which nobody loads for our sake.
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
    """Listens to the forward of every module in this process, through torch's global hook, while there is a reason to.

    A hook on a module would be saved, copied and compiled with it. Compiled modules do not meet the global hook either:
    it is put aside while one runs.
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
