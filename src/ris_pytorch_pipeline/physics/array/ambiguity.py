"""Which directions an array takes for one another: secondary peaks of its ambiguity function over a field of view."""

from dataclasses import dataclass

from jaxtyping import Complex, Float
from torch import Tensor

from .coordinates import to_positions
from .steering import steering_at
from .value import Array

_TILE = 4096
"""Points at a time."""


@dataclass(frozen=True, kw_only=True)
class Lobe:
    """A place that looks nearly like another one.

    >>> array = Line(count=8, spacing=0.3).array(0.3)  # a wavelength apart
    >>> points = torch.tensor([[u, 0.0, 0.0] for u in (-0.8, -0.3, 0.2, 0.7)])
    >>> lobe, = lobes(points[2:3], points, array, apart=0.3)
    >>> lobe.position.rad2deg()[0].round(), round(lobe.level_db, 2)
    (tensor(-53.), 0.0)

    Args:
        position: (3,), radians, radians, metres.
        level_db: its |a^H a'|²/N², 0 for a perfect double.
    """

    position: Float[Tensor, "3"]
    level_db: float


def ambiguity(
    place: Float[Tensor, "1 coordinate"],
    points: Float[Tensor, "point coordinate"],
    array: Array,
    gram: Complex[Tensor, "element element"] | None = None,
) -> Float[Tensor, "point"]:  # noqa: F821
    """|a(p)^H Q a(p')|²/(a^H Q a · a'^H Q a') averaged over frequencies, in [0, 1]: 1 where two places look the same.

    >>> array = Panel(horizontal=4, vertical=4, spacing=0.3).array(0.3)  # a wavelength apart: grating lobes
    >>> points = torch.tensor([[0.3, 0.1, 0.0], [-0.7, 0.1, 0.0], [0.1, 0.1, 0.0]], dtype=torch.float64)
    >>> ambiguity(points[:1], points, array).round(decimals=2)
    tensor([1.0000, 1.0000, 0.0600], dtype=torch.float64)

    Args:
        place: (1, coordinate), cosines of one source.
        points: (point, coordinate), cosines of what it is compared with.
        array: the array.
        gram: Q, how codes and channel weigh the elements, see `stacked_gram`; None weighs all alike.
    """
    total = points.new_zeros(points.shape[0])
    for start in range(0, points.shape[0], _TILE):
        some = slice(start, start + _TILE)
        one, many = (_by_frequency(steering_at(x, array), array) for x in (place, points[some]))
        weighed = one if gram is None else one @ gram.mT
        seen = (many.conj() @ weighed.mT).squeeze(-1).abs().square()
        own = (one.conj() * weighed).sum(-1).real
        other = (many.conj() * (many if gram is None else many @ gram.mT)).sum(-1).real
        total[some] = (seen / (own * other)).mean(0)
    return total


def _by_frequency(vectors: Tensor, array: Array) -> Tensor:
    return vectors if array.frequencies > 1 else vectors.unsqueeze(0)


def lobes(
    place: Float[Tensor, "1 coordinate"],
    points: Float[Tensor, "point coordinate"],
    array: Array,
    *,
    apart: float,
    within_db: float = 0.5,
    gram: Complex[Tensor, "element element"] | None = None,
) -> tuple[Lobe, ...]:
    """Secondary peaks of the ambiguity function: places at least `apart` away that look the same within some decibels.

    >>> array = Panel(horizontal=4, vertical=4, spacing=0.3).array(0.3)  # a wavelength apart: grating lobes
    >>> points = torch.tensor([[0.3, 0.1, 0.0], [-0.7, 0.1, 0.0], [0.1, 0.1, 0.0]], dtype=torch.float64)
    >>> [lobe.position.rad2deg().round() for lobe in lobes(points[:1], points, array, apart=0.2)]
    [tensor([-45.,   6.,  inf], dtype=torch.float64)]

    Args:
        place: (1, coordinate), cosines of one source.
        points: (point, coordinate), the grid of the field of view.
        array: the array.
        apart: least distance in direction cosines; two lobes are as far from each other.
        within_db: how far below a perfect double a lobe may lie.
        gram: see `ambiguity`.

    Returns:
        Strongest first; none for an array without ambiguity.
    """
    level = ambiguity(place, points, array, gram)
    level = level.masked_fill((points[:, :-1] - place[:, :-1]).norm(dim=-1) < apart, 0.0)
    found: list[Lobe] = []
    while float(level.amax()) > 10 ** (-within_db / 10):
        best = int(level.argmax())
        position = to_positions(points[best : best + 1], array)[0]
        found.append(Lobe(position=position, level_db=10 * float(level[best].log10())))
        level = level.masked_fill((points[:, :-1] - points[best, :-1]).norm(dim=-1) < apart, 0.0)
    return tuple(found)
