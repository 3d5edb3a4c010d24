"""Would the likelihood detect one more source beside those that were found?"""

import torch
from jaxtyping import Bool
from torch import Tensor

from ...physics import Observation
from ...shapes import Positions
from ..fit.counting.spare import ASKED
from ..floor import FLOOR, floored
from ..normalise import Scaled, scale
from .hypothesis import Hypothesis, Rows
from .maximum_likelihood import L, MaximumLikelihood
from .search import add_source, cycle


def further_detected(
    estimator: MaximumLikelihood[L], observation: Observation, positions: Positions
) -> Bool[Tensor, "scene"]:  # noqa: F821
    """True where 2 (NLL_k - NLL_{k+1}) is more than a source needs to be counted, beside k given ones.

    The place of the largest gain on the grid is added and all sources are refined. Where that is enough the given ones
    may be wrong: they are re-detected in turns, and one more is added to these. A source needs the threshold of the
    estimator, and of random symbols 1.2 times as much: below that it would be counted, and be `weak`.

    Args:
        estimator: whose likelihood, grid and threshold are asked.
        observation: the scenes.
        positions: (scene, k, 3), of the sources found, as many in each scene.
    """
    scaled, rows = scale(observation), torch.arange(len(observation), device=positions.device)
    further = torch.zeros_like(rows, dtype=torch.bool)
    for index in rows.split(estimator.at_a_time(scaled.observation)) if len(rows) else ():
        likelihood, given = _above_floor(estimator, scaled[index], positions[index])
        more = torch.nonzero(_gains(estimator, likelihood, torch.arange(len(index), device=index.device), given))[:, 0]
        if more.numel() == 0:
            continue
        again = cycle(likelihood, more, given[more], estimator.searching)
        further[index[more]] = _gains(estimator, likelihood, more, again)
    return further


def _gains(estimator: MaximumLikelihood[L], likelihood: L, rows: Rows, given: Hypothesis) -> Bool[Tensor, "row"]:  # noqa: F821
    """Whether one more source gains what it needs beside some hypotheses."""
    needed = estimator.needed_on(likelihood.observation, likelihood.grid)(given.cosines.shape[1])
    more = add_source(likelihood, rows, given, estimator.effort)
    return 2 * (given.value - more.value) > needed * (ASKED if likelihood.observation.symbols == "random" else 1.0)


def _above_floor(estimator: MaximumLikelihood[L], scaled: Scaled, positions: Positions) -> tuple[L, Hypothesis]:
    """The likelihood and its optimum; scenes without noise get a little of it, or whatever is added gains."""
    likelihood, given = _settled(estimator, scaled, positions)
    silent = torch.nonzero(given.log_noise.exp() < FLOOR).squeeze(-1)
    return (likelihood, given) if silent.numel() == 0 else _settled(estimator, floored(scaled, silent), positions)


def _settled(estimator: MaximumLikelihood[L], scaled: Scaled, positions: Positions) -> tuple[L, Hypothesis]:
    """The likelihood of some scenes, and the optimum that the given sources lead to."""
    likelihood = estimator.likelihood(scaled.observation)
    start = estimator.start(likelihood, positions.double())
    settled = likelihood.refine(
        start.rows, start.hypothesis, iterations=estimator.effort.settle_iterations, tolerance=1e-2
    )  # fmt: skip
    return likelihood, settled
