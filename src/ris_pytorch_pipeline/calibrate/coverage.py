"""By how much does a stated ± fall short? Measured on scenes with known positions that a calibration has not seen."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..estimate import Estimate, Estimator, joined_estimates
from ..physics import Observation
from ..shapes import Positions
from .calibration import Calibration
from .choice import Choice, Learnt, fitted, parted
from .known import known_scenes
from .pieces import HERE, Pieces
from .told_scale import NORMAL, different_places, told_scale

BLOCK = 32
"""Scenes of a piece that are located together."""
Recorded = tuple[Observation, Positions]
"""Scenes, and where their sources are."""


def deviation_scale(
    observation: Observation, positions: Positions, choice: Choice, estimator: Estimator, folds: int = 5,
    pieces: Pieces[Recorded] = HERE,
) -> tuple[Float[Tensor, "3"], list[Estimate]]:  # fmt: skip
    """Factor on ± after which |error| <= 1.645 ± holds for the given share of held-out scenes.

    It is below 1 only where the positions prove that ± is too wide, see `told_scale`.

    >>> import torch
    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> small = preset("pilot", horizontal=4, vertical=4, antennas=4, sources=1, snr_db=20.0)
    >>> scenes = draw(small, 4, torch.Generator().manual_seed(0))
    >>> seen, places, locate = scenes.observation, scenes.truth.positions, PilotMl(fit=False)
    >>> factor, found = deviation_scale(seen, places, Choice(model="nominal"), locate, folds=2)
    >>> factor.round(decimals=1), [len(each) for each in found]  # azimuth, elevation, distance; scenes of each fold
    (tensor([1.2000, 1.0000, 1.0000], dtype=torch.float64), [2, 2])

    Args:
        observation: the scenes.
        positions: (scene, 1, 3), one known source in each.
        choice: what is calibrated on the other folds.
        estimator: whose ± it is.
        folds: parts that are held out in turn, as in `calibrate`.
        pieces: who calibrates without a part, and locates 32 scenes of it; the result is the same whoever does.

    Returns:
        The factor for azimuth, elevation and distance, 1 where no ± is stated; the estimates of each held-out fold.
    """
    ratios, found = [], []
    for part, estimate in held_out_estimates(observation, positions, choice, estimator, folds, pieces):
        error = (estimate.positions - positions[part].to(estimate.positions))[:, :1]
        ratios.append((error / estimate.deviations[:, :1]).abs().flatten(0, 1))
        found.append(estimate)
    ratio = torch.cat(ratios)
    places = different_places(positions)
    return torch.stack([told_scale(column, places) for column in ratio.unbind(-1)]), found


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some scenes that are located under a calibration which has not seen them."""

    rows: Tensor
    calibration: Calibration
    estimator: Estimator


def held_out_estimates(
    observation: Observation, positions: Positions, choice: Choice, estimator: Estimator, folds: int = 5,
    pieces: Pieces[Recorded] = HERE,
) -> list[tuple[Tensor, Estimate]]:  # fmt: skip
    """Scene numbers of each fold, and their estimate under a calibration that has not seen them."""
    recorded, parts = (observation, positions), parted(len(observation), folds)
    without = [(taught, choice) for taught, _ in parts]
    calibrations = pieces.values(_calibrated, recorded, without, "calibrations without a part")
    blocks = [
        Block(rows=rows, calibration=calibration, estimator=estimator)
        for (_, held), calibration in zip(parts, calibrations, strict=True) for rows in held.split(BLOCK)
    ]  # fmt: skip
    found = iter(pieces.values(_located, recorded, blocks, "scenes held out"))
    return [(held, joined_estimates([next(found) for _ in held.split(BLOCK)])) for _, held in parts]


def _calibrated(recorded: Recorded, task: tuple[Tensor, Choice]) -> Calibration:
    """What some of the scenes teach."""
    (observation, positions), (rows, choice) = recorded, task
    gains = tuple(fitted(each, choice) for each in known_scenes(observation[rows], positions[rows]))
    return Calibration.of(Learnt(gains=gains, choice=choice, identified=()), observation)


def _located(recorded: Recorded, block: Block) -> Estimate:
    observation, positions = recorded
    return block.estimator(block.calibration.applied(observation[block.rows]), positions.shape[1])


def coverage(error: Any, deviation: Any) -> float:  # noqa: ANN401
    """Share of errors within 1.645 standard deviations; NaN where none is stated.

    >>> import torch
    >>> coverage(torch.tensor([0.1, -0.5, 0.2, 0.1, 0.1]), torch.tensor([0.2, 0.2, 0.2, 0.2, torch.nan]))  # 3 of 4
    0.75
    """
    stated = torch.isfinite(deviation) & (deviation > 0)
    return float((error.abs()[stated] <= NORMAL * deviation[stated]).double().mean())
