"""How does one stand aside while a compiled module runs? Torch warns of global hooks as soon as it is called."""

import sys
from collections.abc import Callable

import torch

from .patches import Undo, patch

_COMPILED = "torch._dynamo.eval_frame"

Around = Callable[..., object]


class Compiling:
    """Lets every call of what `torch.compile(module)` makes pass through a function, from the first call on.

    The class of such modules is known once torch has loaded its compiler, which nobody loads for our sake.

    Args:
        around: called with the original, the compiled module and its arguments.
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
