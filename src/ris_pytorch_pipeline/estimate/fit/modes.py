"""Which other answers are as likely: rivals of a search that end within 2 log units of the best, somewhere else."""

import torch
from torch import Tensor

from ..estimate import Mode
from ..hypothesis import Hypothesis, Likelihood, Rows
from ..region import SearchRegion

NEAR = 2.0
"""Nats within which another answer cannot be told from the best one."""
_PLACE = 1.5
"""Grid steps on some axis that make it another place: three quarters of a beamwidth, or 1.5 distance planes."""
_ITERATIONS, _TOLERANCE = 12, 1e-2


def modes_of(likelihood: Likelihood, rows: Rows, end: Hypothesis, region: SearchRegion) -> tuple[tuple[Mode, ...], ...]:
    """Other answers to each row, most likely first.

    Args:
        likelihood: with the rivals that its search left.
        rows: scene of each row.
        end: the answers, converged.
        region: how positions are reported.
    """
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


def _converged(likelihood: Likelihood, rows: Rows, end: Hypothesis) -> list[tuple[Rows, Hypothesis]]:
    """Rivals with as many sources, refined; only those that are close enough and elsewhere to begin with."""
    sources = end.cosines.shape[1]
    best = end.value.new_full((len(likelihood.observation),), -torch.inf)
    best[rows] = end.value
    answers = end.cosines.new_full((len(best), *end.cosines.shape[1:]), torch.nan)
    answers[rows] = end.cosines
    found = []
    for scenes, rival in likelihood.rivals:
        if rival.cosines.shape[1] != sources:
            continue
        away = torch.stack(
            [_elsewhere(r, a, likelihood).any() for r, a in zip(rival.cosines, answers[scenes], strict=True)]
        )
        kept = (rival.value < best[scenes] + 3 * NEAR) & away
        if bool(kept.any()):
            refined = likelihood.refine(scenes[kept], rival[kept], iterations=_ITERATIONS, tolerance=_TOLERANCE)
            found.append((scenes[kept], refined))
    return found


def _elsewhere(places: Tensor, others: Tensor, likelihood: Likelihood) -> Tensor:
    """(place,): True where it is another place than all the others."""
    steps = places.new_tensor(likelihood.grid.steps)
    return ((places[:, None] - others[None]).abs() > _PLACE * steps).any(-1).all(-1)


def _missing(rival: Tensor, answer: Tensor, likelihood: Likelihood) -> int:
    """Number of the source of the answer that the rival puts elsewhere."""
    gone = torch.nonzero(_elsewhere(answer, rival, likelihood)).flatten()
    return int(gone[0]) if gone.numel() else 0
