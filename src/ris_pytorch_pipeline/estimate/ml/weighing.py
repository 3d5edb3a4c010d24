"""Which of the sources that a search found are kept: scenes with spare ones are searched again without them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch

from ...physics import Observation
from ...shapes import Counts, Mask, Positions
from ..estimate import Estimate, Status
from ..fit.images.moving import MOVING, moving_mates
from ..fit.images.steady import STEADY, steady_symbols
from ..fit.verdict import BLURRED, Judged, judge
from ..grid import SearchGrid, search_grid
from ..joining import replaced_estimates
from ..normalise import Scaled
from ..outcome import Aside, Polished, merged
from ..region import SearchRegion
from .partial import PARTIAL
from .search import needed_by
from .uncounted import said_incomplete

_MANY = 4
"""Sources from which on the order of the elements is tried besides."""


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """What the weighing of sources needs to know of an estimator.

    Args:
        region: the field that was searched.
        threshold: τ, the gain that a detection needs.
        needed: k -> the gain that one more source beside k needs, τ or more.
        anew: (scenes, sources of each scene) -> what a search for so many ends with.
        again: (scenes, positions with NaN in slots without a source, sources of each scene) -> what a search from there
            ends with.
        misread: (the same, conjugated: whether conjugates are tried) -> the name of another reading that explains each
            scene better; empty where none does.
    """

    region: SearchRegion
    threshold: float
    needed: Callable[[int], float]
    anew: Callable[[Scaled, Counts], list[Polished]]
    again: Callable[[Scaled, Positions, Counts], list[Polished]]
    misread: Callable[..., list[str]]
    partial: Callable[[Observation, Positions, SearchGrid], Mask]
    least_predictive: Callable[[Scaled, Estimate], Mask]


def weighed(scaled: Scaled, parts: list[Polished], asked: Counts | None, weighing: Weighing) -> Estimate:
    """The parts in order, with their fit; where the order was estimated, without sources that do not stand out.

    None is left where another usual reading of the numbers explains the scene better.
    """
    whole, aside = merged(parts, asked)
    if asked is not None:
        return _without_change(scaled, _judged(scaled, whole, aside, weighing, counting=False).estimate)
    judged = _judged(scaled, whole, aside, weighing, counting=True)
    found = _settled(scaled, judged, weighing, counting=True)
    images = partial(_images, weighing=weighing)
    found, decided = said_incomplete(scaled, judged, found, weighing.misread, images)
    found = _without_images(scaled, _reread(scaled, found, decided, weighing), weighing)
    return _predicting(scaled, found, weighing)


def _without_change(scaled: Scaled, found: Estimate) -> Estimate:
    """With its sources, scenes of random symbols that do not change are a misfit: they are those of pilots."""
    steady = steady_symbols(scaled.observation, found.positions)
    if found.fit is None or not bool(steady.any()):
        return found
    findings, striking = list(found.fit.findings), list(found.fit.striking)
    for row in torch.nonzero(steady).squeeze(-1).tolist():
        findings[row] = (Status.MISFIT, *(status for status in findings[row] if status is not Status.MISFIT))
        striking[row] = explained_more(STEADY)
    status = tuple((*said, Status.CONVERGED)[0] for said in findings)
    fit = replace(found.fit, findings=tuple(findings), striking=tuple(striking))
    return replace(found, fit=fit, status=status)


def _settled(scaled: Scaled, judged: Judged, weighing: Weighing, *, counting: bool, misfit: str = "") -> Estimate:
    """An estimate with its fit, without spare sources; what one source left at several places is counted again.

    Where nothing is counted again, a source that explains less than scatter goes all the same.
    """
    found = judged.estimate
    credible = _spared(scaled, judged, weighing) if counting else _standing(judged)
    kept = credible.sum(-1)
    fewer = kept < judged.estimate.order
    for chosen, again in ((fewer & ~judged.split, False), (fewer & judged.split, True)):
        rows = torch.nonzero(chosen).squeeze(-1)
        if rows.numel() == 0:
            continue
        start = judged.estimate.positions[rows].masked_fill(~credible[rows][..., None], torch.nan)
        whole, aside = merged(weighing.again(scaled[rows], start, kept[rows]), None)
        said = BLURRED if again else misfit
        next_judged = _judged(scaled[rows], whole, aside, weighing, counting=again, misfit=said)
        second = _settled(scaled[rows], next_judged, weighing, counting=again, misfit=said)
        found = replaced_estimates(found, rows, second)
    return found


def _judged(
    scaled: Scaled, whole: Estimate, aside: Aside, weighing: Weighing, *, counting: bool, misfit: str = ""
) -> Judged:
    """Judged by what each number of sources needs."""
    each = needed_by(whole.order, weighing.needed).to(whole.powers)
    return judge(
        scaled, whole, aside, weighing.region, weighing.threshold, each, counting=counting, misfit=misfit
    )  # fmt: skip


def _standing(judged: Judged) -> Mask:
    """Sources that explain more than scatter does: after a search without spare ones one may have gone astray."""
    found = judged.estimate
    there = ~found.positions[..., 0].isnan()
    return there if found.fit is None else there & ~(found.fit.evidence < 0)


def _spared(scaled: Scaled, judged: Judged, weighing: Weighing) -> Mask:
    """Credible sources; where none is left of a silent scene that no other reading explains better, those alone."""
    credible, estimate = judged.credible.clone(), judged.estimate
    rows = torch.nonzero(~credible.any(-1) & judged.alone.any(-1)).squeeze(-1)
    if rows.numel():
        names = weighing.misread(scaled[rows], estimate.positions[rows], estimate.order[rows])
        right = torch.tensor([not name for name in names], device=rows.device)
        credible[rows[right]] = judged.alone[rows[right]]
    return credible


def _reread(scaled: Scaled, found: Estimate, decided: Mask, weighing: Weighing) -> Estimate:
    """Without the sources of scenes that another reading explains better.

    Only doubtful scenes are read again, and those with many sources in other orders of the elements: a wrong order may
    show as that many without any doubt. Pilots called random symbols show by symbols that do not change.
    """
    if found.fit is None:
        return found
    doubtful = torch.tensor([Status.MISFIT in said for said in found.fit.findings], device=found.order.device)
    doubtful &= ~decided
    names = [STEADY if steady else "" for steady in steady_symbols(scaled.observation, found.positions).tolist()]
    for chosen, conjugated in ((doubtful & (found.order > 0), True), (~doubtful & (found.order >= _MANY), False)):
        rows = torch.nonzero(chosen).squeeze(-1)
        if rows.numel():
            seen = weighing.misread(scaled[rows], found.positions[rows], found.order[rows], conjugated=conjugated)
            for row, name in zip(rows.tolist(), seen, strict=True):
                names[row] = names[row] or name
    return _without_misread(scaled, *_searched_anew(scaled, found, names, weighing), weighing)


def _searched_anew(
    scaled: Scaled, found: Estimate, names: list[str], weighing: Weighing
) -> tuple[Estimate, list[str]]:  # fmt: skip
    """The same where a search for as many sources finds a likelier place for them, which no reading explains better.

    A search that grows and shrinks may end beside the optimum, and another reading is not better for that.
    """
    rows = torch.tensor([row for row, name in enumerate(names) if name not in ("", STEADY)], device=found.order.device)
    if rows.numel() == 0:
        return found, names
    some = scaled[rows]
    judged = _judged(some, *merged(weighing.anew(some, found.order[rows]), None), weighing, counting=False)
    second = _settled(some, judged, weighing, counting=False)
    there = torch.nonzero(second.order == found.order[rows]).squeeze(-1)
    seen = weighing.misread(some[there], second.positions[there], second.order[there]) if there.numel() else []
    right = there[torch.tensor([not name for name in seen], dtype=torch.bool, device=there.device)]
    if right.numel() == 0:
        return found, names
    rightful = {int(row) for row in rows[right]}
    return replaced_estimates(found, rows[right], second[right]), [
        "" if row in rightful else name for row, name in enumerate(names)
    ]


def _without_images(scaled: Scaled, found: Estimate, weighing: Weighing) -> Estimate:
    """Of a source that shows at several places only the strongest of them: what rests there is a misfit."""
    several = torch.nonzero(found.order > 1).squeeze(-1)
    if several.numel() == 0:
        return found
    mates = _images(scaled[several], found[several], weighing)
    moved = torch.nonzero(mates.any(-1)).squeeze(-1)
    if moved.numel() == 0:
        return found
    start = found.positions[several[moved]].masked_fill(mates[moved][..., None], torch.nan)
    kept = found.order[several][moved] - mates[moved].sum(-1)
    rows = several[moved]
    parts = weighing.again(scaled[rows], start, kept)
    said = PARTIAL if scaled.observation.symbols == "pilot" else MOVING
    judged = _judged(scaled[rows], *merged(parts, None), weighing, counting=False, misfit=said)
    rest = _settled(scaled[rows], judged, weighing, counting=False, misfit=said)
    return replaced_estimates(found, rows, rest)


def _predicting(scaled: Scaled, found: Estimate, weighing: Weighing) -> Estimate:
    """Without sources that do not help to predict held-out snapshots; the worst goes first, and all are asked again."""
    worst, whole = weighing.least_predictive(scaled, found), found
    rows = torch.nonzero(worst.any(-1)).squeeze(-1)
    words = _named_misfits(whole)
    for said in sorted({words[row] for row in rows.tolist()}):
        chosen = torch.tensor([row for row in rows.tolist() if words[row] == said], device=rows.device)
        start = whole.positions[chosen].masked_fill(worst[chosen][..., None], torch.nan)
        parts = weighing.again(scaled[chosen], start, whole.order[chosen] - 1)
        judged = _judged(scaled[chosen], *merged(parts, None), weighing, counting=False, misfit=said)
        rest = _settled(scaled[chosen], judged, weighing, counting=False, misfit=said)
        found = replaced_estimates(found, chosen, _predicting(scaled[chosen], rest, weighing))
    return found


def _named_misfits(found: Estimate) -> list[str]:
    """What was said of each scene when images of a source went; empty where none did."""
    if found.fit is None:
        return [""] * len(found)
    return [words if words in (BLURRED, MOVING, PARTIAL) else "" for words in found.fit.striking]


def _images(scaled: Scaled, found: Estimate, weighing: Weighing) -> Mask:
    """(scene, source): the weaker ones of those that one source shows as.

    A source of random symbols shows at several places when it moves, a pilot behind a part of the array.
    """
    grid = search_grid(weighing.region, scaled.observation.array)
    if scaled.observation.symbols == "pilot":
        return weighing.partial(scaled.observation, found.positions, grid)
    powers = found.powers * (scaled.channel / scaled.measured)[:, None]
    levels = powers, found.noise_variance / scaled.measured
    return moving_mates(scaled.observation, found.positions, levels, grid, weighing.threshold)


def explained_more(reading: str) -> str:
    """What is said of scenes that another reading explains better."""
    return f"as many sources or fewer explain more with {reading}"


def _without_misread(scaled: Scaled, found: Estimate, names: list[str], weighing: Weighing) -> Estimate:
    """No source in the scenes whose better reading has a name."""
    for name in sorted(set(names) - {""}):
        chosen = torch.tensor([row for row, other in enumerate(names) if other == name], device=found.order.device)
        nowhere = torch.full_like(found.positions[chosen], torch.nan)
        parts = weighing.again(scaled[chosen], nowhere, torch.zeros_like(chosen))
        said = explained_more(name)
        judged = _judged(scaled[chosen], *merged(parts, None), weighing, counting=False, misfit=said)
        none = _settled(scaled[chosen], judged, weighing, counting=False, misfit=said)
        found = replaced_estimates(found, chosen, none)
    return found
