"""When does a loss become a number? At once on the CPU, in bunches where reading would make the device wait."""

from collections.abc import Iterator, Mapping
from itertools import product

import torch
from torch import Tensor

from ..schedule import Why

_BUNCH = 16
_HALF = {torch.float16, torch.bfloat16}
_WHY = {
    flags: (Why.MEASURED if flags[0] else Why.PLAIN) | (Why.GLANCE if flags[1] else Why.PLAIN)
    | (Why.ODD if flags[2] else Why.PLAIN)
    for flags in product((False, True), repeat=3)
}  # fmt: skip


class Unread:
    """Losses that nobody has been told of yet, by name: on the CPU numbers, elsewhere tensors."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Tensor | float]] = {}
        self._lost = False

    def number(self, loss: Tensor) -> float | None:
        """The value of a loss; None where reading it would make a device wait.

        Args:
            loss: a scalar, with its graph.
        """
        return loss.item() if loss.device.type == "cpu" else None

    def keep(self, name: str, loss: Tensor, value: float | None) -> bool:
        """Keep a loss.

        Args:
            name: which loss.
            loss: a scalar.
            value: of it, where it is known.

        Returns:
            True where it is time to tell: of a number that is not finite and of the one after it at once.
        """
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
    """Why a loss may be worth a look.

    Args:
        loss: with its graph.
        value: of it, where it is known.
        terms: that were declared.
        measured: True where the coming update is measured.
        glanced: True where its batch is compared with others.
    """
    lost = value is not None and not is_finite(value)
    return _WHY[measured, glanced, lost or bool(terms) or not loss.requires_grad or loss.dtype in _HALF]
