"""When does a loss become a number, and what becomes of the output of a module?"""

import weakref
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef

from ..plan import Why, whys

_BUNCH = 16
_HALF = {torch.float16, torch.bfloat16}
_WHY = whys(Why.MEASURED, Why.GLANCE, Why.ODD)


class Unread:
    """Losses that nobody has been told of yet, by name: on the CPU numbers, elsewhere tensors."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Tensor | float]] = {}
        self._lost = False

    def number(self, loss: Tensor) -> float | None:
        """The value of a loss; None where reading it would make a device wait."""
        return loss.item() if loss.device.type == "cpu" else None

    def keep(self, name: str, loss: Tensor, value: float | None) -> bool:
        """Keep a loss; True where it is time to tell, at once where it, or the one before, is not finite."""
        kept = self._kept.setdefault(name, [])
        kept.append(loss.detach().reshape(()) if value is None else value)
        before, self._lost = self._lost, value is not None and not is_finite(value)
        return before or self._lost or len(kept) >= _BUNCH

    def take(self) -> Iterator[tuple[str, list[float]]]:
        """Name and numbers of all that was kept, with one transfer a name.

        Yields:
            Each name once.
        """
        unread, self._kept = self._kept, {}
        for name, kept in unread.items():
            tensors = [each for each in kept if isinstance(each, Tensor)]
            if not tensors:
                yield name, [each for each in kept if not isinstance(each, Tensor)]
            else:
                yield name, [tensors[0].item()] if len(kept) == 1 else torch.stack([_double(t) for t in kept]).tolist()


def _double(value: Tensor | float) -> Tensor:
    return value.double() if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)


def is_finite(value: float) -> bool:
    """True unless a number is NaN or inf."""
    return value - value == 0


def reason(loss: Tensor, value: float | None, terms: Mapping[str, object], *, measured: bool, glanced: bool) -> Why:
    """Why a loss may be worth a look."""
    lost = value is not None and not is_finite(value)
    return _WHY[measured, glanced, lost or bool(terms) or not loss.requires_grad or loss.dtype in _HALF]


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
        """A module ran."""
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
