"""Which other answers are as likely: rivals of a search that end within 2 log units of the best, somewhere else."""

import torch
from torch import Tensor

from ..estimate import Mode
from ..grid import search_grid
from ..ml.hypothesis import Hypothesis, Likelihood, Rows, joined
from ..ml.search import SearchEffort, candidates
from ..region import SearchRegion
from ..spacing import nearest_spacing
from .meaning.preflight import FEW_FACTS, channel_rank, facts, looks

NEAR = 2.0
"""Nats within which another answer cannot be told from the best one."""
_PLACE = 1.5
"""Grid steps on some axis that make it another place: three quarters of a beamwidth, or 1.5 distance planes."""
_ITERATIONS, _TOLERANCE = 8, 1e-2
_DENSE = 0.55
_THOROUGH = SearchEffort(candidates=6, promising=0.25)
"""Spacing in wavelengths above which other places are sought once more, and how."""
_SMALL = 1000
"""Points of a grid of half a beamwidth on which one more look costs little: a line of 15 elements has about 300."""
_HOPEFUL = 3.0
"""Nats above the best at which a rival, refined for a few iterations by the search, is refined further."""
_MOST = 2
"""Rivals refined in one scene."""


def modes_of(
    likelihood: Likelihood, rows: Rows, end: Hypothesis, region: SearchRegion, *, thorough: bool = False
) -> tuple[tuple[Mode, ...], ...]:
    """Other answers to each row, most likely first.

    Args:
        likelihood: with the rivals that its search left.
        rows: scene of each row.
        end: the answers, converged.
        region: how positions are reported.
        thorough: whether every source is sought elsewhere once more in any case.
    """
    if thorough or _doubtful(likelihood, region):
        likelihood.rivals.extend(_sought(likelihood, rows, end))
    listed: list[list[tuple[Mode, Tensor]]] = [[] for _ in rows]
    where = {scene: row for row, scene in enumerate(rows.tolist())}
    for scenes, rival in _converged(likelihood, rows, end):
        positions = region.reported(rival.cosines, likelihood.observation.array)
        for i, scene in enumerate(scenes.tolist()):
            row = where[scene]
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
    return tuple(tuple(sorted((m for m, _ in found), key=lambda m: m.loss)) for found in listed)


def _doubtful(likelihood: Likelihood, region: SearchRegion) -> bool:
    """Whether a source is sought elsewhere once more.

    Elements are far apart, little is heard of them, or the grid is so small that it costs little.
    """
    seen, array = likelihood.observation, likelihood.observation.array
    if search_grid(region, array).size <= _SMALL:
        return True
    little = (facts(seen) < FEW_FACTS) & (looks(seen) < len(array))
    return nearest_spacing(array) > _DENSE * array.wavelength or bool((little | (channel_rank(seen) == 1)).any())


def _sought(likelihood: Likelihood, rows: Rows, end: Hypothesis) -> list[tuple[Tensor, Hypothesis]]:
    """Every source at the next best places for it, the others held."""
    points = likelihood.grid.points().to(end.cosines.dtype)
    found = []
    for source in range(end.cosines.shape[1]):
        rest = end.without(source)
        gain, power = likelihood.scan(rows, rest)
        row, point = candidates(likelihood, gain, end.cosines[:, source], _THOROUGH)
        if row.numel():
            log_power = power[row, point].to(end.log_noise.dtype)
            start = rest[row].plus(points[point], log_power)
            settled = likelihood.refine(rows[row], start, iterations=_ITERATIONS, tolerance=_TOLERANCE)
            found.append((rows[row], settled))
    return found


def _converged(likelihood: Likelihood, rows: Rows, end: Hypothesis) -> list[tuple[Tensor, Hypothesis]]:
    """Rivals with as many sources, refined; only the best few of each scene that are close and elsewhere."""
    sources = end.cosines.shape[1]
    alike = [(scenes, rival) for scenes, rival in likelihood.rivals if rival.cosines.shape[1] == sources]
    if not alike:
        return []
    scenes = torch.cat([s for s, _ in alike])
    rival = joined([r for _, r in alike])
    row = torch.full((len(likelihood.observation),), -1, device=rows.device)
    row[rows] = torch.arange(rows.numel(), device=rows.device)
    mine = row[scenes]
    gap = rival.value - end.value[mine]
    moved = (rival.cosines[:, :, None] - end.cosines[mine][:, None]).abs()
    far = (moved > _PLACE * moved.new_tensor(likelihood.grid.steps)).any(-1).all(-1).any(-1)
    kept = torch.nonzero((mine >= 0) & (gap < _HOPEFUL) & far).squeeze(-1)
    kept = kept[gap[kept].argsort()]
    kept = kept[_nth(mine[kept]) < _MOST]
    if kept.numel() == 0:
        return []
    refined = likelihood.refine(scenes[kept], rival[kept], iterations=_ITERATIONS, tolerance=_TOLERANCE)
    return [(scenes[kept], refined)]


def _nth(values: Tensor) -> Tensor:
    """How many earlier entries are equal."""
    return (values[:, None] == values).tril(-1).sum(-1)


def _elsewhere(places: Tensor, others: Tensor, likelihood: Likelihood) -> Tensor:
    """(place,): True where it is another place than all the others."""
    steps = places.new_tensor(likelihood.grid.steps)
    return ((places[:, None] - others[None]).abs() > _PLACE * steps).any(-1).all(-1)


def _missing(rival: Tensor, answer: Tensor, likelihood: Likelihood) -> int:
    """Number of the source of the answer that the rival puts elsewhere."""
    gone = torch.nonzero(_elsewhere(answer, rival, likelihood)).flatten()
    return int(gone[0]) if gone.numel() else 0
