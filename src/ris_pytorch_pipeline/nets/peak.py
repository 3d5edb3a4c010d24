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
    flat, shape = energy.flatten(1), energy.shape[1:]
    cell = flat.argmax(1)
    strides = (shape[1] * shape[2], shape[2], 1)
    index = [cell // stride % size for stride, size in zip(strides, shape, strict=True)]
    best = flat.gather(1, cell[:, None])[:, 0]
    places = []
    for axis, at, stride in zip((grid.u, grid.w, grid.q), index, strides, strict=True):
        last = axis.numel() - 1
        below, above = (
            flat.gather(1, (cell + stride * ((at + side).clamp(0, last) - at))[:, None])[:, 0] for side in (-1, 1)
        )
        offset = (above - below) / (2 * (2 * best - below - above)).clamp_min(1e-30)
        offset = offset.clamp(-0.5, 0.5).masked_fill((at == 0) | (at == last), 0)
        values = axis.to(energy)
        step = values[1] - values[0] if last else values.new_zeros(())
        places.append(values[at] + offset * step)
    return cell // shape[2], torch.stack(places, dim=-1)


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
    vectors, derivatives = chart.steering_with_derivatives(place[:, None])
    beams = torch.cat([vectors, derivatives[:, :, 0]], dim=1).conj() @ images.mT  # (scene, 4, row)
    energy = torch.view_as_real(beams[:, 0]).square().sum(dim=(-1, -2))
    slope = (beams[:, :1].conj() * beams[:, 1:]).real.sum(-1) / energy.clamp_min(1e-30)[:, None]
    phases = (derivatives[:, :, 0] * vectors.conj()).imag
    phases = phases - phases.mean(-1, keepdim=True)
    spread = phases @ phases.mT / phases.shape[-1]
    spread = spread + torch.diag_embed(_LOADING * spread.diagonal(dim1=-2, dim2=-1) + 1e-12)
    reach = _FARTHEST * place.new_tensor(grid.step)
    step = torch.linalg.solve(spread, slope).clamp(-reach, reach)
    direction, q = (place + step).split([2, 1], dim=-1)
    direction = direction / (direction.norm(dim=-1, keepdim=True) / 0.99).clamp_min(1)
    return torch.cat([direction, q.clamp(0.8 * float(grid.q[0]), 1.15 * float(grid.q[-1]))], dim=-1)
