"""How parts of a batch become one estimate, and how each scene of it ended."""

import torch
from torch import Tensor

from ..physics import Array
from ..shapes import Counts, Positions
from .estimate import Estimate, Status, pad_sources


def ending_of(converged: Tensor, deviations: Positions, array: Array) -> tuple[Status, ...]:
    """How each scene ended: where the array tells some coordinate of no source, that is said."""
    blind = array.dimension == 1 and bool(deviations.isnan().any(dim=(0, 1)).any())
    good = Status.NOT_OBSERVABLE if blind else Status.CONVERGED
    return tuple(good if c else Status.ITERATION_LIMIT for c in converged.tolist())


def merged(parts: list[tuple[Tensor, Estimate]], scenes: int, asked: Counts | None) -> Estimate:
    """Put parts of a batch back in order, padded to the largest order."""
    slots = max((part.positions.shape[1] for _, part in parts), default=0)
    index = torch.cat([i for i, _ in parts]) if parts else torch.zeros(0, dtype=torch.long)
    back = index.argsort()
    status = [s for _, part in parts for s in part.status]
    order = torch.cat([part.order for _, part in parts])[back]
    ended = [status[i] for i in back.tolist()]
    if asked is not None:
        ended = [Status.FEWER if o < a else s for o, a, s in zip(order.tolist(), asked.tolist(), ended, strict=True)]
    return Estimate(
        positions=torch.cat([pad_sources(part.positions, slots) for _, part in parts])[back],
        order=order,
        powers=torch.cat([pad_sources(part.powers, slots) for _, part in parts])[back],
        deviations=torch.cat([pad_sources(part.deviations, slots) for _, part in parts])[back],
        noise_variance=torch.cat([part.noise_variance for _, part in parts])[back],
        status=tuple(ended),
    )
