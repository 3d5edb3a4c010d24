"""Where sources are: positions as (azimuth, elevation, distance), (u, w, q) and xyz."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..shapes import Cosines, Positions


def check_positions(positions: Positions, *, in_front: bool = True) -> None:
    """Refuse positions that no array can see: distance not positive, angles out of range, or not a number.

    >>> check_positions(torch.tensor([[0.4, 0.2, 3.0]]))
    >>> check_positions(torch.tensor([[30.0, 0.2, 3.0]]))
    Traceback (most recent call last):
    ris_pytorch_pipeline.errors.InputError: wanted an azimuth inside (-π/2, π/2): the panel looks along +x; got
    (azimuth, elevation, distance) = (30 rad, 0.2 rad, 3 m). Likely cause: degrees passed as radians, or a direction
    behind the panel. Next: check the azimuth of this source; angles are radians, distances metres.

    Args:
        positions: (..., source, 3), radians, radians, metres.
        in_front: whether the array is blind behind x = 0.

    Raises:
        InputError: naming the first offending source.
    """
    azimuth, elevation, distance = positions.unbind(-1)
    half_turn = math.pi / 2
    seen = azimuth.abs() < half_turn if in_front else azimuth.abs() <= math.pi
    span = "(-π/2, π/2): the panel looks along +x" if in_front else "[-π, π]"
    tests = (
        (distance > 0, "a positive distance in metres", "distance", "a sign, or a field left at zero"),
        (seen, f"an azimuth inside {span}", "azimuth", "degrees passed as radians, or a direction behind the panel"),
        (elevation.abs() <= half_turn, "an elevation inside (-π/2, π/2)", "elevation", "degrees passed as radians"),
    )
    for good, wanted, name, cause in tests:
        if not bool(good.all()):
            bad = positions[~good][0].tolist()
            raise InputError(
                wanted,
                f"(azimuth, elevation, distance) = ({bad[0]:.6g} rad, {bad[1]:.6g} rad, {bad[2]:.6g} m)",
                cause,
                f"check the {name} of this source; angles are radians, distances metres",
            )


def forward_cosine(u: Tensor, w: Tensor) -> Tensor:
    """d_x = sqrt(1 - u² - w²) in front of an array, 0 beyond endfire.

    >>> forward_cosine(torch.tensor([0.6, 1.0]), torch.tensor([0.0, 0.2]))
    tensor([0.8000, 0.0000])
    """
    return (1 - u.square() - w.square()).clamp_min(0).sqrt()


def cosines_from_positions(positions: Positions) -> Cosines:
    """(φ, θ, r) to (u, w, q): u = cosθ sinφ, w = sinθ, q = 1/r; an infinite distance is q = 0.

    >>> cosines_from_positions(torch.tensor([[math.pi / 6, 0.0, 2.0], [0.0, math.pi / 6, math.inf]]))
    tensor([[0.5000, 0.0000, 0.5000],
            [0.0000, 0.5000, 0.0000]])
    """
    azimuth, elevation, distance = positions.unbind(-1)
    return torch.stack([elevation.cos() * azimuth.sin(), elevation.sin(), 1 / distance], dim=-1)


def positions_from_cosines(cosines: Cosines) -> Positions:
    """(u, w, q) to (φ, θ, r) on the panel's front side: θ = asin w, φ = asin(u / cosθ), r = 1/q.

    >>> positions_from_cosines(torch.tensor([[0.5, 0.0, 0.5], [0.0, 0.5, 0.0]]))
    tensor([[0.5236, 0.0000, 2.0000],
            [0.0000, 0.5236,    inf]])
    """
    u, w, q = cosines.unbind(-1)
    forward = forward_cosine(u, w)
    return torch.stack([torch.atan2(u, forward), torch.asin(w.clamp(-1, 1)), 1 / q], dim=-1)


def cartesian_from_positions(positions: Positions) -> Float[Tensor, "*batch source 3"]:
    """(φ, θ, r) to metres: xyz = r (cosθ cosφ, cosθ sinφ, sinθ).

    >>> cartesian_from_positions(torch.tensor([[0.0, 0.0, 2.0], [math.pi / 6, 0.0, 2.0]]))
    tensor([[2.0000, 0.0000, 0.0000],
            [1.7321, 1.0000, 0.0000]])
    """
    azimuth, elevation, distance = positions.unbind(-1)
    across = distance * elevation.cos()
    return torch.stack([across * azimuth.cos(), across * azimuth.sin(), distance * elevation.sin()], dim=-1)


def positions_from_cartesian(xyz: Float[Tensor, "*batch source 3"]) -> Positions:
    """Metres to (φ, θ, r), the inverse of `cartesian_from_positions`.

    >>> positions_from_cartesian(torch.tensor([[3.0, 0.0, 4.0]]))
    tensor([[0.0000, 0.9273, 5.0000]])
    """
    x, y, z = xyz.unbind(-1)
    distance = xyz.norm(dim=-1)
    return torch.stack([torch.atan2(y, x), torch.asin((z / distance).clamp(-1, 1)), distance], dim=-1)


def position_jacobian(cosines: Cosines) -> Float[Tensor, "*batch source 3 3"]:
    """∂(φ, θ, r)/∂(u, w, q), rows (φ, θ, r) and columns (u, w, q).

    With f = sqrt(1 - u² - w²): φ = atan2(u, f), θ = asin w, r = 1/q give
    ∂φ/∂u = 1/f, ∂φ/∂w = u w / (f (1 - w²)), ∂θ/∂w = 1/sqrt(1 - w²), ∂r/∂q = -1/q².

    >>> position_jacobian(torch.tensor([[0.6, 0.0, 0.5]]))[0]  # φ = 37°, r = 2 m
    tensor([[ 1.2500,  0.0000,  0.0000],
            [ 0.0000,  1.0000,  0.0000],
            [ 0.0000,  0.0000, -4.0000]])
    """
    u, w, q = cosines.unbind(-1)
    forward = forward_cosine(u, w).clamp_min(1e-9)
    jacobian = cosines.new_zeros((*cosines.shape[:-1], 3, 3))
    jacobian[..., 0, 0] = 1 / forward
    jacobian[..., 0, 1] = u * w / (forward * (1 - w.square()).clamp_min(1e-18))
    jacobian[..., 1, 1] = 1 / (1 - w.square()).clamp_min(1e-18).sqrt()
    jacobian[..., 2, 2] = -1 / q.square()
    return jacobian
