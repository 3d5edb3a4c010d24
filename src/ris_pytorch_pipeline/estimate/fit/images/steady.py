"""Are symbols that are said to be random the same in all snapshots, as those of pilots are?

Pilots are coherent with each other: read as random symbols they look like images of the strongest one.
"""

import torch
from jaxtyping import Bool
from torch import Tensor

from ....physics import Observation
from ....shapes import Positions
from ..groups import groups_of

STEADY = "symbols pilot"
"""Name of the reading, as `ris check` calls it."""
_CHANCE = 1e-6
"""Chance below which independent symbols are as alike."""
_SNAPSHOTS = 12
"""Snapshots from which on it is asked: of two phases, all of twelve are alike in one of 2000 scenes."""


def steady_symbols(observation: Observation, positions: Positions) -> Bool[Tensor, "scene"]:  # noqa: F821
    """(scene,): True where the fitted symbols of every source are a constant, by more than chance.

    Of L independent Gaussian symbols R² = |Σ s|²/(L Σ |s|²) is Beta(1, L - 1): P(R² > x) = (1 - x)^(L - 1).

    Args:
        observation: scaled scenes.
        positions: (scene, source, 3), NaN in empty slots.
    """
    snapshots = observation.measurements.shape[-2]
    if observation.symbols != "random" or observation.wide or snapshots < _SNAPSHOTS or positions.shape[1] == 0:
        return torch.zeros(len(observation), dtype=torch.bool, device=positions.device)
    groups = groups_of(observation, positions)
    symbols = groups.amplitudes
    energy = torch.view_as_real(symbols).square().sum((-1, 1)).clamp_min(1e-300)
    alike = torch.view_as_real(symbols.sum(1)).square().sum(-1) / (snapshots * energy)
    chance = (1 - alike.clamp(0, 1)) ** (snapshots - 1)
    return ((chance < _CHANCE) | ~groups.present).all(-1) & (groups.order > 0)
