"""How spectral peaks become an estimate: in the order of power, with an honest status for each scene."""

import torch
from torch import Tensor

from ...physics import Array
from ...shapes import Counts
from ..estimate import Estimate, Status, pad_sources
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
    """
    slots = max((peaks.score.shape[1] for _, peaks, _ in parts), default=0)
    scenes, device = asked.shape[0], asked.device
    positions = torch.full((scenes, slots, 3), torch.nan, dtype=torch.float64, device=device)
    powers = torch.full((scenes, slots), torch.nan, dtype=torch.float64, device=device)
    order, settled = torch.zeros_like(asked), torch.ones_like(asked, dtype=torch.bool)
    for rows, peaks, power in parts:
        level = power.nan_to_num(nan=-1.0)
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


def _statuses(order: Counts, asked: Counts, settled: Tensor) -> tuple[Status, ...]:
    """How each scene ended."""
    endings = zip(order.tolist(), asked.tolist(), settled.tolist(), strict=True)
    return tuple(
        Status.NONE if k == 0 else Status.FEWER if k < wanted
        else Status.CONVERGED if done else Status.ITERATION_LIMIT
        for k, wanted, done in endings
    )  # fmt: skip
