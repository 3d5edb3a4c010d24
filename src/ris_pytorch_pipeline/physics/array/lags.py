"""Which differences between two elements does an array have, and which pairs of elements share one?"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .value import Array

_SAME = 1e-7
"""Part of the wavelength within which two differences are one."""


@dataclass(frozen=True, eq=False)
class Lags:
    """The differences q_n - q_m of an array's elements. A lattice has few, an irregular array one for each pair.

    >>> lags = lags_of(Line(count=3, spacing=0.1).array(0.3))
    >>> len(lags), lags.zero, lags.rows(torch.tensor([2])).tolist()
    (5, 2, [[4, 3, 2]])

    Args:
        offset: (lag, 3), the differences in the array's frame, metres; those of x first, then of z, then of y.
        along: which elements have which differences along x, z and y.
        axes: of a lattice its differences along x, z and y: every combination has its number, y running fastest. Of
            any other array none.
        occurring: of any other array the numbers of the combinations that occur, in rising order.
    """

    offset: Float[Tensor, "lag 3"]
    along: tuple["Along", ...]
    axes: tuple[Tensor, ...] = ()
    occurring: Tensor | None = None

    def __len__(self) -> int:
        return self.offset.shape[0]

    @property
    def zero(self) -> int:
        """The number of no difference."""
        first = torch.zeros(1, dtype=torch.long, device=self.offset.device)
        return int(self.rows(first)[0, 0])

    def rows(self, own: Int[Tensor, "some"]) -> Int[Tensor, "some element"]:  # noqa: F821
        """Which difference q_n - q_m is, of some elements n and all m; no matrix of all pairs is kept.

        >>> lags = lags_of(Line(count=3, spacing=0.1).array(0.3))
        >>> lags.offset[lags.rows(torch.arange(3))][..., 1].abs().max()  # metres from end to end
        tensor(0.2000, dtype=torch.float64)

        Args:
            own: the elements n.
        """
        number = _combined(self.along, own)
        return number if self.occurring is None else torch.searchsorted(self.occurring, number)


@dataclass(frozen=True, eq=False)
class Along:
    """The differences of elements along an axis.

    Args:
        place: (element,), which place along the axis an element has, in rising order.
        number: (place, place), which difference x_n - x_m is.
        gaps: (gap,), the differences in rising order, metres.
    """

    place: Int[Tensor, "element"]  # noqa: F821
    number: Int[Tensor, "place place"]
    gaps: Float[Tensor, "gap"]  # noqa: F821

    @property
    def even(self) -> bool:
        """Whether the places are evenly spaced."""
        return len(self.gaps) == 2 * len(self.number) - 1


def lags_of(array: Array) -> Lags:
    """The differences between the elements of an array, on its device in float64; kept with it.

    >>> len(lags_of(Panel(horizontal=4, vertical=3, spacing=0.15).array(0.3)))  # (2 4 - 1) (2 3 - 1)
    35

    Args:
        array: any; wavelengths and pose do not matter.
    """
    return array.once("lags", lambda: _built(array))


def _built(array: Array) -> Lags:
    local = array.local.double()
    along = tuple(_along(local[:, axis], _SAME * array.wavelength) for axis in (0, 2, 1))
    combinations = math.prod(len(axis.gaps) for axis in along)
    if combinations <= len(local) ** 2:
        occurring, kept = torch.arange(combinations, device=local.device), None
    else:  # few of the combinations occur
        occurring = kept = _combined(along, torch.arange(len(local), device=local.device)).unique()
    offsets: list[Tensor] = []
    for axis in reversed(along):
        offsets.append(axis.gaps[occurring % len(axis.gaps)])
        occurring = occurring // len(axis.gaps)
    y, z, x = offsets
    axes = tuple(axis.gaps for axis in along) if kept is None else ()
    return Lags(torch.stack([x, y, z], dim=-1), along, axes, kept)


def _combined(along: tuple[Along, ...], own: Tensor) -> Tensor:
    """The number of the combination of differences along all axes, of some elements and all."""
    number = torch.zeros((len(own), len(along[0].place)), dtype=torch.long, device=own.device)
    for axis in along:
        number.mul_(len(axis.gaps)).add_(axis.number[axis.place[own]][:, axis.place])
    return number


def _along(places: Float[Tensor, "element"], same: float) -> Along:  # noqa: F821
    """The differences along an axis.

    Elements at one place share their differences: a panel has as many places along an axis as rows, not as elements.
    """
    distinct, own = places.unique(return_inverse=True)
    gaps = (distinct[:, None] - distinct).flatten()
    values, order = gaps.sort()
    group = torch.cat([values.new_zeros(1), (values.diff() > same).to(values)]).cumsum(0).long()
    number = torch.empty_like(group).index_copy_(0, order, group).view(len(distinct), -1)
    middle = values.new_zeros(int(group[-1]) + 1).scatter_reduce_(0, group, values, "mean", include_self=False)
    return Along(own, number, middle)
