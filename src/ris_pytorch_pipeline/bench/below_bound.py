"""Is an estimator better than it can be? A test of its errors against the bound, corrected for how often one looks."""

import math
from dataclasses import dataclass

import torch
from scipy import stats
from torch import Tensor

from ..estimate import SearchRegion
from .score import COORDINATES, TOLERANCE, Score, judged

POSSIBLE = 0.9
"""An RMSE down to this part of the bound is left to bias and to the bound's being one for infinitely many snapshots."""
WRONGLY = 0.01
"""Probability with which one or more cells of a whole comparison accuse a sound estimator."""
FEWEST_SCENES = 20
"""Fewer scenes say too little of how their errors spread."""
_CLEAR = 3.0
"""Standard deviations that an edge must be away: a normal error cut off there loses 3 % of its variance at most."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """The comparisons that one alarm is one of.

    >>> from ris_pytorch_pipeline.estimate import SearchRegion
    >>> Family().tests, Family(tests=12, region=SearchRegion(distance=(1.0, 8.0))).region.distance
    (1, (1.0, 8.0))

    Args:
        tests: cells that are looked at together, methods times numbers of sources times SNRs.
        region: field of view that estimates are confined to; None where they are not.
    """

    tests: int = 1
    region: SearchRegion | None = None


ALONE = Family()
"""A cell that nobody compares."""


def alarm(scores: Score, family: Family = ALONE) -> str | None:
    """A sentence when some RMSE is so far below the bound that no sound estimator gets there, else None.

    With T the mean of (error / bound)² of the sources heard, a sound estimator has E T >= 0.9². Its scaled values are
    held against χ²_ν/ν with ν = min(scenes, 2 T²/var T) degrees of freedom: a scene is counted as one piece whatever
    number of sources it has, and heavy tails lower ν further. The alarm is raised at a probability below 0.01 over all
    coordinates and cells of the family (Bonferroni).

    What cuts errors off is left out: success within 3° cuts off large errors, so that a source is heard only where that
    cut is three standard deviations of its direction away, sqrt(σ_φ² cos²θ + σ_θ²) <= 1°; the field of view confines an
    estimate, so that a coordinate is heard only three standard deviations inside it.

    >>> from dataclasses import replace
    >>> from ris_pytorch_pipeline.bench import score, trial_of
    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> from ris_pytorch_pipeline.physics import preset
    >>> trial = trial_of(preset("pilot", horizontal=4, vertical=4, sources=1, snr_db=50.0), 24, seed=0)
    >>> found, truth = PilotMl()(trial.scenes.observation, 1), trial.scenes.truth
    >>> alarm(score(truth, trial.bound, found)) is None
    True
    >>> shown = replace(found, positions=truth.positions)  # an estimator that was shown the truth
    >>> alarm(score(truth, trial.bound, shown))[:33]
    'azimuth RMSE is 0.00 of the bound'

    Args:
        scores: of one method in one cell.
        family: what it is compared with.

    Returns:
        The alarm, or None.
    """
    heard = audible(scores, family.region)
    squared = (scores.error / scores.deviation).square()
    for c, name in enumerate(COORDINATES):
        counts = heard[..., c]
        weights = counts.sum(-1).double()
        sums = squared[..., c].masked_fill(~counts, 0).sum(-1)[weights > 0]
        weights = weights[weights > 0]
        if len(weights) < FEWEST_SCENES:
            continue
        chance = chance_of(sums, weights)
        if chance * family.tests * len(COORDINATES) < WRONGLY:
            ratio = math.sqrt(float(sums.sum() / weights.sum()))
            return (
                f"{name} RMSE is {ratio:.2f} of the bound (probability {chance:.1g} of a sound estimator, "
                f"{len(weights)} scenes, {family.tests} cells): an estimator below the bound is a bug, or it saw the "
                "truth"
            )
    return None


def chance_of(sums: Tensor, weights: Tensor) -> float:
    """Probability that a sound estimator's mean square error over the bound's is as small as Σ sums / Σ weights.

    Args:
        sums: (scene,), Σ (error / bound)² over the sources of a scene.
        weights: (scene,), their number.
    """
    scenes = len(weights)
    mean = float(sums.sum() / weights.sum())
    if mean == 0:
        return 0.0
    spread = scenes / (scenes - 1) * float((sums - mean * weights).square().sum() / weights.sum() ** 2)
    degrees = scenes if spread == 0 else min(scenes, 2 * mean**2 / spread)
    return float(stats.chi2.cdf(degrees * mean / POSSIBLE**2, degrees))


def audible(scores: Score, region: SearchRegion | None) -> Tensor:
    """(scene, source, 3): the judged coordinates that neither the tolerance nor the field of view cuts off."""
    spread = torch.hypot(scores.deviation[..., 0] * scores.true[..., 1].cos(), scores.deviation[..., 1])
    heard = judged(scores) & (spread <= TOLERANCE / _CLEAR).unsqueeze(-1)
    if region is not None:
        ends = torch.tensor([region.azimuth, region.elevation, region.distance], dtype=scores.true.dtype)
        room = torch.minimum(scores.true - ends[:, 0], ends[:, 1] - scores.true)
        heard &= room >= _CLEAR * scores.deviation
    return heard
