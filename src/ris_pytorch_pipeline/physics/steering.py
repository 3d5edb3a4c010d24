"""What phase each element sees from a source: the steering vector, its derivatives, and named approximations."""

import math
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..shapes import Cosines, Elements, Positions, Steering
from .geometry import check_positions, cosines_from_positions

PathExcess = Float[Tensor, "*batch source element"]


@runtime_checkable
class Wavefront(Protocol):
    """A model of the path from the source to an element less the path to the panel's centre, in metres."""

    def __call__(self, cosines: Cosines, elements: Elements, /) -> PathExcess:
        """The path excess delta, (..., source, element)."""
        ...


def _projections(cosines: Cosines, elements: Elements) -> tuple[Tensor, Tensor, Tensor]:
    """q, rho² = h² + v² and t = h u + v w, broadcast to (..., source, element)."""
    h, v = elements[:, 1], elements[:, 2]
    u, w, q = (c.unsqueeze(-1) for c in cosines.unbind(-1))
    return q, h.square() + v.square(), h * u + v * w


def spherical(cosines: Cosines, elements: Elements) -> PathExcess:
    """Exact spherical wave without cancellation, from 0.3 m to the far field q = 0.

    delta = (q rho² - 2 t) / (1 + S), S = sqrt(1 - 2 q t + q² rho²).
    """
    q, rho2, t = _projections(cosines, elements)
    s = (1 - 2 * q * t + q.square() * rho2).sqrt()
    return (q * rho2 - 2 * t) / (1 + s)


def fresnel(cosines: Cosines, elements: Elements) -> PathExcess:
    """Second-order approximation in q: delta = -t + (rho² - t²) q / 2. For comparison only."""
    q, rho2, t = _projections(cosines, elements)
    return -t + (rho2 - t.square()) * q / 2


def planar(cosines: Cosines, elements: Elements) -> PathExcess:
    """Far-field approximation: delta = -t. For comparison only."""
    return -_projections(cosines, elements)[2]


def legacy_fresnel(cosines: Cosines, elements: Elements) -> PathExcess:
    """The common Fresnel form without the t² term: delta = -t + rho² q / 2.

    Biased: fitted to an exact wave it puts a source at (30°, 10°) 16 % too far. Kept to reproduce that mistake.
    """
    q, rho2, t = _projections(cosines, elements)
    return -t + rho2 * q / 2


def steering_at(
    cosines: Cosines,
    elements: Elements,
    wavelength: float,
    *,
    wavefront: Wavefront = spherical,
    taper: bool = False,
) -> Steering:
    """Steering vectors at (u, w, q): a_n = exp(-j k0 delta_n), k0 = 2π/λ, ‖a‖² = N.

    Args:
        cosines: (..., source, 3), (u, w, q) with q in 1/m.
        elements: (element, 3), metres, on the device of `cosines`.
        wavelength: λ in metres.
        wavefront: the model of delta.
        taper: divide by S, the distance to the element over the distance to the centre (then ‖a‖² is near N).

    Returns:
        (..., source, element), complex of the precision of `cosines`.
    """
    phase = wavefront(cosines, elements) * (-2 * math.pi / wavelength)
    a = torch.complex(phase.cos(), phase.sin())
    if not taper:
        return a
    q, rho2, t = _projections(cosines, elements)
    return a / (1 - 2 * q * t + q.square() * rho2).sqrt()


def steering(
    positions: Positions,
    elements: Elements,
    wavelength: float,
    *,
    wavefront: Wavefront = spherical,
    taper: bool = False,
) -> Steering:
    """Steering vectors a(p) at positions (azimuth, elevation, distance) in radians and metres.

    The same as `steering_at` after the change of variables; an infinite distance is a plane wave.

    Raises:
        InputError: a distance that is not positive or a direction behind the panel.
    """
    check_positions(positions)
    return steering_at(cosines_from_positions(positions), elements, wavelength, wavefront=wavefront, taper=taper)


def steering_with_derivatives(
    cosines: Cosines, elements: Elements, wavelength: float
) -> tuple[Steering, Complex[Tensor, "*batch 3 source element"]]:
    """The steering vectors a of the exact wave and their analytic derivatives with respect to u, w and q.

    ∂a/∂x = -j k0 (∂delta/∂x) a with ∂delta/∂u = -h/S, ∂delta/∂w = -v/S, ∂delta/∂q = (rho² + t delta)/(S (1 + S)).

    Returns:
        a of shape (..., source, element) and ∂a of shape (..., 3, source, element).
    """
    h, v = elements[:, 1], elements[:, 2]
    q, rho2, t = _projections(cosines, elements)
    s = (1 - 2 * q * t + q.square() * rho2).sqrt()
    delta = (q * rho2 - 2 * t) / (1 + s)
    k0 = 2 * math.pi / wavelength
    phase = delta * -k0
    a = torch.complex(phase.cos(), phase.sin())
    slopes = torch.stack([-h / s, -v / s, (rho2 + t * delta) / (s * (1 + s))], dim=-3)
    return a, torch.complex(torch.zeros_like(slopes), slopes * -k0) * a.unsqueeze(-3)
