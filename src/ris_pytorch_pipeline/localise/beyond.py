"""What is done with scenes that hold more sources than a network can count?"""

from dataclasses import replace

import torch
from torch import Tensor

from ..estimate import Estimate, MaximumLikelihood, Status, told
from ..estimate.joining import replaced_estimates
from ..estimate.ml.further import further_detected
from ..physics import Observation
from .answer import Answer

_MORE = 3
"""Sources beyond the largest count of a network that the likelihood counts at least."""


def counted_beyond(
    likelihood: MaximumLikelihood,  # pyright: ignore[reportMissingTypeArgument]
    observation: Observation,
    answer: Answer,
    most: int,
    *,
    search: bool,
) -> Answer:
    """The answer with no scene left at the network's largest count in which one more source would be detected.

    Args:
        likelihood: that detects it, see `further_detected`.
        observation: the scenes.
        answer: with the number of sources estimated.
        most: the largest count of the network.
        search: whether the likelihood locates and counts such scenes anew. Otherwise they keep their sources, are
            `BEYOND`, and are not right.
    """
    seen, found = told(likelihood, observation), answer.estimate
    full = torch.nonzero((found.order == most) & (most < observation.most_sources)).squeeze(-1)
    if full.numel() == 0:
        return answer
    rows = full[further_detected(likelihood, seen[full], found.positions[full, :most])]
    if rows.numel() == 0:
        return answer
    if not search:
        return replace(answer, estimate=_marked(found, rows), right=answer.right.index_fill(0, rows, 0.0))
    wider = replace(likelihood, most_sources=max(likelihood.most_sources, most + _MORE))
    return replace(answer, estimate=replaced_estimates(found, rows, wider(seen[rows])))


def _marked(found: Estimate, rows: Tensor) -> Estimate:
    """The estimate with `BEYOND` before all else that is said of some scenes."""
    chosen = set(rows.tolist())
    status = tuple(Status.BEYOND if row in chosen else ended for row, ended in enumerate(found.status))
    sure = found.order_probability
    found = replace(found, order_probability=None if sure is None else sure.index_fill(0, rows, torch.nan))
    if found.fit is None:
        return replace(found, status=status)
    findings = tuple((Status.BEYOND, *said) if row in chosen else said for row, said in enumerate(found.fit.findings))
    return replace(found, status=status, fit=replace(found.fit, findings=findings))
