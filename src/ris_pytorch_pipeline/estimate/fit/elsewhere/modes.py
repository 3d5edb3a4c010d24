"""Which answer is the likeliest, and which others are as likely: rivals that end within 3 nats, somewhere else."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ....shapes import Mask
from ...estimate import Mode
from ...grid import search_grid
from ...ml.hypothesis import Hypothesis, Likelihood, OnGrid, Rows, joined
from ...ml.search import SearchEffort, candidates
from ...region import SearchRegion
from ...spacing import nearest_spacing
from ..meaning.preflight import channel_rank, facts, looks
from .behind import images_behind

NEAR = 3.0
"""Nats within which another answer is named: of two places the likelier one is wrong with a chance of 5 % there. By 2
nats, 12 %, 8 of 45 answers at a grating lobe were converged, by 3 nats 3 of them (`benchmarks/grating_lobes.py`)."""
_PLACE = 1.5
"""Grid steps on some axis that make it another place: three quarters of a beamwidth, or 1.5 distance planes."""
_ITERATIONS, _TOLERANCE = 8, 1e-2
_DENSE = 0.55
THOROUGH = SearchEffort(candidates=6, promising=0.25)
"""Spacing in wavelengths above which other places are sought once more, and how."""
_LITTLE = 5 * 3 + 1
_EVERYWHERE = SearchEffort(candidates=48, promising=0.0)
"""Real numbers below which the places that fit are many and narrow, and how they are sought: five times as many as a
position has coordinates. With codes that do not vary, one source, 15 dB and 96 scenes, 18 answers of four antennas are
far off with 6 candidates, 7 with 24 and 3 with 48; of eight antennas, 14 numbers, 2 and 0."""
_SMALL = 1000
"""Points of a grid of half a beamwidth on which one more look costs little: a line of 15 elements has about 300."""
_HOPEFUL = NEAR + 1
"""Nats above the best at which a rival, refined for a few iterations by the search, is refined further."""
_MOST = 2
"""Rivals refined in one scene."""
_CLEARLY = 0.01
"""Nats by which a rival has to be likelier than the answer to be taken in its place: less is the same optimum."""


@dataclass(frozen=True, eq=False)
class Contest:
    """Answers to some scenes, and what came close to them.

    Args:
        answers: a hypothesis of each row.
        scenes: (rival,), scene of each rival.
        rivals: other hypotheses with as many sources, refined.
    """

    answers: Hypothesis
    scenes: Tensor
    rivals: Hypothesis


def contest(
    likelihood: Likelihood, rows: Rows, end: Hypothesis, region: SearchRegion, *, thorough: bool = False
) -> Contest:
    """The answers as they are, and the rivals of a search that are close and elsewhere.

    Args:
        likelihood: with the rivals that its search left.
        rows: scene of each row.
        end: the answers, converged.
        region: the field that was searched.
        thorough: whether every source is sought elsewhere once more in any case.
    """
    little, doubtful = _little(likelihood, rows), _doubtful(likelihood, rows, region) | thorough
    for chosen, effort in ((little, _EVERYWHERE), (doubtful & ~little, THOROUGH)):
        if bool(chosen.any()):
            likelihood.rivals.extend(_sought(likelihood, rows[chosen], end[chosen], effort))
    return _converged(likelihood, rows, end)


def won(likelihood: Likelihood, rows: Rows, met: Contest, searched: Mask, iterations: int) -> Contest:
    """The same with each answer that a rival beats exchanged for the likeliest one; the former is a rival of it.

    Args:
        likelihood: of the scenes.
        rows: scene of each row.
        met: answers and rivals.
        searched: (row,), False of answers that are to stay: the optimum that a given start leads to.
        iterations: most iterations of the refinement of a winner.
    """
    row, answers = _row_of(rows, likelihood)[met.scenes], met.answers
    ahead = torch.nonzero((met.rivals.value < answers.value[row] - _CLEARLY) & searched[row]).squeeze(-1)
    ahead = ahead[met.rivals.value[ahead].argsort()]
    ahead = ahead[_nth(row[ahead]) == 0]
    if ahead.numel() == 0:
        return met
    beaten, scenes = row[ahead], met.scenes[ahead]
    settled = likelihood.refine(scenes, met.rivals[ahead], iterations=iterations, tolerance=1e-6)
    return Contest(
        answers.replaced(beaten, settled.strongest_first()),
        torch.cat([met.scenes, scenes]),
        joined([met.rivals, answers[beaten]]),
    )


def modes_of(likelihood: OnGrid, rows: Rows, met: Contest, region: SearchRegion) -> tuple[tuple[Mode, ...], ...]:
    """Other answers to each row, most likely first.

    Args:
        likelihood: of the scenes.
        rows: scene of each row.
        met: answers and rivals.
        region: how positions are reported.
    """
    end, rival = met.answers, met.rivals
    listed: list[list[tuple[Mode, Tensor]]] = [[] for _ in rows]
    behind = _behind(likelihood, end, region)
    positions = region.reported(rival.cosines, likelihood.observation.array)
    for i, row in enumerate(_row_of(rows, likelihood)[met.scenes].tolist()):
        loss = float(rival.value[i] - end.value[row])
        moved = _elsewhere(rival.cosines[i], end.cosines[row], likelihood)
        if loss > NEAR or not bool(moved.any()):
            continue
        new = int(torch.nonzero(moved)[0])
        place = rival.cosines[i, new]
        known = torch.stack([p for _, p in listed[row]]) if listed[row] else place.new_zeros(0, place.numel())
        if bool(_elsewhere(place[None], known, likelihood).all()):
            azimuth, elevation, distance = positions[i, new].tolist()
            gone = _missing(rival.cosines[i], end.cosines[row], likelihood)
            listed[row].append((Mode(source=gone, position=(azimuth, elevation, distance), loss=loss), place))
    all_modes = ([*images, *(mode for mode, _ in found)] for images, found in zip(behind, listed, strict=True))
    return tuple(tuple(sorted(modes, key=lambda mode: mode.loss)) for modes in all_modes)


def _behind(likelihood: OnGrid, end: Hypothesis, region: SearchRegion) -> list[list[Mode]]:
    """Mirror images of the sources of each row that lie in the field: as likely as the answer."""
    apart = _PLACE * max(likelihood.grid.steps[:-1])
    there, images = images_behind(end.cosines, likelihood.observation.array, region, apart)
    found: list[list[Mode]] = [[] for _ in there]
    for row, source in torch.nonzero(there).tolist():
        azimuth, elevation, distance = images[row, source].tolist()
        found[row].append(Mode(source=source, position=(azimuth, elevation, distance), loss=0.0))
    return found


def _little(likelihood: Likelihood, rows: Rows) -> Bool[Tensor, "row"]:  # noqa: F821
    """Whether so little is heard of a place that many others look like it."""
    seen, array = likelihood.observation, likelihood.observation.array
    heard = looks(seen)
    return ((facts(heard, array) < _LITTLE) & (heard < len(array)))[rows]


def _doubtful(likelihood: Likelihood, rows: Rows, region: SearchRegion) -> Bool[Tensor, "row"]:  # noqa: F821
    """Whether a source is sought elsewhere once more.

    Elements are far apart, all antennas say the same, or the grid is so small that it costs little.
    """
    seen, array = likelihood.observation, likelihood.observation.array
    few = search_grid(region, array).size <= _SMALL
    dense = nearest_spacing(array) > _DENSE * array.wavelength
    return (channel_rank(seen) == 1)[rows] | few | dense


def _sought(
    likelihood: Likelihood, rows: Rows, end: Hypothesis, effort: SearchEffort
) -> list[tuple[Tensor, Hypothesis]]:
    """Every source at the next best places for it, the others held."""
    points = likelihood.grid.points().to(end.cosines.dtype)
    found = []
    for source in range(end.cosines.shape[1]):
        rest = end.without(source)
        gain, power = likelihood.scan(rows, rest)
        row, point = candidates(likelihood, gain, end.cosines[:, source], effort)
        if row.numel():
            log_power = power[row, point].to(end.log_noise.dtype)
            start = rest[row].plus(points[point], log_power)
            settled = likelihood.refine(rows[row], start, iterations=_ITERATIONS, tolerance=_TOLERANCE)
            found.append((rows[row], settled))
    return found


def _converged(likelihood: Likelihood, rows: Rows, end: Hypothesis) -> Contest:
    """Answers and their rivals of as many sources, refined: the best few that are close and elsewhere, or likelier."""
    sources = end.cosines.shape[1]
    alike = [(scenes, rival) for scenes, rival in likelihood.rivals if rival.cosines.shape[1] == sources]
    if not alike:
        return _unmet(end)
    scenes = torch.cat([s for s, _ in alike])
    rival = joined([r for _, r in alike])
    mine = _row_of(rows, likelihood)[scenes]
    gap = rival.value - end.value[mine]
    moved = (rival.cosines[:, :, None] - end.cosines[mine][:, None]).abs()
    far = (moved > _PLACE * moved.new_tensor(likelihood.grid.steps)).any(-1).all(-1).any(-1)
    kept = torch.nonzero((mine >= 0) & torch.where(far, gap < _HOPEFUL, gap < -_CLEARLY)).squeeze(-1)
    kept = kept[gap[kept].argsort()]
    kept = kept[_nth(mine[kept]) < _MOST]
    if kept.numel() == 0:
        return _unmet(end)
    refined = likelihood.refine(scenes[kept], rival[kept], iterations=_ITERATIONS, tolerance=_TOLERANCE)
    return Contest(end, scenes[kept], refined)


def _unmet(answers: Hypothesis) -> Contest:
    """Answers without a rival."""
    none = torch.zeros(0, dtype=torch.long, device=answers.value.device)
    return Contest(answers, none, answers[none])


def _row_of(rows: Rows, likelihood: OnGrid) -> Int[Tensor, "scene"]:  # noqa: F821
    """(scene,), which row each scene of a likelihood is in; -1 of the others."""
    row = torch.full((len(likelihood.observation),), -1, device=rows.device)
    row[rows] = torch.arange(rows.numel(), device=rows.device)
    return row


def _nth(values: Tensor) -> Tensor:
    """How many earlier entries are equal."""
    return (values[:, None] == values).tril(-1).sum(-1)


def _elsewhere(places: Tensor, others: Tensor, likelihood: OnGrid) -> Tensor:
    """(place,): True where it is another place than all the others."""
    steps = places.new_tensor(likelihood.grid.steps)
    return ((places[:, None] - others[None]).abs() > _PLACE * steps).any(-1).all(-1)


def _missing(rival: Tensor, answer: Tensor, likelihood: OnGrid) -> int:
    """Number of the source of the answer that the rival puts elsewhere."""
    gone = torch.nonzero(_elsewhere(answer, rival, likelihood)).flatten()
    return int(gone[0]) if gone.numel() else 0
