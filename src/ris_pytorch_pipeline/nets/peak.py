"""Where a map is highest: its best cell, and the place between the cells that a parabola through them shows."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from ..estimate import SearchGrid
from ..physics import Array, chart_at

_FARTHEST = 0.75
"""Longest step of the ascent, in steps of the grid."""
_LOADING = 1e-3
"""Part of its diagonal that is added to the spread of slopes: far away, distance and direction have slopes alike."""


@dataclass(frozen=True, eq=False)
class Cells:
    """What every map of a grid is read by: numbers of its cells, and values of its axes (u, w, q).

    Args:
        axes: the values of all axes, one axis after another.
        first: at which of them each axis begins.
        last: the last index of each axis.
        strides: of the index of each axis in the number of a cell.
        step: spacing of each axis.
        reach: the longest step of an ascent, in coordinates of the chart.
        depth: least and largest q that an ascent ends at.
    """

    axes: Float[Tensor, "value"]  # noqa: F821
    first: Int[Tensor, "3"]
    last: Int[Tensor, "3"]
    strides: Int[Tensor, "3"]
    step: Float[Tensor, "3"]
    reach: Float[Tensor, "3"]
    depth: tuple[float, float]


@lru_cache(maxsize=16)
def cells_of(grid: SearchGrid, dtype: torch.dtype, device: torch.device) -> Cells:
    """The cells of a grid for maps of a precision on a device; kept, because every look needs them."""
    n_u, n_w, n_q = grid.shape
    with torch.inference_mode(mode=False):
        step = torch.tensor(grid.step, dtype=dtype, device=device)
        around = step[:2].max().expand(2) if grid.angles else step[:2]
        return Cells(
            axes=torch.cat([grid.u, grid.w, grid.q]).to(device, dtype),
            first=torch.tensor([0, n_u, n_u + n_w], device=device),
            last=torch.tensor([n_u - 1, n_w - 1, n_q - 1], device=device),
            strides=torch.tensor([n_w * n_q, n_q, 1], device=device),
            step=step,
            reach=_FARTHEST * torch.cat([around, step[2:]]),
            depth=(0.8 * float(grid.q[0]), 1.15 * float(grid.q[-1])),
        )


def peak_of(
    energy: Float[Tensor, "scene n_u n_w n_q"], grid: SearchGrid
) -> tuple[Int[Tensor, "scene"], Float[Tensor, "scene 3"]]:  # noqa: F821
    """The highest cell of each scene, and the vertex of the parabola through it and its neighbours on each axis.

    With energies e₋, e_0, e₊ the vertex lies (e₊ - e₋)/(2 (2 e_0 - e₋ - e₊)) steps from the cell, at most half a step.

    Args:
        energy: on the grid, 0 where nothing is searched.
        grid: of the map.

    Returns:
        The number of the cell's direction, and the place on the grid's axes.
    """
    flat, cells = energy.flatten(1), cells_of(grid, energy.dtype, energy.device)
    cell = flat.argmax(1, keepdim=True)
    index = (cell // cells.strides) % (cells.last + 1)
    aside = cells.strides * ((index > 0) & (index < cells.last))  # on an edge the cell is its own neighbour
    best, below, above = flat.gather(1, torch.cat([cell, cell - aside, cell + aside], dim=1)).split([1, 3, 3], dim=1)
    bend = torch.sub(2 * best, below + above).clamp_min(1e-30)
    offset = ((above - below) / bend / 2).clamp(-0.5, 0.5)
    places = torch.addcmul(cells.axes[cells.first + index], offset, cells.step)
    return cell[:, 0] // grid.q.numel(), places


def ascended(
    place: Float[Tensor, "scene coordinate"],
    images: Complex[Tensor, "scene frequency row element"],
    array: Array,
    grid: SearchGrid,
) -> Float[Tensor, "scene coordinate"]:
    """One step uphill on E(p) = Σ_f Σ_l |a_f(p)^H z_fl|² from a place near a peak.

    A source alone has E_f = E_f0 (1 - δ^T C_f δ), with C the spread over the elements of the slopes of the phase, so
    that δ = C⁻¹ ∇E / (2 E) leads to its peak, with C the mean of all C_f weighted by E_f.

    Args:
        place: cosines to start at, (u, w, q) or (d_x, u, w, q).
        images: the rows z_l.
        array: the array.
        grid: how far a step may go, and in what field q stays.
    """
    cells, chart = cells_of(grid, place.dtype, place.device), chart_at(place[:, None], array)
    coordinates = chart.coordinates(place[:, None])
    vectors, slopes = _by_frequency(*chart.phase_slopes(coordinates), array)
    conjugate = vectors.conj()
    seen = images @ conjugate[..., None]  # a^H z_l
    parts = torch.view_as_real((seen.mH @ images)[..., 0, :] * conjugate)  # of each element in E, and in half its slope
    energies, pull = parts.unbind(-1)
    energy = energies.sum(-1).sum(1).clamp_min(1e-30)
    slope = (slopes @ pull[..., None])[..., 0].sum(1) / energy[:, None]
    slopes = slopes - slopes.mean(-1, keepdim=True)
    spread = slopes @ slopes.mT / slopes.shape[-1]
    spread = (spread * (energies.sum(-1) / energy[:, None])[..., None, None]).sum(1)
    spread.diagonal(dim1=-2, dim2=-1).mul_(1 + _LOADING).add_(1e-12)
    step = torch.cholesky_solve(slope[..., None], torch.linalg.cholesky(spread))[..., 0]
    direction, q = (coordinates[:, 0] + step.clamp(-cells.reach, cells.reach)).split([2, 1], dim=-1)
    direction = direction / (direction.norm(dim=-1, keepdim=True) / 0.99).clamp_min(1)
    return chart.cosines(torch.cat([direction, q.clamp(*cells.depth)], dim=-1)[:, None])[:, 0]


def _by_frequency(
    vectors: Tensor, slopes: Tensor, array: Array
) -> tuple[Complex[Tensor, "scene frequency element"], Float[Tensor, "scene frequency 3 element"]]:
    """Steering vectors and slopes of one source a scene, with an axis of frequencies where there is one as well."""
    if array.frequencies > 1:
        return vectors.squeeze(-2), slopes.squeeze(-2)
    return vectors, slopes.transpose(1, 2)
