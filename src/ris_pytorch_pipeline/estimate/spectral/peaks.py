"""Where a spectrum has its peaks: maxima over direction of the best plane along each ridge, then off the grid."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor
from torch.nn.functional import max_pool2d

from ...physics import Array, chart_at
from ..grid import SearchGrid
from ..ml.levenberg import Box, Local, minimise

Starts = Float[Tensor, "scene candidate coordinate"]
Volume = Float[Tensor, "scene n_u n_w n_q"]
_SCENES, _TILE_BYTES = 32, 1 << 21
"""Scenes that climb together, and bytes of derivatives that more of them may have: of small arrays a call costs more
than its work, and of large ones what pages in more than what stays in cache."""


@dataclass(frozen=True, eq=False)
class Peaks:
    """Candidate positions, best first; slots without a peak are invalid.

    Args:
        cosines: (scene, candidate, 3), (u, w, q), or (scene, candidate, 4), (d_x, u, w, q), of a deep array.
        score: (scene, candidate), height; -inf where invalid.
        settled: (scene, candidate), False where refinement stopped at its iteration limit.
    """

    cosines: Float[Tensor, "scene candidate coordinate"]
    score: Float[Tensor, "scene candidate"]
    settled: Bool[Tensor, "scene candidate"]


def grid_peaks(volume: Volume, grid: SearchGrid, candidates: int, per_direction: int = 1) -> tuple[Starts, Tensor]:
    """Local maxima over (u, w) of a spectrum in which every source is a ridge along q.

    The volume is collapsed by its maximum over planes, because plain maxima in three dimensions return one source
    twice. A direction gives further planes only where the spectrum falls below 0.7 of the lesser peak in between.

    Args:
        volume: (scene, n_u, n_w, n_q), heights >= 0; -inf where nothing was searched.
        grid: the axes.
        candidates: most peaks per scene.
        per_direction: most planes per direction.

    Returns:
        (scene, candidate, coordinate) cosines and (scene, candidate) heights, best first; -inf marks an empty slot.
    """
    ridge, plane = volume.max(dim=-1)
    top = (max_pool2d(ridge[:, None], 3, stride=1, padding=1).squeeze(1) == ridge) & (ridge > -torch.inf)
    height, flat = ridge.masked_fill(~top, -torch.inf).flatten(1).topk(min(candidates, ridge[0].numel()), dim=-1)
    i, j = flat // ridge.shape[-1], flat % ridge.shape[-1]
    scene = torch.arange(volume.shape[0], device=volume.device)[:, None]
    first = plane[scene, i, j]
    planes, heights = [first], [height]
    along = volume[scene, i, j]
    for _ in range(per_direction - 1):
        further, level = _next_plane(along, torch.stack(planes, dim=-1))
        planes.append(further)
        heights.append(level.masked_fill(height == -torch.inf, -torch.inf))
    height, k = torch.cat(heights, dim=-1), torch.cat(planes, dim=-1)
    i, j = i.repeat(1, per_direction), j.repeat(1, per_direction)
    height, best = height.topk(min(candidates, height.shape[-1]), dim=-1)
    points = torch.cat([grid.directions[i, j], grid.q[k][..., None]], dim=-1)
    return points.gather(1, best[..., None].expand(-1, -1, points.shape[-1])), height


def _next_plane(along: Tensor, taken: Tensor) -> tuple[Tensor, Tensor]:
    """The best further plane along each ridge beyond a valley of 0.7 of its height; -inf where there is none."""
    count = along.shape[-1]
    index = torch.arange(count, device=along.device)
    low = torch.minimum(index[:, None], taken[..., None, :])[..., None]
    high = torch.maximum(index[:, None], taken[..., None, :])[..., None]
    between = (index >= low) & (index <= high)  # scene, direction, plane, taken, plane
    valley = along[..., None, None, :].expand(between.shape).masked_fill(~between, torch.inf).amin(-1).amax(-1)
    level, plane = along.masked_fill(valley >= 0.7 * along, -torch.inf).max(dim=-1)
    return plane, level


def candidates(sources: int) -> int:
    """Peaks of the grid that are refined to find so many sources."""
    return 2 * sources + 2


def climbing_together(candidates: int, array: Array) -> int:
    """Scenes with so many candidates each that are refined at a time."""
    derivatives = 3 * 16 * candidates * len(array) * array.frequencies
    return max(_SCENES, _TILE_BYTES // derivatives)


def climb(
    starts: Starts,
    columns: Complex[Tensor, "scene *frequency element column"],
    array: Array,
    grid: SearchGrid,
    iterations: int,
) -> Peaks:
    """Refine starts off the grid: Levenberg-Marquardt on D = 1 - ‖V^H a(p)‖²/N over (a, b, q), each on its own.

    The curvature is -2 Re(∂a^H V V^H ∂a + a^H V V^H ∂²a)/N, where ∂²a keeps the products of first derivatives of the
    phase; where that is not positive definite, the Gauss-Newton form 2 Re(∂a^H (I - V V^H) ∂a)/N stands in. A
    coordinate at the edge of the region is held there while the others move on. Of several wavelengths D is the mean:
    with their steering vectors one below the other, and V block-diagonal, it is the same D of F N elements.

    Args:
        starts: (scene, candidate, coordinate), cosines.
        columns: V, (scene, [frequency,] element, column), largest singular value at most 1.
        array: the array.
        grid: the box.
        iterations: most steps.

    Returns:
        Peaks in the order of the starts, scored by ‖V^H a‖²/N.
    """
    scenes, each = starts.shape[:2]
    alone = starts.flatten(0, 1).unsqueeze(1)  # (start, 1, coordinate): one that is settled is not looked at again
    size, chart = len(array) * array.frequencies, chart_at(alone, array)
    flat = chart.coordinates(alone).squeeze(1)

    def evaluate(point: Tensor, rows: Tensor) -> Local:
        a, slopes = chart[rows].steering_with_derivatives(point.unsqueeze(1))
        mine = columns[rows // each]
        beams, slope = a @ mine.conj(), slopes @ mine.conj().unsqueeze(-3)
        projected = beams @ mine.mT
        if array.frequencies > 1:
            a, slopes, beams, slope, projected = (_stacked(part) for part in (a, slopes, beams, slope, projected))
        value = 1 - torch.view_as_real(beams).square().sum(dim=(-1, -2)) / size
        gradient = -2 / size * (slope * beams.conj()[:, None]).sum(-1).real.transpose(1, 2)
        curvature = 2 / size * _curvature(a, slopes, projected, slope)
        return Local(*(part.squeeze(1) for part in (value, gradient, curvature)))

    bounds = flat.new_tensor(grid.box)
    box = Box(bounds[:, 0], bounds[:, 1], flat.new_tensor(grid.strides), sources=1)
    end = minimise(evaluate, flat, box, iterations=iterations, tolerance=1e-11)
    shape = (scenes, each)
    cosines = chart.cosines(end.point.unsqueeze(1)).squeeze(1).unflatten(0, shape)
    return Peaks(cosines, 1 - end.value.unflatten(0, shape), end.converged.unflatten(0, shape))


def _stacked(vectors: Tensor) -> Tensor:
    """Vectors of all wavelengths one below the other: (scene, frequency, ..., n) as (scene, ..., frequency n)."""
    return vectors.movedim(1, -2).flatten(-2)


def _curvature(a: Tensor, slopes: Tensor, projected: Tensor, beam_slopes: Tensor) -> Tensor:
    """N/2 times the Hessian of D, (scene, candidate, 3, 3): Newton near a peak, Gauss-Newton elsewhere.

    Args:
        a: (scene, candidate, element).
        slopes: ∂a, (scene, 3, candidate, element).
        projected: V V^H a, (scene, candidate, element).
        beam_slopes: V^H ∂a, (scene, 3, candidate, column).
    """
    inside = torch.einsum("sxcn,sycn->scxy", beam_slopes, beam_slopes.conj()).real
    turn = (projected * a).conj()[:, None]
    newton = -inside - torch.einsum("sxcn,sycn->scxy", slopes * turn, slopes).real
    gauss = torch.einsum("sxcn,sycn->scxy", slopes, slopes.conj()).real - inside
    _, failed = torch.linalg.cholesky_ex(newton)
    return torch.where((failed == 0)[..., None, None], newton, gauss)


def keep_distinct(peaks: Peaks, keep: int, radius: tuple[float, ...]) -> Peaks:
    """The best peaks that no better one suppresses, padded with -inf scores.

    A peak suppresses another one when the two lie within an ellipse of directions and within a range of q.

    Args:
        peaks: candidates.
        keep: how many to keep.
        radius: half axes of each direction cosine, and the range in q.
    """
    order = peaks.score.argsort(dim=-1, descending=True)
    width = peaks.cosines.shape[-1]
    cosines = peaks.cosines.gather(1, order[..., None].expand(-1, -1, width))
    score, settled = peaks.score.gather(1, order), peaks.settled.gather(1, order)
    offset = (cosines[:, :, None] - cosines[:, None, :]) / cosines.new_tensor(radius)
    close = (offset[..., :-1].square().sum(-1) < 1) & (offset[..., -1].abs() < 1)
    alive = score > -torch.inf
    for k in range(score.shape[1] - 1):
        alive[:, k + 1 :] &= ~(close[:, k, k + 1 :] & alive[:, k, None])
    score = score.masked_fill(~alive, -torch.inf)
    score, best = score.topk(min(keep, score.shape[1]), dim=-1)
    return Peaks(cosines.gather(1, best[..., None].expand(-1, -1, width)), score, settled.gather(1, best))
