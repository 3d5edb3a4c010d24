"""How parts of a batch become one estimate, and how each scene of it ended."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..physics import Array
from ..shapes import Counts, Positions
from .estimate import Estimate, Mode, Status
from .joining import joined_estimates

Modes = tuple[tuple[Mode, ...], ...]
"""Other answers to each scene."""


@dataclass(frozen=True, eq=False)
class Aside:
    """What a polish knows of each scene beside the estimate.

    Args:
        modes: other answers.
        pull: (scene,), nats that the likelihood would gain where the border of the field holds a source back.
    """

    modes: Modes
    pull: Float[Tensor, "scene"]  # noqa: F821


Polished = tuple[Tensor, tuple[Estimate, Aside]]
"""Scenes, and what was found in them."""


def nothing_aside(like: Tensor) -> Aside:
    """Neither other answers nor a pull, of as many scenes as `like` has entries."""
    return Aside(((),) * len(like), torch.zeros_like(like, dtype=torch.float64))


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


def merged(parts: list[Polished], asked: Counts | None) -> tuple[Estimate, Aside]:
    """Put parts of a batch back in order, padded to the largest order; fewer sources than asked are marked."""
    back = torch.cat([rows for rows, _ in parts]).argsort()
    whole = joined_estimates([part for _, (part, _) in parts])[back]
    modes = [m for _, (_, aside) in parts for m in aside.modes]
    pull = torch.cat([aside.pull for _, (_, aside) in parts])[back]
    ended = whole.status
    if asked is not None:
        pairs = zip(whole.order.tolist(), asked.tolist(), ended, strict=True)
        ended = tuple(Status.FEWER if o < a else s for o, a, s in pairs)
    return replace(whole, status=ended), Aside(tuple(modes[i] for i in back.tolist()), pull)
