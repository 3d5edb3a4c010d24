"""Where things are: panel elements, and positions as (azimuth, elevation, distance), (u, w, q) and xyz."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..shapes import Cosines, Elements, Positions


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A rectangular panel in the plane x = 0 that looks along +x, centred on the origin.

    Element n = j N_H + i sits at q_n = (0, (i - (N_H - 1)/2) d, (j - (N_V - 1)/2) d), so that
    `x.reshape(vertical, horizontal)` is the panel as one sees it.

    Args:
        horizontal: N_H, elements along y.
        vertical: N_V, elements along z.
        spacing: d in metres.
    """

    horizontal: int
    vertical: int
    spacing: float

    def __post_init__(self) -> None:
        if self.horizontal < 1 or self.vertical < 1 or not 0 < self.spacing < math.inf:
            raise InputError(
                "a panel of at least 1 x 1 elements with a positive spacing in metres",
                f"{self.horizontal} x {self.vertical} with spacing {self.spacing}",
                "a spacing given in wavelengths, or a missing size",
                "pass element counts and the spacing in metres",
            )

    def elements(self, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu") -> Elements:
        """Element centres in metres, shape (element, 3)."""
        h = (torch.arange(self.horizontal, dtype=dtype, device=device) - (self.horizontal - 1) / 2) * self.spacing
        v = (torch.arange(self.vertical, dtype=dtype, device=device) - (self.vertical - 1) / 2) * self.spacing
        vv, hh = torch.meshgrid(v, h, indexing="ij")
        return torch.stack([torch.zeros_like(hh), hh, vv], dim=-1).reshape(-1, 3)


def check_positions(positions: Positions) -> None:
    """Refuse positions that no panel can see: distance not positive, direction behind, or not a number.

    Raises:
        InputError: naming the first offending source.
    """
    azimuth, elevation, distance = positions.unbind(-1)
    half_turn = math.pi / 2
    tests = (
        (distance > 0, "a positive distance in metres", "distance", "a sign, or a field left at zero"),
        (azimuth.abs() < half_turn, "an azimuth inside (-π/2, π/2): the panel looks along +x", "azimuth",
         "degrees passed as radians, or a direction behind the panel"),
        (elevation.abs() < half_turn, "an elevation inside (-π/2, π/2)", "elevation", "degrees passed as radians"),
    )  # fmt: skip
    for good, wanted, name, cause in tests:
        if not bool(good.all()):
            bad = positions[~good][0].tolist()
            raise InputError(
                wanted,
                f"(azimuth, elevation, distance) = ({bad[0]:.6g} rad, {bad[1]:.6g} rad, {bad[2]:.6g} m)",
                cause,
                f"check the {name} of this source; angles are radians, distances metres",
            )


def cosines_from_positions(positions: Positions) -> Cosines:
    """(φ, θ, r) to (u, w, q): u = cosθ sinφ, w = sinθ, q = 1/r; an infinite distance is q = 0."""
    azimuth, elevation, distance = positions.unbind(-1)
    return torch.stack([elevation.cos() * azimuth.sin(), elevation.sin(), 1 / distance], dim=-1)


def positions_from_cosines(cosines: Cosines) -> Positions:
    """(u, w, q) to (φ, θ, r) on the panel's front side: θ = asin w, φ = asin(u / cosθ), r = 1/q."""
    u, w, q = cosines.unbind(-1)
    forward = (1 - u.square() - w.square()).clamp_min(0).sqrt()
    return torch.stack([torch.atan2(u, forward), torch.asin(w.clamp(-1, 1)), 1 / q], dim=-1)


def cartesian_from_positions(positions: Positions) -> Float[Tensor, "*batch source 3"]:
    """(φ, θ, r) to metres: xyz = r (cosθ cosφ, cosθ sinφ, sinθ)."""
    azimuth, elevation, distance = positions.unbind(-1)
    across = distance * elevation.cos()
    return torch.stack([across * azimuth.cos(), across * azimuth.sin(), distance * elevation.sin()], dim=-1)


def positions_from_cartesian(xyz: Float[Tensor, "*batch source 3"]) -> Positions:
    """Metres to (φ, θ, r), the inverse of `cartesian_from_positions`."""
    x, y, z = xyz.unbind(-1)
    distance = xyz.norm(dim=-1)
    return torch.stack([torch.atan2(y, x), torch.asin((z / distance).clamp(-1, 1)), distance], dim=-1)


def position_jacobian(cosines: Cosines) -> Float[Tensor, "*batch source 3 3"]:
    """∂(φ, θ, r)/∂(u, w, q), rows (φ, θ, r) and columns (u, w, q).

    With f = sqrt(1 - u² - w²): φ = atan2(u, f), θ = asin w, r = 1/q give
    ∂φ/∂u = 1/f, ∂φ/∂w = u w / (f (1 - w²)), ∂θ/∂w = 1/sqrt(1 - w²), ∂r/∂q = -1/q².
    """
    u, w, q = cosines.unbind(-1)
    forward = (1 - u.square() - w.square()).sqrt()
    jacobian = cosines.new_zeros((*cosines.shape[:-1], 3, 3))
    jacobian[..., 0, 0] = 1 / forward
    jacobian[..., 0, 1] = u * w / (forward * (1 - w.square()))
    jacobian[..., 1, 1] = 1 / (1 - w.square()).sqrt()
    jacobian[..., 2, 2] = -1 / q.square()
    return jacobian
