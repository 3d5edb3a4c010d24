"""What phase each element sees from a source: the steering vector and its derivatives, for any array."""

import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ...errors import InputError
from ...shapes import Cosines, Positions
from ..geometry import forward_cosine
from .coordinates import check_visible, to_cosines, toward, whole_cosines
from .value import Array
from .wavefronts import relative_distance

Waves = Complex[Tensor, "... source element"]
"""Steering vectors; an axis of frequencies before the sources where there are several."""


def steering_at(cosines: Cosines, array: Array, *, taper: bool = False) -> Waves:
    """Steering vectors in the array's frame: a_n = exp(-j k0 delta_n), k0 = 2π/λ, ‖a‖² = N.

    delta = (q rho² - 2 t)/(1 + S), S = sqrt(1 - 2 q t + q² rho²), rho² = x² + h² + v², t = x d_x + h u + v w for the
    exact wave; of a line or a flat array d_x = sqrt(1 - u² - w²) or nothing depends on it.

    >>> array = Panel(horizontal=2, vertical=1, spacing=0.15).array(0.3)
    >>> steering_at(torch.tensor([[1.0, 0.0, 0.0]]), array).imag  # endfire, far away: 180° between the two
    tensor([[-1., 1.]])

    Args:
        cosines: (..., source, 3), (u, w, q) in front of the array with q in 1/m, or (..., source, 4), (d_x, u, w, q).
        array: the array.
        taper: divide by S, the distance to the element over the distance to the centre (then ‖a‖² is near N).

    Returns:
        (..., source, element), complex of the precision of `cosines`; (..., frequency, source, element) of an array
        with several wavelengths.

    Raises:
        InputError: cosines with neither 3 nor 4 coordinates.
    """
    return _received(*projections(cosines, array.local.to(cosines), flat=array.flat), array, taper=taper)


def _received(q: Tensor, rho2: Tensor, t: Tensor, array: Array, *, taper: bool) -> Waves:
    """The wave at elements of these projections."""
    a = waves(array.wavefront.excess(q, rho2, t), array.wavelengths)
    if not taper:
        return a
    ratio = relative_distance(q, rho2, t)
    return a / (ratio.unsqueeze(-3) if array.frequencies > 1 else ratio)


def _at_elements(positions: Positions, array: Array, elements: Tensor, *, taper: bool) -> Waves:
    """The wave about the array's centre at elements that may be anywhere, each batch with its own."""
    turn = array.pose.rotation.mT @ array.frame.rotation
    local = array.local.to(positions) + (elements - array.elements.to(elements)).to(positions) @ turn.to(positions)
    parts = projections(whole_cosines(positions, array), local.unsqueeze(-3), flat=False)
    return _received(*parts, array, taper=taper)


def projections(
    cosines: Cosines, elements: Float[Tensor, "*place element 3"], *, flat: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """q, rho² and t = q_n · d of every source and element, broadcast to (..., source, element).

    >>> q, rho2, t = projections(torch.tensor([[0.6, 0.8, 0.5]]), torch.tensor([[0.0, 0.3, 0.4]]), flat=True)
    >>> q, rho2, t
    (tensor([[0.5000]]), tensor([0.2500]), tensor([[0.5000]]))

    Args:
        cosines: (..., source, 3) or (..., source, 4).
        elements: (element, 3) for all, or (..., source, element, 3).
        flat: whether every x is zero, so that d_x is not needed.

    Raises:
        InputError: cosines with neither 3 nor 4 coordinates.
    """
    if cosines.shape[-1] not in {3, 4}:
        raise InputError(
            "cosines (u, w, q) or (d_x, u, w, q)", f"shape {tuple(cosines.shape)}", "a coordinate left out",
            "pass them on the last axis, q = 0 for the far field",
        )  # fmt: skip
    x, h, v = elements.unbind(-1)
    u, w, q = cosines[..., -3:].split(1, dim=-1)
    if flat:
        return q, torch.addcmul(h * h, v, v), torch.addcmul(h * u, v, w)
    forward = cosines[..., :1] if cosines.shape[-1] == 4 else forward_cosine(u, w)
    return q, x.square() + h.square() + v.square(), x * forward + h * u + v * w


def phases_at(cosines: Cosines, array: Array) -> Float[Tensor, "... source element"]:
    """The phases p of `steering_at`, -k0 delta, with all their turns: λ ∂a/∂λ = -j p a.

    >>> array = Panel(horizontal=12, vertical=1, spacing=0.15).array(0.3)
    >>> phases = phases_at(torch.tensor([[1.0, 0.0, 0.0]]), array)[0]  # endfire, far away: 180° a step
    >>> phases.diff().rad2deg().round()[:3], (phases[-1] - phases[0]).rad2deg().round()
    (tensor([180., 180., 180.]), tensor(1980.))

    Args:
        cosines: (..., source, 3) or (..., source, 4), as in `steering_at`.
        array: the array.

    Returns:
        (..., source, element), or (..., frequency, source, element), radians.
    """
    excess = array.wavefront.excess(*projections(cosines, array.local.to(cosines), flat=array.flat))
    return _phases(excess, array.wavelengths)


def _phases(excess: Float[Tensor, "*batch source element"], wavelengths: tuple[float, ...]) -> Tensor:
    """-k0 delta; several wavelengths make an axis before the sources."""
    if len(wavelengths) == 1:
        return excess * wavenumber(wavelengths[0])
    return excess.unsqueeze(-3) * wavenumbers(wavelengths, excess)


def waves(excess: Float[Tensor, "*batch source element"], wavelengths: tuple[float, ...]) -> Waves:
    """exp(-j k0 delta); several wavelengths make an axis before the sources."""
    phase = _phases(excess, wavelengths)
    return torch.complex(phase.cos(), phase.sin())


def wavenumber(wavelength: float) -> float:
    """-2π/λ: the phase of a wave falls along its way."""
    return -2 * math.pi / wavelength


def wavenumbers(wavelengths: tuple[float, ...], like: Tensor) -> Float[Tensor, "frequency 1 1"]:
    """-2π/λ of several wavelengths, for broadcasting with (..., frequency, source, element)."""
    return like.new_tensor([wavenumber(x) for x in wavelengths])[:, None, None]


def steering(
    positions: Positions, array: Array, *, taper: bool = False,
    elements: Float[Tensor, "*batch element 3"] | None = None,
) -> Waves:  # fmt: skip
    """Steering vectors a(p) at positions in the world: phases of |p - q_n| - |p|, whatever the array.

    >>> array = Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)
    >>> steering(torch.tensor([[0.4, 0.2, 3.0], [0.4, 0.2, math.inf]]), array).shape
    torch.Size([2, 144])

    Args:
        positions: (..., source, 3), radians, radians, metres; an infinite distance is a plane wave.
        array: the array.
        taper: as in `steering_at`.
        elements: (..., element, 3), metres in the array's own axes, of elements that are elsewhere than it says.

    Returns:
        As `steering_at`; the phase of each vector refers to the origin, which is the array's centre as a rule.

    Raises:
        InputError: a distance that is not positive, an angle out of range, or a direction behind a panel in x = 0.
    """
    check_visible(positions, array)
    if elements is None:
        a = steering_at(to_cosines(positions, array), array, taper=taper)
    else:
        a = _at_elements(positions, array, elements, taper=taper)
    return a if array.frame.centred else a * centre_phase(positions, array)[..., None]


def centre_phase(positions: Positions, array: Array) -> Complex[Tensor, "... source"]:
    """exp(-j k0 (|p - c| - |p|)) for the array's centre c: by what `steering` differs from `steering_at`.

    >>> array = Points([[0.1, -0.1, 0.0], [0.1, 0.1, 0.0]], 0.3)  # its centre is a third of a wavelength nearer
    >>> centre_phase(torch.tensor([[0.0, 0.0, 5.0]]), array).angle().rad2deg().round()
    tensor([120.])

    Returns:
        (..., [frequency,] source); ones where the centre is the origin.
    """
    cosines = torch.cat([toward(positions), 1 / positions[..., 2:]], dim=-1)
    centre = array.frame.centre.to(positions)[None]
    return waves(array.wavefront.excess(*projections(cosines, centre, flat=False)), array.wavelengths).squeeze(-1)
