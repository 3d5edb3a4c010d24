"""How good each scene's estimate was: sources matched to the truth, errors, and errors over the bound."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ..bounds import Bound
from ..errors import InputError
from ..estimate import Estimate
from ..matching import UNMATCHED, gather_found, great_circle, match, occupied
from ..physics import Truth
from ..shapes import Counts, Mask, Positions
from .gospa import (
    FoundPositions,
    Gospa,
    TruePositions,
    cartesian_gospa,
    direction_gospa,
    position_error,
    whitened_gospa,
)

TOLERANCE = math.radians(3)
"""Great-circle angle within which a source counts as found."""
COORDINATES = ("azimuth", "elevation", "distance")
KNOWABLE_DISTANCE = 1.0
"""Metres; where the bound of the distance is larger, the measurements hardly speak of the distance."""


@dataclass(frozen=True, eq=False)
class Score:
    """The estimate of each scene against its truth.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> from ris_pytorch_pipeline.physics import preset
    >>> trial = trial_of(preset("pilot", horizontal=4, vertical=4, sources=1, snr_db=30.0), 4, seed=0)
    >>> found = PilotMl()(trial.scenes.observation, 1)
    >>> scores = score(trial.scenes.truth, trial.bound, found)
    >>> scores.success.tolist(), scores.error.shape
    ([True, True, True, True], torch.Size([4, 1, 3]))

    Args:
        order: (scene,), K̂.
        sources: (scene,), K.
        success: (scene,), every source found within 3° (great circle) and K̂ = K.
        missed: (scene,), true sources with no estimate within 3°.
        false: (scene,), estimates with no true source within 3°.
        error: (scene, source, 3), found less true (φ, θ, r); NaN where the source was missed or the slot is empty.
        deviation: (scene, source, 3), the bound's standard deviations; NaN in empty slots.
        true: (scene, source, 3), the true positions; NaN in empty slots.
        whitened: GOSPA in standard deviations of the bound.
        direction: GOSPA in radians.
        cartesian: GOSPA in metres.
    """

    order: Counts
    sources: Counts
    success: Bool[Tensor, "scene"]  # noqa: F821
    missed: Int[Tensor, "scene"]  # noqa: F821
    false: Int[Tensor, "scene"]  # noqa: F821
    error: Positions
    deviation: Positions
    true: Positions
    whitened: Gospa
    direction: Gospa
    cartesian: Gospa

    @property
    def judged(self) -> Mask:
        """(scene, source): the sources of successful scenes, over which errors are averaged."""
        return self.success[:, None] & occupied(self.true)


def score(truth: Truth, bound: Bound, estimate: Estimate) -> Score:
    """Match each scene's estimate to its truth and measure it.

    A source is found when an estimate lies within 3° of it; the assignment pairs as many sources as it can, and among
    those assignments has the least sum of squared angles. Labels and the order of the slots do not matter.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> from ris_pytorch_pipeline.physics import preset
    >>> trial = trial_of(preset("pilot", horizontal=4, vertical=4, sources=1, snr_db=30.0), 4, seed=0)
    >>> found = PilotMl()(trial.scenes.observation, 1)
    >>> scores = score(trial.scenes.truth, trial.bound, found)
    >>> scores.missed.tolist(), bool((scores.direction.value.rad2deg() < 0.1).all())  # degrees
    ([0, 0, 0, 0], True)

    Args:
        truth: what the scenes were.
        bound: their bound, (scene, source).
        estimate: what an estimator said, one per scene.

    Returns:
        One score per scene, in float64. An estimate whose order disagrees with its filled slots is refused.
    """
    _check(truth, bound, estimate)
    true, found = truth.positions.double(), estimate.positions.double()
    partner = match_directions(true, found)
    paired = (partner != UNMATCHED).sum(-1)
    missed, false = truth.sources - paired, estimate.order - paired
    error = position_error(true, gather_found(found, partner))
    return Score(
        order=estimate.order,
        sources=truth.sources,
        success=(missed == 0) & (false == 0),
        missed=missed,
        false=false,
        error=error,
        deviation=bound.deviations.double(),
        true=true,
        whitened=whitened_gospa(true, found, bound.covariance.double()),
        direction=direction_gospa(true, found),
        cartesian=cartesian_gospa(true, found),
    )


def knowable(scores: Score) -> Mask:
    """(scene, source, 3): what the measurements can tell of the true sources, for distance only under a 1 m bound.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> from ris_pytorch_pipeline.physics import preset
    >>> trial = trial_of(preset("pilot", horizontal=4, vertical=4, sources=1, snr_db=30.0), 4, seed=0)
    >>> found = PilotMl()(trial.scenes.observation, 1)
    >>> scores = score(trial.scenes.truth, trial.bound, found)
    >>> knowable(scores).shape, knowable(scores)[..., 0].all().item()
    (torch.Size([4, 1, 3]), True)
    """
    by_coordinate = occupied(scores.true).unsqueeze(-1).repeat(1, 1, 3)
    by_coordinate[..., 2] &= scores.deviation[..., 2] < KNOWABLE_DISTANCE
    return by_coordinate & ~scores.deviation.isnan()  # what the array cannot tell does not count


def judged(scores: Score) -> Mask:
    """(scene, source, 3): where an error counts: `knowable`, in successful scenes.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> from ris_pytorch_pipeline.physics import preset
    >>> trial = trial_of(preset("pilot", horizontal=4, vertical=4, sources=1, snr_db=30.0), 4, seed=0)
    >>> found = PilotMl()(trial.scenes.observation, 1)
    >>> scores = score(trial.scenes.truth, trial.bound, found)
    >>> judged(scores).sum(dim=(0, 1))  # azimuths, elevations and distances that count
    tensor([4, 4, 4])
    """
    return knowable(scores) & scores.success[:, None, None]


def joined_scores(scores: Sequence[Score]) -> Score:
    """The scores of consecutive blocks of scenes with the same number of slots as one.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> from ris_pytorch_pipeline.physics import preset
    >>> trial = trial_of(preset("pilot", horizontal=4, vertical=4, sources=1, snr_db=30.0), 4, seed=0)
    >>> found = PilotMl()(trial.scenes.observation, 1)
    >>> scores = score(trial.scenes.truth, trial.bound, found)
    >>> len(joined_scores([scores, scores]).success)
    8
    """

    def joined(parts: Sequence[object]) -> Any:  # noqa: ANN401
        if isinstance(parts[0], Gospa):
            return Gospa(**{name: joined([vars(part)[name] for part in parts]) for name in vars(parts[0])})
        return torch.cat([part for part in parts if isinstance(part, Tensor)])

    return Score(**{name: joined([vars(part)[name] for part in scores]) for name in vars(scores[0])})


def match_directions(
    true: TruePositions, found: FoundPositions, alike: Bool[Tensor, "true found"] | None = None
) -> Int[Tensor, "scene true"]:  # fmt: skip
    """The assignment with the most pairs within 3°, and among those the least sum of squared angles.

    >>> import torch
    >>> true = torch.tensor([[[0.0, 0.0, 3.0], [0.5, 0.0, 3.0]]])
    >>> found = torch.tensor([[[0.51, 0.0, 3.2], [-0.01, 0.0, 2.9]]])
    >>> match_directions(true, found)  # the slot of each true source
    tensor([[1, 0]])

    Args:
        true: (scene, true, 3).
        found: (scene, found, 3).
        alike: (true, found), False of slots that make no pair wherever they are; None is none of them.
    """
    present, detected = occupied(true), occupied(found)
    share = (great_circle(true[:, :, None], found[:, None]) / TOLERANCE).square()
    share = share if alike is None else share.masked_fill(~alike.to(share.device), torch.inf)
    apart = float(max(1, true.shape[1])) + 1  # one pair more outweighs any sum of shares, each below 1
    return match(torch.where(share < 1, share, apart), present, detected, apart)


def confusion_matrix(sources: Counts, order: Counts) -> Int[Tensor, "true found"]:
    """Scenes by true (row) and estimated (column) number of sources, both counted from 0.

    >>> import torch
    >>> confusion_matrix(torch.tensor([1, 1, 2, 2]), torch.tensor([1, 1, 2, 1]))  # K = 2 was once taken for 1
    tensor([[0, 0, 0],
            [0, 2, 0],
            [0, 1, 1]])
    """
    size = 1 + max([0, *sources.tolist(), *order.tolist()])
    return torch.bincount(sources * size + order, minlength=size * size).reshape(size, size)


def _check(truth: Truth, bound: Bound, estimate: Estimate) -> None:
    scenes = (truth.sources.shape[0], bound.azimuth.shape[0], len(estimate))
    if len(set(scenes)) != 1:
        raise InputError(
            "truth, bound and estimate of the same scenes",
            f"{scenes[0]}, {scenes[1]} and {scenes[2]} scenes",
            "a batch left out, or a subset taken of one of them",
            "index all three alike",
        )
    filled = occupied(estimate.positions).sum(-1)
    if not torch.equal(filled, estimate.order.to(filled)):
        scene = int((filled != estimate.order).nonzero()[0, 0])
        raise InputError(
            "as many positions without NaN as the order says",
            f"{int(filled[scene])} positions and order {int(estimate.order[scene])} in scene {scene}",
            "an estimator that failed numerically and did not say so",
            "mend the estimator: a source it could not find must not be counted in its order",
        )
