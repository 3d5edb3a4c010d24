"""Which differences between two elements does an array have, and which pairs of elements share one?"""

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
    >>> len(lags), lags.zero, lags.number[2].tolist()
    (5, 2, [4, 3, 2])

    Args:
        number: (element, element), which difference q_n - q_m is.
        offset: (lag, 3), the differences in the array's frame, metres; those of x first, then of z, then of y.
        axes: of a lattice its differences along x, z and y: every combination has its number, y running fastest. Of
            any other array none.
    """

    number: Int[Tensor, "element element"]
    offset: Float[Tensor, "lag 3"]
    axes: tuple[Tensor, ...] = ()

    def __len__(self) -> int:
        return self.offset.shape[0]

    @property
    def zero(self) -> int:
        """The number of no difference."""
        return int(self.number[0, 0])


def lags_of(array: Array) -> Lags:
    """The differences between the elements of an array, on its device in float64; kept with it.

    >>> len(lags_of(Panel(horizontal=4, vertical=3, spacing=0.15).array(0.3)))  # (2 4 - 1) (2 3 - 1)
    35

    Args:
        array: any; wavelengths and pose do not matter.
    """
    return array.once("lags", lambda: _built(array))


def _built(array: Array) -> Lags:
    local, values = array.local.double(), list[Tensor]()
    number, combinations = torch.zeros((len(local), len(local)), dtype=torch.long, device=local.device), 1
    for axis in (0, 2, 1):
        along, gaps = _along(local[:, axis], _SAME * array.wavelength)
        number.mul_(len(gaps)).add_(along)
        values.append(gaps)
        combinations *= len(gaps)
    lattice = combinations <= number.numel()
    if lattice:
        occurring = torch.arange(combinations, device=number.device)
    else:  # few of the combinations occur
        occurring, number = number.unique(return_inverse=True)
    offsets: list[Tensor] = []
    for gaps in reversed(values):
        offsets.append(gaps[occurring % len(gaps)])
        occurring = occurring // len(gaps)
    y, z, x = offsets
    return Lags(number, torch.stack([x, y, z], dim=-1), tuple(values) if lattice else ())


def _along(places: Float[Tensor, "element"], same: float) -> tuple[Tensor, Tensor]:  # noqa: F821
    """The differences along an axis: which one x_n - x_m is, and their values in rising order.

    Elements at one place share their differences: a panel has as many places along an axis as rows, not as elements.
    """
    distinct, own = places.unique(return_inverse=True)
    gaps = (distinct[:, None] - distinct).flatten()
    values, order = gaps.sort()
    group = torch.cat([values.new_zeros(1), (values.diff() > same).to(values)]).cumsum(0).long()
    number = torch.empty_like(group).index_copy_(0, order, group).view(len(distinct), -1)
    middle = values.new_zeros(int(group[-1]) + 1).scatter_reduce_(0, group, values, "mean", include_self=False)
    return number[own[:, None], own], middle
