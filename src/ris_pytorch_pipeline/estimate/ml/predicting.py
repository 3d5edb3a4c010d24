"""Does each source help to predict snapshots that the fit has not seen? One that does not is none."""

from typing import Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from ...shapes import Mask
from ..estimate import Estimate, Status
from ..normalise import Scaled
from .hypothesis import Hypothesis, Likelihood, Rows
from .readings import Reader

_CLEAR = 2.0
"""Thresholds of evidence that every source of a scene has to bring, not to be asked unless it is a misfit."""
_FEWEST = 4
"""Snapshots from which on they are predicted. Two of three tell little of the third: of 1000 scenes with three
snapshots of eight antennas it took 34 true pilots and left 3 false ones more (`benchmarks/held_out_counts.py`)."""
_ITERATIONS = 8
"""Of the other sources once one is left out."""
_TOLERANCE = 1e-2
"""Nats: sources help by more."""


@runtime_checkable
class Predicts(Likelihood, Protocol):
    """A likelihood that predicts snapshots."""

    def held_out(self, rows: Rows, at: Hypothesis) -> Float[Tensor, "row snapshot"]:
        """NLL of each snapshot at the optimum of all others."""
        ...


P = TypeVar("P", bound=Predicts)


def least_predictive(reader: Reader[P], scaled: Scaled, found: Estimate, threshold: float) -> Mask:
    """(scene, source): True of one source, the worst, in scenes whose snapshots are predicted better without it.

    Each snapshot is predicted from the others. Without the source most snapshots are predicted better, and all of them
    together: one snapshot by itself, with a burst of noise in it, decides nothing.

    Args:
        reader: the estimator.
        scaled: the scenes.
        found: judged.
        threshold: τ, the gain that a detection needs.
    """
    worst = torch.zeros_like(found.powers, dtype=torch.bool)
    asked = _doubtful(found, threshold) & (_snapshots(scaled) >= _FEWEST)
    for order in found.order[asked].unique().tolist():
        rows = torch.nonzero(asked & (found.order == order)).squeeze(-1)
        gains = snapshot_gains(reader, scaled[rows], found.positions[rows, :order])
        worse = ((gains < 0).double().mean(-1) > 0.5) & (gains.sum(-1) < 0)
        last = gains.sum(-1).masked_fill(~worse, torch.inf).argmin(-1)
        worst[rows, last] = worse.any(-1)
    return worst


def _snapshots(scaled: Scaled) -> int:
    """L."""
    return scaled.observation.codes.shape[-2]


def _doubtful(found: Estimate, threshold: float) -> Tensor:
    """(scene,): scenes with sources, not all of them clear."""
    if found.fit is None:
        return found.order > 0
    misfit = torch.tensor([Status.MISFIT in said for said in found.fit.findings], device=found.order.device)
    return (found.order > 0) & (misfit | (found.fit.evidence < _CLEAR * threshold).any(-1))


def snapshot_gains(reader: Reader[P], scaled: Scaled, positions: Tensor) -> Float[Tensor, "scene source snapshot"]:
    """What each source adds to the log-likelihood of each snapshot, predicted from the others, in nats."""
    likelihood = reader.likelihood(scaled.observation)
    start = reader.start(likelihood, positions.double())
    whole = likelihood.refine(start.rows, start.hypothesis, iterations=_ITERATIONS, tolerance=_TOLERANCE)
    predicted = likelihood.held_out(start.rows, whole)
    each = []
    for source in range(positions.shape[1]):
        rest = whole.without(source)
        rest = (
            likelihood.refine(start.rows, rest, iterations=_ITERATIONS, tolerance=_TOLERANCE)
            if positions.shape[1] > 1
            else likelihood.nothing(start.rows)
        )
        each.append(likelihood.held_out(start.rows, rest) - predicted)
    return torch.stack(each, dim=1)
