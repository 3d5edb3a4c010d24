"""How spectral peaks become an estimate: in the order of power, with an honest status for each scene."""

import torch
from torch import Tensor

from ...errors import InputError
from ...physics import Array
from ...shapes import Counts
from ..estimate import Estimate, Status
from ..joining import pad_sources
from ..region import SearchRegion
from .peaks import Peaks


def report_peaks(
    parts: list[tuple[Tensor, Peaks, Tensor]], asked: Counts, weakest: float, region: SearchRegion, array: Array
) -> Estimate:
    """The estimate of a batch of scenes: sources with power, strongest first, the rest NaN.

    Args:
        parts: scene numbers, their peaks, and the power of each peak.
        asked: (scene,), sources wanted.
        weakest: a peak below this part of the strongest power is no source.
        region: the field of view.
        array: the array.

    Raises:
        InputError: a peak whose power is no number.
    """
    slots = max((peaks.score.shape[1] for _, peaks, _ in parts), default=0)
    scenes, device = asked.shape[0], asked.device
    positions = torch.full((scenes, slots, 3), torch.nan, dtype=torch.float64, device=device)
    powers = torch.full((scenes, slots), torch.nan, dtype=torch.float64, device=device)
    order, settled = torch.zeros_like(asked), torch.ones_like(asked, dtype=torch.bool)
    for rows, peaks, power in parts:
        level = _levels(power, peaks)
        real = (level > 0) & (level >= weakest * level.amax(-1, keepdim=True))
        best = level.masked_fill(~real, -1.0).argsort(dim=-1, descending=True)
        there = real.gather(1, best)
        where = region.reported(peaks.cosines, array).gather(1, best[..., None].expand(-1, -1, 3))
        positions[rows] = pad_sources(where.masked_fill(~there[..., None], torch.nan), slots)
        powers[rows] = pad_sources(power.gather(1, best).masked_fill(~there, torch.nan), slots)
        order[rows] = real.sum(-1)
        settled[rows] = (peaks.settled | ~real).all(-1)
    return Estimate(
        positions=positions,
        order=order,
        powers=powers,
        deviations=torch.full_like(positions, torch.nan),
        noise_variance=torch.full((scenes,), torch.nan, dtype=torch.float64, device=device),
        status=_statuses(order, asked, settled),
    )


def _levels(power: Tensor, peaks: Peaks) -> Tensor:
    """The power of each peak; -1 in slots without one.

    Raises:
        InputError: a peak whose power is no number, which would vanish as an empty slot does.
    """
    empty = peaks.score == -torch.inf
    bad = int((power.isnan() & ~empty).sum())
    if bad:
        raise InputError(
            "a power for every peak of a spectrum", f"NaN at {bad} of {int((~empty).sum())} peaks",
            "a covariance whose entries differ by more than its precision holds", "use complex128, or more loading",
        )  # fmt: skip
    return power.masked_fill(empty, -1.0)


def _statuses(order: Counts, asked: Counts, settled: Tensor) -> tuple[Status, ...]:
    """How each scene ended."""
    endings = zip(order.tolist(), asked.tolist(), settled.tolist(), strict=True)
    return tuple(
        Status.NONE if k == 0 else Status.FEWER if k < wanted
        else Status.CONVERGED if done else Status.ITERATION_LIMIT
        for k, wanted, done in endings
    )  # fmt: skip
