"""What becomes of a module's output: is it fed to another module, held by somebody, or thrown away?"""

import weakref
from collections.abc import Sequence

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef


class _Sign:
    """Lives as long as the graph node that it is pinned to."""


class Outputs:
    """Follows the outputs of one pass, without keeping any of them alive.

    `used` are the modules whose output another module took in, or whose graph or memory somebody still held when the
    loss was known.
    """

    def __init__(self) -> None:
        self.used: set[str] = set()
        self._memory: dict[int, tuple[str, StorageWeakRef]] = {}
        self._graphs: list[tuple[str, weakref.ref[_Sign]]] = []

    def ran(self, name: str, inputs: Sequence[object], output: object) -> None:
        """A module ran.

        Args:
            name: of the module.
            inputs: some of which may be outputs of others, with their graph or without.
            output: of which a tensor, or the first of several, is followed.
        """
        for each in inputs:
            if isinstance(each, Tensor) and (known := self._memory.get(StorageWeakRef(each.untyped_storage()).cdata)):
                self.used.add(known[0])
        first = output[0] if isinstance(output, tuple | list) and output else output
        if isinstance(first, Tensor) and not first.is_sparse and name not in self.used:
            held = StorageWeakRef(first.untyped_storage())
            self._memory[held.cdata] = (name, held)
            if first.grad_fn is not None:
                sign = _Sign()
                first.grad_fn.metadata["trainlint"] = sign  # pyright: ignore[reportIndexIssue]
                self._graphs.append((name, weakref.ref(sign)))

    def settle(self) -> None:
        """The loss is known: what is still there is held by somebody. Forget the rest."""
        self.used |= {name for name, held in self._memory.values() if not held.expired()}
        self.used |= {name for name, sign in self._graphs if sign() is not None}
        self._memory, self._graphs = {}, []
