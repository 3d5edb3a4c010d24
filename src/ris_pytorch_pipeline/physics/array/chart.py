"""In which coordinates a source moves: (u, w, q) of lines and flat arrays, tangent ones around it of deep arrays."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ...shapes import Cosines, Positions
from ..geometry import forward_cosine, position_jacobian
from .coordinates import jacobian, plain, to_cosines, toward
from .steering import Waves, projections, wavenumber, wavenumbers, waves
from .value import Array

Coordinates = Float[Tensor, "*batch source 3"]
"""(a, b, q) of each source."""


@dataclass(frozen=True, eq=False)
class Chart:
    """Coordinates (a, b, q) in which directions are d = T (sqrt(1 - a² - b²), a, b), each source with its own turn T.

    Without turns T = I and (a, b) = (u, w): for a line or a flat array these are regular up to endfire. A deep array
    gets a turn to each source's direction, so that no direction is singular: (a, b) are then tangent coordinates.

    >>> chart = Chart(Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3))
    >>> a, slopes = chart.steering_with_derivatives(torch.tensor([[0.3, 0.1, 0.5]]))  # (u, w, q): there is no turn
    >>> a.shape, slopes.shape
    (torch.Size([1, 144]), torch.Size([3, 1, 144]))

    Args:
        array: the array.
        turn: (..., source, 3, 3), or None for T = I.
    """

    array: Array
    turn: Float[Tensor, "*batch source 3 3"] | None = None

    def __getitem__(self, rows: Tensor) -> "Chart":
        """The chart of some of the scenes."""
        return self if self.turn is None else Chart(self.array, self.turn[rows])

    @cached_property
    def elements(self) -> Float[Tensor, "*place element 3"]:
        """Elements in the chart's axes: (element, 3), or (..., source, element, 3)."""
        local = self.array.local
        return local if self.turn is None else local.to(self.turn) @ self.turn

    def coordinates(self, cosines: Cosines) -> Coordinates:
        """(a, b, q) of directions in the half of space that the chart covers."""
        if self.turn is None:
            return cosines
        return torch.cat([self._own(cosines[..., :3])[..., 1:], cosines[..., 3:]], dim=-1)

    def _own(self, directions: Tensor) -> Tensor:
        return directions if self.turn is None else (self.turn.mT @ directions[..., None]).squeeze(-1)

    def cosines(self, coordinates: Coordinates) -> Cosines:
        """Cosines in the array's frame, the inverse of `coordinates`.

        >>> deep = Points(bent(Panel(horizontal=8, vertical=2, spacing=0.15), math.pi), 0.3)
        >>> cosines = to_cosines(torch.tensor([[0.5, 0.1, 2.0]]), deep)
        >>> torch.allclose(chart_at(cosines, deep).cosines(torch.tensor([[0.0, 0.0, 0.5]])), cosines)  # its origin
        True
        """
        if self.turn is None:
            return coordinates
        a, b, q = coordinates.split(1, dim=-1)
        own = torch.cat([forward_cosine(a, b), a, b], dim=-1)
        return torch.cat([(self.turn @ own[..., None]).squeeze(-1), q], dim=-1)

    def steering_with_derivatives(
        self, coordinates: Coordinates
    ) -> tuple[Waves, Complex[Tensor, "... 3 source element"]]:
        """The steering vectors a and their analytic derivatives ∂a/∂x = j (∂phase/∂x) a by x = a, b and q.

        Returns:
            a of shape (..., [frequency,] source, element) and ∂a of shape (..., [frequency,] 3, source, element).
        """
        vectors, slopes = self.phase_slopes(coordinates)
        quarter = torch.view_as_real(vectors * 1j).unsqueeze(-4)
        return vectors, torch.view_as_complex(slopes.unsqueeze(-1) * quarter)

    def phase_slopes(self, coordinates: Coordinates) -> tuple[Waves, Float[Tensor, "... 3 source element"]]:
        """The steering vectors, and the derivatives of their phases -k0 delta with respect to a, b and q.

        ∂delta/∂a = (∂delta/∂t) (h - x a/d_x), and for the exact wave ∂delta/∂t = -1/S,
        ∂delta/∂q = (rho² + t delta)/(S (1 + S)).

        >>> chart = Chart(Line(count=3, spacing=0.15).array(0.3))
        >>> _, slopes = chart.phase_slopes(torch.tensor([[0.0, 0.0, 1e-3]]))  # far away: by u, k0 y = 2π/0.3 0.15
        >>> slopes[0] / math.pi
        tensor([[-1.,  0.,  1.]])

        Returns:
            (..., [frequency,] source, element) and (..., [frequency,] 3, source, element).
        """
        array, elements = self.array, self.elements.to(coordinates)
        q, rho2, t = projections(coordinates, elements, flat=self.turn is None and array.flat)
        delta = array.wavefront.excess(q, rho2, t)
        by_t, by_q = array.wavefront.slopes(q, rho2, t, delta)
        x, h, v = elements.unbind(-1)
        if self.turn is not None or not array.flat:
            a, b = coordinates[..., :1], coordinates[..., 1:2]
            lean = x / forward_cosine(a, b).clamp_min(1e-9)
            h, v = h - a * lean, v - b * lean
        slopes = torch.stack([h * by_t, v * by_t, by_q], dim=-3)
        vectors = waves(delta, array.wavelengths)
        if array.frequencies == 1:
            return vectors, slopes * wavenumber(array.wavelength)
        return vectors, slopes.unsqueeze(-4) * wavenumbers(array.wavelengths, delta).unsqueeze(-3)

    def jacobian(self, coordinates: Coordinates) -> Float[Tensor, "*batch source 3 3"]:
        """∂(φ, θ, r)/∂(a, b, q), rows (φ, θ, r)."""
        if self.turn is None and plain(self.array):
            return position_jacobian(coordinates)
        a, b = coordinates[..., :1], coordinates[..., 1:2]
        forward = forward_cosine(a, b).clamp_min(1e-9)
        one, none = torch.ones_like(a), torch.zeros_like(a)
        own = torch.cat([forward, a, b], dim=-1)
        slopes = torch.stack(
            [torch.cat([-a / forward, one, none], dim=-1), torch.cat([-b / forward, none, one], dim=-1)], dim=-2
        )
        if self.turn is not None:
            own, slopes = (self.turn @ own[..., None]).squeeze(-1), slopes @ self.turn.mT
        return jacobian(coordinates, own, slopes, self.array)


def chart_at(cosines: Cosines, array: Array) -> Chart:
    """The chart in which sources at these cosines move: their own tangent planes where d_x is given, else (u, w, q).

    >>> deep = Points(bent(Panel(horizontal=8, vertical=2, spacing=0.15), math.pi), 0.3)
    >>> cosines = to_cosines(torch.tensor([[3.0, 0.1, 2.0]]), deep)  # behind it
    >>> chart_at(cosines, deep).coordinates(cosines)[0, :2].norm() < 1e-6  # the source is the origin of (a, b)
    tensor(True)
    """
    if cosines.shape[-1] == 3:
        return Chart(array)
    directions = cosines[..., :3]
    directions = directions / directions.norm(dim=-1, keepdim=True).clamp_min(1e-30)
    z = directions.new_tensor([0.0, 0.0, 1.0]).expand_as(directions)
    x = directions.new_tensor([1.0, 0.0, 0.0]).expand_as(directions)
    helper = torch.where(directions[..., 2:].abs() < 0.9, z, x)
    first = torch.linalg.cross(helper, directions)
    first = first / first.norm(dim=-1, keepdim=True)
    return Chart(array, torch.stack([directions, first, torch.linalg.cross(directions, first)], dim=-1))


def steering_with_derivatives(cosines: Cosines, array: Array) -> tuple[Waves, Complex[Tensor, "... 3 source element"]]:
    """Steering vectors and their derivatives by the coordinates of `chart_at`: (u, w, q), or tangent ones.

    >>> array = Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)
    >>> a, slopes = steering_with_derivatives(torch.tensor([[0.3, 0.1, 0.5]]), array)
    >>> a.shape, slopes.shape
    (torch.Size([1, 144]), torch.Size([3, 1, 144]))

    Args:
        cosines: (..., source, 3) or (..., source, 4).
        array: the array.
    """
    chart = chart_at(cosines, array)
    return chart.steering_with_derivatives(chart.coordinates(cosines))


def chart_of(positions: Positions, array: Array, *, on_plane: bool = False) -> tuple[Chart, Coordinates]:
    """A chart about given positions and their coordinates in it; behind a flat array too.

    >>> array = Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)
    >>> chart, coordinates = chart_of(torch.tensor([[math.pi / 6, 0.0, 2.0]]), array)
    >>> coordinates, chart.jacobian(coordinates)[0, 2]  # (u, w, q), and how the distance depends on them
    (tensor([[0.5000, 0.0000, 0.5000]]), tensor([ 0.,  0., -4.]))

    Args:
        positions: (..., source, 3), radians, radians, metres.
        array: the array.
        on_plane: take of a line's cone, on which all directions are one to it, the one in the plane b = 0.
    """
    cosines = to_cosines(positions, array)
    if on_plane and array.dimension == 1:
        cosines = torch.stack([cosines[..., 0], torch.zeros_like(cosines[..., 1]), cosines[..., 2]], dim=-1)
        return Chart(array), cosines
    chart = chart_at(cosines, array)
    if chart.turn is None and not plain(array):
        seen = toward(positions) - array.frame.centre.to(positions) / positions[..., 2:]
        behind = seen @ array.frame.rotation[:, 0].to(positions) < 0
        if bool(behind.any()):
            side = torch.where(behind, -1.0, 1.0).to(positions)
            chart = Chart(array, torch.diag_embed(torch.stack([side, side.abs(), side.abs()], dim=-1)))
            return chart, cosines
    return chart, chart.coordinates(cosines)
