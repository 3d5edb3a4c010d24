"""How estimates of some scenes are put among those of others, and on a device."""

from dataclasses import replace

import torch
from torch import Tensor

from ..estimate import Estimate, Status, pad_sources
from ..shapes import Counts

_PADDED = ("positions", "powers", "deviations")
_TENSORS = (*_PADDED, "order", "noise_variance")


def moved(estimate: Estimate, device: torch.device) -> Estimate:
    """The same on a device.

    Args:
        estimate: what was found.
        device: where it goes.
    """
    tensors = {name: vars(estimate)[name].to(device) for name in _TENSORS}
    sure = estimate.order_probability
    return replace(estimate, **tensors, order_probability=None if sure is None else sure.to(device))


def replaced(starts: Estimate, rows: Tensor, refined: Estimate, counts: Counts) -> Estimate:
    """The proposals with refined scenes in their rows, in slots for `counts` sources; who has fewer is marked so.

    Args:
        starts: the proposals, one per scene.
        rows: numbers of the refined scenes.
        refined: their estimates.
        counts: (scene,), sources that were asked for.
    """
    slots = max(int(counts.max()), refined.positions.shape[1], starts.positions.shape[1])
    status = list(starts.status)
    for row, order, ended in zip(rows.tolist(), refined.order.tolist(), refined.status, strict=True):
        status[row] = Status.FEWER if order < int(counts[row]) else ended
    tensors: dict[str, Tensor] = {}
    for name in _PADDED:
        value = vars(refined)[name]
        tensors[name] = pad_sources(vars(starts)[name].to(value), slots)
        tensors[name][rows] = pad_sources(value, slots)
    noise = starts.noise_variance.to(refined.noise_variance, copy=True)
    noise[rows] = refined.noise_variance
    order = starts.order.to(refined.order.device, copy=True)
    order[rows] = refined.order
    every, sure = len(rows) == len(starts), starts.order_probability
    return replace(
        starts,
        **tensors,
        noise_variance=noise,
        order=order,
        status=tuple(status),
        sandwich=_padded(refined.sandwich, slots) if every else None,
        fit=replace(refined.fit, evidence=pad_sources(refined.fit.evidence, slots)) if every and refined.fit else None,
        order_probability=None if sure is None else sure.masked_fill(order != counts, torch.nan),
    )


def unjudged(estimate: Estimate) -> Estimate:
    """The same without the claim that it converged: of a fit that nobody asked for, nothing is known."""
    status = tuple(Status.UNJUDGED if ended is Status.CONVERGED else ended for ended in estimate.status)
    return replace(estimate, status=status)


def _padded(values: Tensor | None, slots: int) -> Tensor | None:
    return None if values is None else pad_sources(values, slots)
