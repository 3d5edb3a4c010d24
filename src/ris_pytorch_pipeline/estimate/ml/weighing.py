"""Which of the sources that a search found are kept: scenes with spare ones are searched again without them."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from ...shapes import Counts, Positions
from ..estimate import Estimate, replaced_estimates
from ..fit.verdict import judge
from ..normalise import Scaled
from ..outcome import Aside, Polished, merged
from ..region import SearchRegion


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """What the weighing of sources needs to know of an estimator.

    Args:
        region: the field that was searched.
        threshold: τ, the gain that a detection needs.
        again: (scenes, positions with NaN in slots without a source, sources of each scene) -> what a search from there
            ends with.
    """

    region: SearchRegion
    threshold: float
    again: Callable[[Scaled, Positions, Counts], list[Polished]]


def weighed(scaled: Scaled, parts: list[Polished], asked: Counts | None, weighing: Weighing) -> Estimate:
    """The parts in order, with their fit; where the order was estimated, without sources that do not stand out."""
    whole, aside = merged(parts, asked)
    return _settled(scaled, whole, aside, weighing, counting=asked is None)


def _settled(
    scaled: Scaled, whole: Estimate, aside: Aside, weighing: Weighing, *, counting: bool, blurred: bool = False
) -> Estimate:
    """An estimate with its fit, without spare sources; what one source left at several places is counted again."""
    judged = judge(
        scaled, whole, aside, weighing.region, weighing.threshold, counting=counting, blurred=blurred
    )  # fmt: skip
    found, kept = judged.estimate, judged.credible.sum(-1)
    if not counting:
        return found
    fewer = kept < judged.estimate.order
    for chosen, again in ((fewer & ~judged.split, False), (fewer & judged.split, True)):
        rows = torch.nonzero(chosen).squeeze(-1)
        if rows.numel() == 0:
            continue
        start = judged.estimate.positions[rows].masked_fill(~judged.credible[rows][..., None], torch.nan)
        parts = weighing.again(scaled[rows], start, kept[rows])
        second = _settled(
            scaled[rows], *merged(parts, None), weighing, counting=again, blurred=blurred or again
        )  # fmt: skip
        found = replaced_estimates(found, rows, second)
    return found
