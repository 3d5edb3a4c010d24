"""What is said about each scene: does the model explain it, do its sources stand out, is there another answer?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool
from torch import Tensor

from ...physics import Observation
from ...shapes import Counts, Mask
from ..estimate import Estimate, Fit, Status
from ..grid import search_grid
from ..normalise import Scaled
from ..outcome import Aside, Modes
from ..region import SearchRegion
from .certainty.freedom import free_coordinates
from .certainty.panel_error import with_panel_errors
from .counting.credible import evidence, weak
from .counting.expected import explained_share
from .counting.spare import ASKED
from .elsewhere.edges import held_back
from .groups import Groups, groups_of
from .images.rays import ray_mates
from .meaning.preflight import channel_rank, looks
from .residual.foreign import foreign
from .residual.structure import COLOURED, SENTENCES, Structure, structure
from .residual.tangents import tangents_of

ALARM = 0.005
"""p-value below which a residual is no white noise, see `benchmarks/residual_alarms.py`."""
_LOUD = 0.75
"""Share of the energy that has the channel's colour above which finding no source is a misfit, not a lack of SNR."""
_ORDER = (
    Status.MISFIT, Status.INCOMPLETE, Status.NONE, Status.AMBIGUOUS, Status.EDGE, Status.UNTESTED, Status.FEWER,
    Status.NOT_OBSERVABLE, Status.ITERATION_LIMIT, Status.WEAK,
)  # fmt: skip
"""Worst first: a scene's status is its first finding."""
_EACH = 2
"""Real numbers for each coordinate of a source above which a place is tested: as many are spare as tell it. With codes
that do not vary, one source and 15 dB, three antennas hear four for three coordinates, and of 96 scenes 68 are far off;
four hear six, and of 58 converged scenes 4 were."""
_SILENT = "energy came through the channel, and no source stands out of it"
"""What is said of a scene without a source."""
BLURRED = "one source shows at several places as one of unknown bandwidth does"
"""What is said of a scene with a source that had images at other carriers."""
_OF_SOURCES = (*SENTENCES, _SILENT, BLURRED)
"""What sources that were not kept leave, too."""


@dataclass(frozen=True, eq=False)
class Judged:
    """An estimate with its fit, and how many of its sources are credible.

    Args:
        estimate: with `fit`, and statuses from it.
        credible: (scene, source), True of sources that stand out from scatter and from errors of the model.
        split: (scene,), True where a source seems to show as several on its ray: of these the strongest is credible,
            and what is left is to be weighed again.
        alone: (scene, source), True of sources that are credible if no other reading of a silent scene is better.
    """

    estimate: Estimate
    credible: Mask
    split: Bool[Tensor, "scene"]  # noqa: F821
    alone: Mask


def judge(
    scaled: Scaled,
    estimate: Estimate,
    aside: Aside,
    region: SearchRegion,
    threshold: float,
    each: Tensor,
    *,
    counting: bool,
    misfit: str = "",
) -> Judged:  # fmt: skip
    """Weigh an estimate.

    Args:
        scaled: the scenes.
        estimate: what was found in them, in the units of the observation, strongest source first.
        aside: other answers to each scene, and how the border pulls.
        region: the field that was searched.
        threshold: τ, the gain that a detection needs.
        each: (scene,), what the last source of each scene has to gain beside the others: τ, more of few measurements.
        counting: whether the number of sources was estimated, so that `credible` is needed.
        misfit: what shows that the model does not hold, in words; empty where only the residual tells.
    """
    observation = scaled.observation
    groups = groups_of(observation, estimate.positions)
    powers = estimate.powers * (scaled.channel / scaled.measured)[:, None]
    tangents = tangents_of(observation, groups, estimate.positions)
    tested = structure(observation, groups, tangents)
    unlike = tested.p_value < ALARM
    found = evidence(observation, groups, powers, threshold, unlike, counting=counting)
    needed = each * (ASKED if observation.symbols == "random" else 1.0)
    free = _free_symbols(observation, groups)
    missed = _missed(observation, groups, unlike, (found.expected_share > _LOUD) & ~free)
    flags = {
        Status.MISFIT: bool(misfit) | unlike & ~missed,
        Status.AMBIGUOUS: torch.tensor([len(m) > 0 for m in aside.modes], device=powers.device),
        Status.EDGE: held_back(observation, estimate, region, aside.pull),
        Status.UNTESTED: little_heard(observation, groups.order, region)
        | (~tested.possible | free) & ((groups.order > 0) | unlike),
        Status.WEAK: weak(found, needed, estimate.order),
    }
    findings = findings_of(flags, estimate.status, aside.modes, found.gains < needed[:, None])
    fit = Fit(
        explained=explained_share(groups),
        expected=found.stated_share,
        p_value=tested.p_value,
        evidence=found.gains,
        striking=tuple(misfit or words for words in _striking(tested, groups)),
        findings=findings,
        modes=aside.modes,
    )
    status = tuple(f[0] if f else Status.CONVERGED for f in findings)
    mates = torch.zeros_like(groups.present)
    if counting:
        steps = estimate.positions.new_tensor(search_grid(region, observation.array).steps[:-1])
        mates = ray_mates(estimate.positions, estimate.deviations, observation.array, steps)
    split = mates.any(-1)
    credible = torch.where(split[:, None], groups.present & ~mates, found.credible)
    estimate = with_panel_errors(estimate, observation.array, groups, tangents, tested.p_value, region.fixed)
    return Judged(replace(estimate, fit=fit, status=status), credible, split, found.alone)


def _striking(tested: Structure, groups: Groups) -> list[str]:
    """What is most unlike noise in each scene; without a source the channel's colour is that of what was sent."""
    pairs = zip(tested.cause.tolist(), groups.order.tolist(), strict=True)
    return [_SILENT if order == 0 and SENTENCES[cause] == COLOURED else SENTENCES[cause] for cause, order in pairs]


def _missed(
    observation: Observation, groups: Groups, unlike: Tensor, loud: Tensor
) -> Bool[Tensor, "scene"]:  # noqa: F821 # fmt: skip
    """Whether measurements without a source look unlike noise as a source too weak to be counted makes them."""
    missed = (groups.order == 0) & ~loud
    rows = torch.nonzero(missed & unlike).squeeze(-1)
    if rows.numel():
        missed[rows] = ~foreign(observation[rows], groups[rows])
    return missed


def _free_symbols(observation: Observation, groups: Groups) -> Bool[Tensor, "scene"]:  # noqa: F821
    """Whether symbols of so many sources, or of one, explain all that the channel lets through in every snapshot.

    A channel of rank one hears one number a snapshot, however many antennas there are: an unknown symbol is any number.
    """
    if observation.symbols != "random":
        return torch.zeros_like(groups.order, dtype=torch.bool)
    return groups.order.clamp_min(1) >= channel_rank(observation)


def little_heard(
    observation: Observation, order: Counts, region: SearchRegion
) -> Bool[Tensor, "scene"]:  # noqa: F821 # fmt: skip
    """Whether what is heard of so many sources tests their places by no more real numbers than it tells them by.

    Of D looks K sources leave D - K, 2 (D - K) real numbers for each source. Few to spare are no test: of the places
    of a wide field some fit by chance.
    """
    coordinates = free_coordinates(observation.array, region.fixed)
    heard = looks(observation)
    left = 2 * (heard - order) * observation.array.frequencies
    return (order > 0) & (heard < len(observation.array)) & (left <= _EACH * coordinates)


def perhaps_missed(found: Estimate) -> list[bool]:
    """For each scene whether it is a misfit with no better reading known, which sources that were not kept may explain.

    So it is where the residual alone tells, where no source stands out, and where one was left out on the ray of
    another.
    """
    if found.fit is None:
        return [False] * len(found)
    pairs = zip(found.fit.findings, found.fit.striking, strict=True)
    return [Status.MISFIT in said and striking in _OF_SOURCES for said, striking in pairs]


def incomplete(found: Estimate, rows: Tensor) -> Estimate:
    """The estimate with `INCOMPLETE` in place of `MISFIT` in some scenes, by their numbers."""
    if found.fit is None:
        return found
    chosen, names = set(rows.tolist()), {Status.MISFIT: Status.INCOMPLETE}
    findings = tuple(
        tuple(names.get(finding, finding) for finding in said) if row in chosen else said
        for row, said in enumerate(found.fit.findings)
    )
    status = tuple(names.get(ended, ended) if row in chosen else ended for row, ended in enumerate(found.status))
    return replace(found, fit=replace(found.fit, findings=findings), status=status)


def findings_of(
    flags: dict[Status, Tensor], ended: Sequence[Status], modes: Modes, faint: Mask
) -> tuple[tuple[Status, ...], ...]:
    """All that is to be said of each scene, worst first, by any likelihood.

    The border of the field explains a misfit where the sources stand out. A source that hardly stands out fits
    anywhere: where no other one has another place, too many were asked for.

    >>> from ris_pytorch_pipeline.estimate import Mode
    >>> flags = {status: torch.tensor([True]) for status in (Status.AMBIGUOUS, Status.WEAK)}
    >>> places = ((Mode(source=1, position=(0.1, 0.2, 3.0), loss=0.1),),)  # the second source may be elsewhere
    >>> second_faint, first_faint = torch.tensor([[False, True]]), torch.tensor([[True, False]])
    >>> [s.name for s in findings_of(flags, [Status.CONVERGED], places, second_faint)[0]]
    ['WEAK', 'AMBIGUOUS']
    >>> [s.name for s in findings_of(flags, [Status.CONVERGED], places, first_faint)[0]]
    ['AMBIGUOUS', 'WEAK']

    Args:
        flags: of each status whether it is to be said, by scene.
        ended: how the search of each scene ended.
        modes: other places of the sources of each scene.
        faint: (scene, source), True of sources that hardly stand out.
    """
    raised, slight = {status: flag.tolist() for status, flag in flags.items()}, faint.tolist()
    return tuple(
        _findings(raised, row, status, faint=all(slight[row][mode.source] for mode in modes[row]))
        for row, status in enumerate(ended)
    )


def _findings(flags: dict[Status, list[bool]], row: int, status: Status, *, faint: bool) -> tuple[Status, ...]:
    """Those of one scene; `faint` says that no source which stands out has another place."""
    said = {status} | {finding for finding, flag in flags.items() if flag[row]}
    order = (Status.EDGE, *_ORDER)
    if Status.WEAK in said:
        order = (Status.MISFIT, Status.NONE, Status.WEAK, *_ORDER) if faint else _ORDER
    return tuple(finding for finding in dict.fromkeys(order) if finding in said)
