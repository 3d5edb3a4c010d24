"""Which cells of a heat-map are candidates, and what covariance they add up to."""

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor
from torch.nn.functional import logsigmoid

from ..physics import Array, steering_at
from ..shapes import Cosines
from .prediction import Columns

_APART = 1.0
"""Cells that state directions closer than this, in steps of the grid (half a beamwidth), mean one source."""
_LOOKED_AT = 8
"""Hottest cells among which each candidate is looked for."""


def candidate_cells(
    heat: Float[Tensor, "scene n_u n_w"], places: Float[Tensor, "scene n_u n_w 2"], rank: int
) -> tuple[Int[Tensor, "scene rank"], Float[Tensor, "scene rank"]]:
    """The hottest cells that state directions of their own: one by one, and what states the same direction is left out.

    The cells around a source all state its direction, so that a second source is seen even in the cell next to it,
    where a map of local maxima has none.

    >>> import torch
    >>> heat = torch.tensor([[[5.0, 4.0, -2.0]]])  # three cells, of which the first two state one direction
    >>> places = torch.tensor([[[[0.4, 0.0], [0.6, 0.0], [2.0, 0.0]]]])
    >>> candidate_cells(heat, places, rank=2)
    (tensor([[0, 2]]), tensor([[ 5., -2.]]))

    Args:
        heat: log odds per direction cell.
        places: direction that each cell states on the axes, in steps of the grid.
        rank: how many.

    Returns:
        Cells, hottest first, and their heat; -inf where no further direction is stated (the cell is any then).
    """
    hottest, cells = heat.detach().flatten(1).topk(min(_LOOKED_AT * rank, heat[0].numel()), dim=1)
    places = places.detach().flatten(1, 2).gather(1, cells[..., None].expand(-1, -1, 2))
    picked, scores = [], []
    for _ in range(rank):
        score, best = hottest.max(1, keepdim=True)
        picked.append(best)
        scores.append(score)
        place = places.gather(1, best[..., None].expand(-1, -1, 2))
        hottest = hottest.masked_fill((places - place).square().sum(-1) < _APART**2, -torch.inf)
    chosen = cells.gather(1, torch.cat(picked, dim=1))
    return chosen, heat.flatten(1).gather(1, chosen).masked_fill(torch.cat(scores, dim=1).isneginf(), -torch.inf)


def candidate_factors(
    candidates: Cosines,
    scores: Float[Tensor, "scene rank"],
    gains: Float[Tensor, "scene rank"],
    array: Array,
    floor: float,
) -> Complex[Tensor, "scene element rank"]:
    """F = [sqrt(w_k) a_k] with Σ w_k = 1 - floor, so that F F^H + floor I has trace N, at the middle wavelength.

    The share of a candidate is its probability of being a source times a learned power: w ∝ σ(score) exp(gain).

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Panel
    >>> array = Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3)
    >>> candidates = torch.tensor([[[0.0, 0.0, 0.5], [0.4, 0.1, 0.2]]])  # (u, w, q), q in 1/m
    >>> scores = torch.tensor([[3.0, -torch.inf]])  # the second is none
    >>> factors = candidate_factors(candidates, scores, torch.zeros(1, 2), array, floor=1e-3)
    >>> factors.abs().square().sum(1)  # 16 (1 - floor) in all
    tensor([[15.9840,  0.0000]])

    Args:
        candidates: (scene, rank, 3), or (scene, rank, 4) of a deep array.
        scores: log odds of each; -inf leaves a candidate out.
        gains: log power.
        array: the array.
        floor: ε.
    """
    absent = scores.isneginf()
    logits = (logsigmoid(scores.masked_fill(absent, 0)) + gains).masked_fill(absent, -torch.inf)
    share = (1 - floor) * logits.softmax(-1)
    amplitude = share.masked_fill(absent, 1).sqrt().masked_fill(absent, 0)
    return (steering_at(candidates, array.central) * amplitude[..., None]).mT


def gather_cells(columns: Columns, cells: Int[Tensor, "scene rank"]) -> Float[Tensor, "scene rank 3"]:
    """Places of some direction cells on the grid's axes."""
    flat = columns.places.flatten(1, 2)
    return flat.gather(1, cells[..., None].expand(-1, -1, 3))


def visible(candidates: Cosines) -> Cosines:
    """The candidates with directions beyond u² + w² = 1, which no wave has, moved to that circle.

    There the squared distance to an element may be negative: 1 - 2 q (u y + w z) + q² (y² + z²).

    Args:
        candidates: (..., 3), (u, w, q); what is given with d_x has a direction, and stays.
    """
    if candidates.shape[-1] == 4:
        return candidates
    direction, q = candidates[..., :2], candidates[..., 2:]
    return torch.cat([direction / direction.norm(dim=-1, keepdim=True).clamp_min(1), q], dim=-1)
