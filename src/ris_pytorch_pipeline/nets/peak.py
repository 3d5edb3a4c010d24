"""Where a map is highest: its best cell, and the place between the cells that a parabola through them shows."""

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from ..estimate import SearchGrid
from ..physics import Array, chart_at

_FARTHEST = 0.75
"""Longest step of the ascent, in steps of the grid."""
_LOADING = 1e-3
"""Part of its diagonal that is added to the spread of slopes: far away, distance and direction have slopes alike."""


def peak_of(
    energy: Float[Tensor, "scene n_u n_w n_q"], grid: SearchGrid
) -> tuple[Int[Tensor, "scene"], Float[Tensor, "scene 3"]]:  # noqa: F821
    """The highest cell of each scene, and the vertex of the parabola through it and its neighbours on each axis.

    With energies e₋, e_0, e₊ the vertex lies (e₊ - e₋)/(2 (2 e_0 - e₋ - e₊)) steps from the cell, at most half a step.

    Args:
        energy: on the grid, 0 where nothing is searched.
        grid: of the map.

    Returns:
        The number of the cell's direction, and (u, w, q).
    """
    flat, (_, n_w, n_q) = energy.flatten(1), energy.shape[1:]
    axes, first, last, strides = _layout(grid, energy)
    cell = flat.argmax(1)
    direction = cell // n_q
    index = torch.stack([direction // n_w, direction % n_w, cell % n_q], dim=-1)
    inner, whole = (index > 0) & (index < last), cell[:, None]
    ends = torch.cat([whole, whole - strides * (index > 0), whole + strides * (index < last)], dim=1)
    best, below, above = flat.gather(1, ends).split([1, 3, 3], dim=1)
    bend = torch.sub(2 * best, below + above).clamp_min(1e-30)
    offset = ((above - below) / bend / 2).clamp(-0.5, 0.5) * inner
    places = torch.addcmul(axes[first + index], offset, axes.new_tensor(grid.step))
    return direction, places


def _layout(grid: SearchGrid, like: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The values of all axes, and of each axis the number of its first one, its last index and its stride."""
    n_u, n_w, n_q = grid.shape
    axes = torch.cat([grid.u, grid.w, grid.q]).to(like)
    numbers = torch.tensor(
        [[0, n_u, n_u + n_w], [n_u - 1, n_w - 1, n_q - 1], [n_w * n_q, n_q, 1]], device=like.device
    )  # fmt: skip
    first, last, strides = numbers.unbind(0)
    return axes, first, last, strides


def ascended(
    place: Float[Tensor, "scene 3"], images: Complex[Tensor, "scene row element"], array: Array, grid: SearchGrid
) -> Float[Tensor, "scene 3"]:
    """One step uphill on E(p) = Σ_l |a(p)^H z_l|² from a place near a peak.

    A source alone has E = E_0 (1 - δ^T C δ), with C the spread over the elements of the slopes of the phase, so that
    δ = C⁻¹ ∇E / (2 E) leads to its peak.

    Args:
        place: (u, w, q) to start at.
        images: the rows z_l.
        array: the array.
        grid: how far a step may go, and in what field q stays.
    """
    chart = chart_at(place, array)
    vectors, derivatives = (x.squeeze(-2) for x in chart.steering_with_derivatives(place[:, None]))
    seen = torch.view_as_real(torch.cat([vectors[:, None], derivatives], dim=1).conj() @ images.mT).flatten(2)
    inner = seen[:, :1] @ seen.mT  # (scene, 1, 4): Σ_l |a^H z_l|² and its slopes, halved
    slope = inner[:, 0, 1:] / inner[:, 0, :1].clamp_min(1e-30)
    phases = (derivatives * vectors.conj()[:, None]).imag
    phases = phases - phases.mean(-1, keepdim=True)
    spread = phases @ phases.mT / phases.shape[-1]
    spread.diagonal(dim1=-2, dim2=-1).mul_(1 + _LOADING).add_(1e-12)
    reach = _FARTHEST * place.new_tensor(grid.step)
    step = torch.cholesky_solve(slope[..., None], torch.linalg.cholesky(spread))[..., 0].clamp(-reach, reach)
    direction, q = (place + step).split([2, 1], dim=-1)
    direction = direction / (direction.norm(dim=-1, keepdim=True) / 0.99).clamp_min(1)
    return torch.cat([direction, q.clamp(0.8 * float(grid.q[0]), 1.15 * float(grid.q[-1]))], dim=-1)
