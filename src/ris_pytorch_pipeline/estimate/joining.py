"""How do estimates of several batches become one? Padded to the largest order; what one of them lacks, all lack."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from .estimate import Estimate, Fit


def pad_sources(values: Tensor, slots: int) -> Tensor:
    """Append NaN slots along the source axis (axis 1) up to `slots`.

    >>> import torch
    >>> pad_sources(torch.tensor([[1.0], [2.0]]), 3)
    tensor([[1., nan, nan],
            [2., nan, nan]])
    """
    missing = slots - values.shape[1]
    pad = values.new_full((values.shape[0], missing, *values.shape[2:]), torch.nan)
    return torch.cat([values, pad], dim=1)


def joined_estimates(estimates: Sequence[Estimate]) -> Estimate:
    """The estimates of consecutive batches as one, padded to the largest order.

    What one of them lacks, `sandwich` or `fit`, the whole lacks; so it does `kinds` where they are not the same in all.
    `order_probability` is NaN in the scenes of those that lack it.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = [ris.simulate(ris.preset("pilot", horizontal=4, vertical=4, sources=k), 1, seed=0) for k in (1, 2)]
    >>> found = [ris.PilotMl(fit=False).refine(each.observation, each.truth.positions) for each in scenes]
    >>> joined = joined_estimates(found)
    >>> joined.order, joined.positions.isnan().all(-1)
    (tensor([1, 2]), tensor([[False,  True],
            [False, False]]))

    Args:
        estimates: at least one, on one device.
    """
    slots = max(estimate.positions.shape[1] for estimate in estimates)

    def padded(values: Sequence[Tensor]) -> Tensor:
        return torch.cat([pad_sources(value, slots) for value in values])

    wide = [e.sandwich for e in estimates if e.sandwich is not None]
    fits = [e.fit for e in estimates if e.fit is not None]
    kinds = {e.kinds for e in estimates}
    return Estimate(
        positions=padded([e.positions for e in estimates]),
        order=torch.cat([e.order for e in estimates]),
        powers=padded([e.powers for e in estimates]),
        deviations=padded([e.deviations for e in estimates]),
        noise_variance=torch.cat([e.noise_variance for e in estimates]),
        status=tuple(status for e in estimates for status in e.status),
        sandwich=padded(wide) if len(wide) == len(estimates) else None,
        fit=_joined_fits(fits, slots) if len(fits) == len(estimates) else None,
        kinds=kinds.pop() if len(kinds) == 1 else None,
        order_probability=_joined_probabilities(estimates),
    )


def replaced_estimates(first: Estimate, rows: Tensor, second: Estimate) -> Estimate:
    """The first estimate with some of its scenes taken from the second.

    Args:
        first: of all scenes.
        rows: numbers of the scenes that change.
        second: of these scenes.
    """
    index = torch.arange(len(first), device=rows.device)
    index[rows] = len(first) + torch.arange(len(second), device=rows.device)
    return _trimmed(joined_estimates([first, second])[index])


def _trimmed(estimate: Estimate) -> Estimate:
    """Without the slots that no scene uses."""
    most = int(estimate.order.max()) if len(estimate) else 0
    fit = estimate.fit
    return replace(
        estimate,
        positions=estimate.positions[:, :most],
        powers=estimate.powers[:, :most],
        deviations=estimate.deviations[:, :most],
        sandwich=None if estimate.sandwich is None else estimate.sandwich[:, :most],
        fit=None if fit is None else replace(fit, evidence=fit.evidence[:, :most]),
        kinds=None if estimate.kinds is None else estimate.kinds[:most],
    )


def _joined_probabilities(estimates: Sequence[Estimate]) -> Tensor | None:
    """Of the number of sources, NaN where one states none; None where all do not."""
    if all(e.order_probability is None for e in estimates):
        return None
    stated = [e.noise_variance * torch.nan if (p := e.order_probability) is None else p for e in estimates]
    return torch.cat(stated)


def _joined_fits(fits: Sequence[Fit], slots: int) -> Fit:
    return Fit(
        explained=torch.cat([f.explained for f in fits]),
        expected=torch.cat([f.expected for f in fits]),
        p_value=torch.cat([f.p_value for f in fits]),
        evidence=torch.cat([pad_sources(f.evidence, slots) for f in fits]),
        striking=tuple(x for f in fits for x in f.striking),
        findings=tuple(x for f in fits for x in f.findings),
        modes=tuple(x for f in fits for x in f.modes),
    )
