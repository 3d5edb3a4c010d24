"""How parts of a batch become one estimate, and how each scene of it ended."""

from dataclasses import replace

import torch
from torch import Tensor

from ..physics import Array
from ..shapes import Counts, Positions
from .estimate import Estimate, Mode, Status, joined_estimates

Modes = tuple[tuple[Mode, ...], ...]
"""Other answers to each scene."""
Polished = tuple[Tensor, tuple[Estimate, Modes]]
"""Scenes, and what was found in them."""


def ending_of(converged: Tensor, deviations: Positions, array: Array) -> tuple[Status, ...]:
    """How each scene ended: where the array tells some coordinate of no source, that is said."""
    blind = array.dimension == 1 and bool(deviations.isnan().any(dim=(0, 1)).any())
    good = Status.NOT_OBSERVABLE if blind else Status.CONVERGED
    return tuple(good if c else Status.ITERATION_LIMIT for c in converged.tolist())


def nothing_found(noise_variance: Tensor) -> Estimate:
    """The estimate of scenes without a source."""
    slots = noise_variance.new_zeros((len(noise_variance), 0))
    empty = slots.unsqueeze(-1).expand(-1, -1, 3)
    return Estimate(
        positions=empty,
        order=torch.zeros(len(slots), dtype=torch.long, device=slots.device),
        powers=slots,
        deviations=empty,
        noise_variance=noise_variance,
        status=(Status.NONE,) * len(slots),
        sandwich=empty,
    )


def merged(parts: list[Polished], asked: Counts | None) -> tuple[Estimate, Modes]:
    """Put parts of a batch back in order, padded to the largest order; fewer sources than asked are marked."""
    back = torch.cat([rows for rows, _ in parts]).argsort()
    whole = joined_estimates([part for _, (part, _) in parts])[back]
    modes = [m for _, (_, each) in parts for m in each]
    ended = whole.status
    if asked is not None:
        pairs = zip(whole.order.tolist(), asked.tolist(), ended, strict=True)
        ended = tuple(Status.FEWER if o < a else s for o, a, s in pairs)
    return replace(whole, status=ended), tuple(modes[i] for i in back.tolist())
