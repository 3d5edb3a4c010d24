"""Which coordinates of a source an array can tell at all: told once here, used by estimators, bounds and commands."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...shapes import Positions
from .chart import chart_of
from .coordinates import to_cosines, to_positions
from .value import Array
from .wavefronts import planar

Coordinate = Literal["azimuth", "elevation", "distance"]
COORDINATES: tuple[Coordinate, ...] = ("azimuth", "elevation", "distance")
_TURN = 1e-6
"""A coordinate that moves by less than this part of an unseen one does not depend on it."""


def told(array: Array) -> tuple[int, ...]:
    """Which of the coordinates (a, b, q) of a chart the array's phases depend on.

    A line sees one angle, the cone about it; a single point none. A plane wave tells no distance.

    >>> told(Line(count=15, spacing=0.15).array(0.3)), told(Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3))
    ((0, 2), (0, 1, 2))
    """
    angles = {0: (), 1: (0,)}.get(array.dimension, (0, 1))
    return (*angles, *(() if array.wavefront == planar or array.dimension == 0 else (2,)))


def untold(array: Array, jacobian: Float[Tensor, "*batch source 3 3"]) -> Bool[Tensor, "*batch source 3"]:
    """True in a coordinate (φ, θ, r) that moves when an unseen (a, b, q) does.

    >>> array = Line(count=15, spacing=0.15).array(0.3)
    >>> chart, coordinates = chart_of(torch.tensor([[0.3, 0.2, 5.0]]), array)
    >>> untold(array, chart.jacobian(coordinates))  # azimuth, elevation, distance
    tensor([[ True,  True, False]])

    Args:
        array: the array.
        jacobian: ∂(φ, θ, r)/∂(a, b, q).
    """
    seen = told(array)
    hidden = [index for index in range(3) if index not in seen]
    return (jacobian[..., hidden].abs() > _TURN).any(-1)


def as_told(positions: Positions, array: Array) -> tuple[Positions, Bool[Tensor, "*batch source 3"]]:
    """The positions as far as an array tells them, and where a coordinate (φ, θ, r) is not told.

    A line sees a cone about itself: every source moves along its own to where the line's frame has no height (w = 0),
    as those do that an estimator reports. Two sources of which a line hears the same are then at one place.

    >>> line = Line(count=15, spacing=0.15).array(0.3)
    >>> place, hidden = as_told(torch.tensor([[0.3, 0.2, 5.0]]), line)
    >>> place, hidden
    (tensor([[0.2938, 0.0000, 5.0000]]), tensor([[False,  True, False]]))

    Args:
        positions: radians, radians, metres; NaN in empty slots.
        array: any; positions before one that is no line stay where they are.
    """
    if array.dimension != 1:
        return positions, torch.zeros_like(positions, dtype=torch.bool)
    u, _, q = to_cosines(positions, array).unbind(-1)
    places = to_positions(torch.stack([u, torch.zeros_like(u), q], dim=-1), array)
    chart, coordinates = chart_of(places.double(), array.to(dtype=torch.float64))
    return places, untold(array, chart.jacobian(coordinates))


@dataclass(frozen=True, kw_only=True)
class Observability:
    """What an array tells of a source at some place.

    >>> seen = observability(Line(count=15, spacing=0.15).array(0.3))
    >>> seen.sentence, seen.mirror
    ('a line sees the cone about itself: elevation not observable', False)

    Args:
        observable: names of the coordinates that it tells.
        mirror: whether a mirror image behind the array looks the same.
        conditioning: least over largest eigenvalue of the Fisher information of the observable coordinates, each scaled
            by its resolution: below about 1e-6 only a very high SNR tells them apart.
        sentence: the same in words.
    """

    observable: tuple[Coordinate, ...]
    mirror: bool
    conditioning: float
    sentence: str


def observability(array: Array, positions: Positions | None = None) -> Observability:
    """Rank and conditioning of the single-source Fisher information F = Re(∂a^H P⊥(a) ∂a), worst over some places.

    >>> observability(Line(count=15, spacing=0.15).array(0.3)).observable
    ('azimuth', 'distance')
    >>> observability(Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)).mirror
    True

    Args:
        array: the array.
        positions: (place, 3), radians, radians, metres; None takes the look direction at ten apertures.
    """
    if positions is None:
        reach = 10 * max(max(array.extents), array.wavelength)
        positions = _ahead(array, reach)
    chart, coordinates = chart_of(positions.double(), array.to(dtype=torch.float64))
    a, slopes = chart.steering_with_derivatives(coordinates)
    if array.frequencies > 1:
        a, slopes = a[..., 0, :, :], slopes[..., 0, :, :, :]
    along = torch.einsum("kn,xkn->xk", a.conj(), slopes) / len(array)
    across = slopes - along[..., None] * a
    information = torch.einsum("xkn,ykn->kxy", across.conj(), across).real
    seen = list(told(array))
    hidden = untold(array, chart.jacobian(coordinates)).any(0)
    names: tuple[Coordinate, ...] = tuple(
        name for name, lost in zip(COORDINATES, hidden.tolist(), strict=True) if not lost
    )
    scale = torch.tensor([array.wavelength / max(*array.extents, array.wavelength)] * 2 + [0.0]).double()
    scale[2] = array.wavelength / max(*array.extents, array.wavelength) ** 2
    block = (information * scale[:, None] * scale)[..., seen, :][..., seen]
    values = torch.linalg.eigvalsh(block) if seen else block.new_zeros(1, 1)
    conditioning = float((values[..., 0] / values[..., -1].clamp_min(1e-300)).clamp_min(0).min())
    mirror = array.dimension == 2
    return Observability(
        observable=names, mirror=mirror, conditioning=conditioning, sentence=_sentence(array, names, mirror=mirror)
    )


def _ahead(array: Array, reach: float) -> Positions:
    x, y, z = array.frame.rotation[:, 0].tolist()
    look = torch.tensor([x, y, z], dtype=torch.float64)
    return torch.stack([torch.atan2(look[1], look[0]), torch.asin(look[2].clamp(-1, 1)), look.new_tensor(reach)])[None]


def _sentence(array: Array, names: tuple[str, ...], *, mirror: bool) -> str:
    lost = [name for name in COORDINATES if name not in names]
    if array.dimension == 0:
        return "a single point tells no direction and no distance"
    if array.dimension == 1:
        return f"a line sees the cone about itself: {' and '.join(lost) or 'one angle'} not observable"
    if lost:
        return f"a plane wave tells no {' and no '.join(lost)}"
    return "the mirror image behind the array looks the same" if mirror else "every direction and the distance are told"
