"""Is a misfit one more source, too weak or too close to be counted? Then that is said, and no wrong model is named."""

from typing import TypeVar

import torch
from torch import Tensor

from ...physics import Observation
from ..estimate import Estimate
from ..fit.counting.model_error import SPEAKS, all_gain, error_evidence
from ..fit.counting.scatter import gains, losses, scatter_of, steady_scatter_of
from ..fit.counting.spare import own_share
from ..fit.groups import Groups, groups_of
from ..fit.images.moving import moving_mates
from ..fit.residual.structure import structure
from ..fit.residual.tangents import tangents_of
from ..fit.verdict import incomplete, perhaps_missed
from ..grid import search_grid
from ..normalise import Scaled
from ..region import SearchRegion
from .hypothesis import Hypothesis, Likelihood
from .readings import Reader, better_readings
from .search import add_source

_MORE, _MORE_RANDOM = 2, 8
"""Sources that are tried beside those found. More pilots would explain errors of the model, too; random symbols tell
them apart, as those of images are alike."""
_GAIN = 0.5
"""Part of the threshold of a detection that each source has to gain over errors of the model, by what of its symbols is
not those of stronger ones: less fits the noise."""
_PILOT_GAIN, _PART = 1.0, 0.1
"""Thresholds, and part of the strongest one's gain, that each pilot has to gain over scatter. Of 144 scenes with errors
of the phases, of the carrier or of an antenna 2 are called incomplete with these, and none with twice as much."""
_WHITE = 1e-3
"""p-value of the residual from which on a scene is explained: one in a thousand right scenes has less."""
L = TypeVar("L", bound=Likelihood)


def with_hidden(
    reader: Reader[L], scaled: Scaled, found: Estimate, region: SearchRegion, threshold: float
) -> Estimate:  # fmt: skip
    """The estimate, with `INCOMPLETE` in place of `MISFIT` where some sources more leave white noise.

    The sources stay as they are: what cannot be counted has no place to be relied on.

    Args:
        reader: the estimator.
        scaled: the scenes.
        found: judged.
        region: the field that was searched.
        threshold: τ, the gain that a detection needs.
    """
    most = scaled.observation.most_sources  # where a count stops says nothing of what is there
    doubtful = torch.tensor(perhaps_missed(found), device=found.order.device) & (found.order < most)
    for order in found.order[doubtful].unique().tolist():
        rows = torch.nonzero(doubtful & (found.order == order)).squeeze(-1)
        more = min(_MORE_RANDOM if scaled.observation.symbols == "random" else _MORE, most - order)
        places = _explaining(reader, scaled[rows], found.positions[rows, :order], region, threshold, more)
        whole = torch.nonzero(~places[..., 0].isnan().all(-1)).squeeze(-1)
        if order == 0 and whole.numel():  # not read in another way before, as no source was left to compare with
            counts = (~places[whole][..., 0].isnan()).sum(-1)
            names = better_readings(reader, scaled[rows[whole]], places[whole], counts, threshold=threshold)
            whole = whole[torch.tensor([not name for name in names], device=whole.device)]
        found = incomplete(found, rows[whole])
    return found


def _explaining(
    reader: Reader[L], scaled: Scaled, positions: Tensor, region: SearchRegion, threshold: float, more: int
) -> Tensor:  # fmt: skip
    """(scene, source, 3): the sources found and those more that leave white noise; NaN in scenes without such."""
    observation = scaled.observation
    likelihood, rows = reader.likelihood(observation), torch.arange(len(observation), device=positions.device)
    given = reader.start(likelihood, positions.double()).hypothesis
    if positions.shape[1]:
        given = likelihood.refine(rows, given, iterations=reader.effort.settle_iterations, tolerance=1e-2)
    places, left = positions.new_full((len(rows), positions.shape[1] + more, 3), torch.nan), rows
    for _ in range(more):
        if left.numel() == 0:
            break
        grown = add_source(likelihood, left, given[left], reader.effort)
        grown = likelihood.refine(left, grown, iterations=reader.effort.settle_iterations, tolerance=1e-2)
        stands = _stands(scaled, left, grown, region, threshold)
        reported = region.reported(grown.cosines, observation.array).to(places)
        places[left[stands], : grown.cosines.shape[1]] = reported[stands]
        gained = 2 * (given.value[left] - grown.value) > _GAIN * threshold
        given, left = _grown(given, left, grown), left[gained & ~stands]
    return places


def _grown(given: Hypothesis, rows: Tensor, more: Hypothesis) -> Hypothesis:
    """The rows with one source more; what the others hold is not asked for again."""
    slot = given.cosines.new_zeros(len(given.value), 1, given.cosines.shape[-1])
    wider = given.plus(slot[:, 0], slot[:, 0, 0])
    return wider.replaced(rows, more)


def _stands(scaled: Scaled, rows: Tensor, given: Hypothesis, region: SearchRegion, threshold: float) -> Tensor:
    """True where the sources of a hypothesis leave nothing but white noise, and none is an error of the others.

    What most scenes fail for least work is asked first: of 211 hypotheses beside which errors of the model do not speak
    210 leave white noise, and in 73 each source has enough of its own.
    """
    seen = scaled.observation[rows]
    positions = region.reported(given.cosines, seen.array)
    groups, powers = groups_of(seen, positions), given.log_powers.exp()
    random = seen.symbols == "random"
    stands = _quiet(seen, groups, powers) if random else _bring_enough(seen, groups, threshold)
    some = torch.nonzero(stands).squeeze(-1)
    if random and some.numel():
        stands[some] = _own_enough(seen[some], groups[some], powers[some], threshold)
        some = torch.nonzero(stands).squeeze(-1)
    if some.numel():
        tangents = tangents_of(seen[some], groups[some], positions[some])
        stands[some] = structure(seen[some], groups[some], tangents).p_value >= _WHITE
        some = torch.nonzero(stands).squeeze(-1)
    if random and some.numel():  # what one source that moves leaves is white beside a second one, too
        levels = powers[some], given.log_noise[some].exp()
        mates = moving_mates(seen[some], positions[some], levels, search_grid(region, seen.array), threshold)
        stands[some] = ~mates.any(-1)
    return stands


def _quiet(seen: Observation, groups: Groups, powers: Tensor) -> Tensor:
    """True where errors of the model do not speak beside sources of random symbols."""
    return error_evidence(scatter_of(seen, groups), groups.present, powers) < SPEAKS


def _own_enough(seen: Observation, groups: Groups, powers: Tensor, threshold: float) -> Tensor:
    """True where each source of random symbols gains enough by what of its symbols is its own."""
    scatter, there = scatter_of(seen, groups), groups.present
    share = own_share(scatter, there, torch.ones_like(there[:, 0]))
    return all_gain(scatter, powers, share, _GAIN * threshold)


def _bring_enough(seen: Observation, groups: Groups, threshold: float) -> Tensor:
    """True where each pilot gains enough over steady scatter."""
    scatter, powers = steady_scatter_of(seen, groups), _powers(groups)
    each = gains(scatter, powers, losses(scatter, powers)[:, -1])
    return each.amin(-1) > torch.maximum(_PART * each.amax(-1), each.new_tensor(_PILOT_GAIN * threshold))


def _powers(groups: Groups) -> Tensor:
    """|s|² of pilots at the positions of some groups, mean over the frequencies."""
    return torch.view_as_real(groups.amplitudes).square().sum(-1).mean(1)
