"""Which few functions of the elements stand for how a wave bends over a panel, in every direction and plane?"""

import warnings
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..estimate import SearchGrid
from ..physics import Array, phases_at
from .beam_sizes import check_fits

_SHARE = 0.95
"""Mean share of a source's energy, over the directions, beyond which a plane needs no more foci."""
_MOST = 8
"""Foci: a fixed number keeps the cost of all transforms at N log N."""
_LEAST_SHARE = 0.75
"""Mean share of a plane below which it is said that beams by transforms lose too much there."""
_SAMPLED = 64
"""Directions of each plane from which the foci are made."""
_ROUNDING = 1e-10
"""Of the largest singular value squared: smaller ones are rounding."""
_BLOCK_BYTES = 1 << 22
"""Of bent waves made at a time."""


@dataclass(frozen=True, eq=False)
class Foci:
    """The bending of a wave, a(u, w, q) over a(u, w, 0), as a sum Σ_r c_r f_r of a few functions of the elements.

    Far away nothing bends and one focus serves; the nearer the planes and the larger the panel, the more are needed.

    Args:
        shapes: f_r, of unit norm.
        parts: c_r of each direction and plane, scaled to ‖Σ c_r f_r‖² = N; 0 where nothing is searched.
        kept: the share of a source's energy that it has at its own place; 0 where nothing is searched.
    """

    shapes: Complex[Tensor, "focus element"]
    parts: Complex[Tensor, "n_u n_w n_q focus"]
    kept: Float[Tensor, "n_u n_w n_q"]


def foci_of(array: Array, grid: SearchGrid) -> Foci:
    """The fewest foci that keep 95 % of a source's energy in each plane, averaged over directions; 8 at most.

    They are the first singular vectors of the bending from some directions in all planes.

    >>> from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
    >>> from ris_pytorch_pipeline.physics import Panel
    >>> array, ends = Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3), ((5.0, 50.0), (20.0, 50.0))
    >>> grids = [search_grid(SearchRegion(distance=distance), array) for distance in ends]
    >>> [len(foci_of(array, grid).shapes) for grid in grids]  # the nearer, the more
    [2, 1]

    Args:
        array: flat.
        grid: over which they keep it.

    Raises:
        InfeasibleError: so many cells that the parts do not fit.

    Warns:
        UserWarning: a plane keeps less than 75 %.
    """
    shapes = _shapes(array, grid).to(torch.complex64)
    check_fits(mix_bytes(grid, len(shapes)), f"{len(shapes)} foci of {grid.size} cells", array)
    directions = grid.directions[grid.valid].float()
    each = max(1, _BLOCK_BYTES // (8 * len(array) * grid.q.numel()))
    found = torch.cat([_bent(some, array, grid.q.float()) @ shapes.mH for some in directions.split(each)])
    kept = found.abs().square().sum(-1) / len(array)
    parts = torch.zeros((*grid.shape, len(shapes)), dtype=torch.complex64, device=found.device)
    shares = torch.zeros(grid.shape, device=found.device)
    parts[grid.valid], shares[grid.valid] = found / kept.sqrt().clamp_min(1e-6)[..., None], kept
    _tell_of_loss(kept.mean(0), grid, array)
    return Foci(shapes, parts, shares)


def _tell_of_loss(kept: Float[Tensor, "n_q"], grid: SearchGrid, array: Array) -> None:  # noqa: F821
    """Warn where the planes are too near for so few foci."""
    share, worst = (float(each) for each in kept.min(0))
    if share < _LEAST_SHARE:
        warnings.warn(
            f"beams by transforms keep {share:.0%} of a source's energy at {1 / float(grid.q[int(worst)]):.2g} m from "
            f"{array}, on average over directions: it is too near for {_MOST} foci. beams = 'exact' keeps all",
            stacklevel=4,
        )


def mix_bytes(grid: SearchGrid, foci: int) -> int:
    """Of the parts as real matrices, see `TransformedBeams`."""
    return 16 * grid.valid.numel() * grid.q.numel() * foci


def sampled_bytes(array: Array, grid: SearchGrid) -> int:
    """Of the waves that the foci are found from."""
    return 32 * _SAMPLED * grid.q.numel() * len(array)


def _shapes(array: Array, grid: SearchGrid) -> Complex[Tensor, "focus element"]:
    """The singular vectors of some waves, as many as others between them need."""
    made, asked = _sampled(array, grid, 0), _sampled(array, grid, 1)  # (direction, plane, element)
    rows = made.flatten(0, 1)
    values, vectors = torch.linalg.eigh(rows.conj() @ rows.mT)
    values, vectors = values.flip(0), vectors.flip(1)
    rank = int((values > _ROUNDING * values[0]).sum())
    shapes = (vectors[:, :rank] / values[:rank].sqrt()).mT @ rows
    share = (asked @ shapes.mH).abs().square().cumsum(-1).mean(0)  # (plane, focus)
    needed = int((share.amin(0) < _SHARE).sum()) + 1
    return shapes[: min(needed, _MOST)]


def _sampled(array: Array, grid: SearchGrid, start: int) -> Complex[Tensor, "direction n_q element"]:
    """How waves of unit norm bend that come from every second of the sampled directions, from the first or second on.

    Of few directions the first and the second ones are the same.
    """
    directions = grid.directions[grid.valid].double()
    count = 2 * _SAMPLED if len(directions) >= 2 * _SAMPLED else len(directions)
    some = directions[torch.linspace(0, len(directions) - 1, count).round().long()]
    some = some[start::2] if count < len(directions) else some
    return _bent(some, array, grid.q.double()) / len(array) ** 0.5


def _bent(
    directions: Float[Tensor, "direction 2"], array: Array, q: Float[Tensor, "n_q"]  # noqa: F821
) -> Complex[Tensor, "direction n_q element"]:  # fmt: skip
    """a(u, w, q) over a(u, w, 0)."""
    planes = torch.cat([q.new_zeros(1), q])
    points = torch.cat(
        [directions[:, None].expand(-1, len(planes), -1), planes[None, :, None].expand(len(directions), -1, -1)], dim=-1
    )
    phase = phases_at(points, array)
    bend = phase[:, 1:] - phase[:, :1]
    return torch.polar(torch.ones_like(bend), bend)
