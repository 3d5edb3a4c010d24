"""Which cells of a heat-map are candidates, and what covariance they add up to."""

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor
from torch.nn.functional import logsigmoid, max_pool2d

from ..physics import steering_at
from ..shapes import Cosines, Elements
from .prediction import Columns


def peak_cells(
    heat: Float[Tensor, "scene n_u n_w"], rank: int
) -> tuple[Int[Tensor, "scene rank"], Float[Tensor, "scene rank"]]:
    """The highest local maxima of a map (of 3 x 3 cells), as flat cell numbers and scores.

    Args:
        heat: log odds per direction cell.
        rank: how many.

    Returns:
        Cells, highest first, and their heat; -inf where there are fewer maxima (the cell then is any other one).
    """
    highest = max_pool2d(heat.detach()[:, None], 3, stride=1, padding=1)[:, 0]
    peaks = heat.detach().masked_fill(heat.detach() < highest, -torch.inf).flatten(1)
    scores, cells = peaks.topk(rank, dim=1)
    return cells, heat.flatten(1).gather(1, cells).masked_fill(scores.isneginf(), -torch.inf)


def candidate_factors(
    candidates: Cosines,
    scores: Float[Tensor, "scene rank"],
    gains: Float[Tensor, "scene rank"],
    elements: Elements,
    wavelength: float,
    floor: float,
) -> Complex[Tensor, "scene element rank"]:
    """F = [sqrt(w_k) a_k] with Σ w_k = 1 - floor, so that F F^H + floor I has trace N.

    The share of a candidate is its probability of being a source times a learned power: w ∝ σ(score) exp(gain).

    Args:
        candidates: (scene, rank, 3).
        scores: log odds of each; -inf leaves a candidate out.
        gains: log power.
        elements: (element, 3), metres.
        wavelength: metres.
        floor: ε.
    """
    absent = scores.isneginf()
    logits = (logsigmoid(scores.masked_fill(absent, 0)) + gains).masked_fill(absent, -torch.inf)
    share = (1 - floor) * logits.softmax(-1)
    amplitude = share.masked_fill(absent, 1).sqrt().masked_fill(absent, 0)
    return (steering_at(candidates, elements, wavelength) * amplitude[..., None]).mT


def gather_cells(columns: Columns, cells: Int[Tensor, "scene rank"]) -> Cosines:
    """(u, w, q) of some direction cells."""
    flat = columns.cosines.flatten(1, 2)
    return flat.gather(1, cells[..., None].expand(-1, -1, 3))
