"""How much of a scale of ± do so few known positions tell? What they do not tell is not claimed."""

import math

from jaxtyping import Float
from scipy.stats import binom
from torch import Tensor

from ..shapes import Positions
from ..units import counted

LEVEL = 0.9
"""Coverage that is aimed at."""
NORMAL = 1.6448536269514722
"""Standard deviations that hold 90 % of a normal error on both sides."""
SURE = 0.95
"""Confidence with which a ± is made smaller."""


def told_scale(ratios: Float[Tensor, "scene"], places: int) -> Tensor:  # noqa: F821
    """Factor on ± from |error|/± of held-out scenes: as large as they show, and below 1 only where they prove it.

    It is the ⌈(n + 1) 0.9⌉-th smallest ratio over 1.645: split-conformal, so that a new scene of the same kind is
    covered with probability 0.9 at least. Fewer than nine ratios have no such quantile; then it is the largest.

    A factor below 1 claims that Fisher's ± is too wide. The r-th smallest ratio is an upper bound of the 90 % quantile
    with confidence P(Binomial(n, 0.9) < r). The factor is never below the least such bound of confidence 0.95, which 29
    ratios and more have. Where there is none it is never below 1.

    >>> import torch
    >>> told_scale(torch.tensor([0.8, 1.3, 0.4]), 3)  # three positions at which ± held by chance
    tensor(1.)

    Args:
        ratios: |error|/±, NaN where no ± is stated.
        places: different positions n that they come from; ratios of one position count as one.

    Returns:
        The factor, 1 where nothing is stated.

    Source: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005; Wilks, "Determination of sample
    sizes for setting tolerance limits", 1941.
    """
    told = ratios[ratios.isfinite()].sort().values / NORMAL
    if not len(told):
        return ratios.new_ones(())
    places = min(places, len(told))
    shown = _ranked(told, math.ceil((places + 1) * LEVEL), places)
    rank = proving_rank(places)
    least = told.new_ones(()) if rank is None else _ranked(told, rank, places).clamp_max(1)
    return shown.maximum(least)


def different_places(positions: Positions) -> int:
    """How many different positions scenes with one source each have; scenes of one position tell its errors again.

    >>> import torch
    >>> different_places(torch.tensor([[[0.1, 0.0, 3.0]], [[0.1, 0.0, 3.0]], [[0.2, 0.0, 3.0]]]))
    2
    """
    return len(positions.flatten(1).unique(dim=0))


def proving_rank(places: int) -> int | None:
    """Rank r of so many ratios from which on one is an upper bound of their 90 % quantile; None where none is.

    >>> proving_rank(28), proving_rank(29), proving_rank(50)
    (None, 29, 49)
    """
    rank = int(binom.ppf(SURE, places, LEVEL)) + 1
    return None if rank > places else rank


def _ranked(told: Tensor, rank: int, places: int) -> Tensor:
    """The ratio of a rank among places; of several ratios a place the one that is as far up."""
    return told[min(math.ceil(rank * len(told) / places), len(told)) - 1]


def scale_doubts(scale: Float[Tensor, "3"], places: int) -> tuple[str, ...]:
    """What a scale of ± from so many positions does not tell, in sentences.

    >>> import torch
    >>> scale_doubts(torch.tensor([1.0, 1.2, 1.4]), 12)[0][:45]
    'the scale of ± comes from 12 positions: with '
    >>> scale_doubts(torch.tensor([0.9, 1.2, 1.4]), 50)
    ()

    Args:
        scale: of azimuth, elevation and distance.
        places: different positions that it comes from.
    """
    held = places < FEWEST_TO_SHRINK and bool((scale == 1).any())
    sentences = [_held()] * held + [_too_small(places)] * (places < FEWEST_TO_STRETCH)
    return (f"the scale of ± comes from {counted(places, 'position')}: {'; '.join(sentences)}",) if sentences else ()


FEWEST_TO_SHRINK = next(n for n in range(1, 100) if proving_rank(n) is not None)
"""Positions from which on a ± can become smaller."""
FEWEST_TO_STRETCH = next(n for n in range(1, 100) if math.ceil((n + 1) * LEVEL) <= n)
"""Positions from which on a new scene is covered with the probability that is aimed at, however wide errors are."""


def _held() -> str:
    """Why a factor is 1."""
    return f"with fewer than {FEWEST_TO_SHRINK} none shows that a stated ± is too wide, and it is never less than 1"


def _too_small(places: int) -> str:
    """What the largest of few ratios covers."""
    return (
        f"the largest error of so few holds a new one with probability {places / (places + 1):.2f}, so that ± may be "
        f"too small where the hardware is not as it was fitted; {FEWEST_TO_STRETCH} positions tell {LEVEL:g}"
    )
