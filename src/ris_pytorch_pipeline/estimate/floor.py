"""Have the measurements any noise? Simulated ones without it are located with a little, which no receiver is without."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from ..physics import complex_normal
from ..rng import stream
from .normalise import Scaled
from .outcome import Polished

FLOOR = 1e-7
"""Noise over signal, 70 dB, below which scenes get that much: with no noise at all a likelihood has no bound, every
further source gains, and where a refinement ends looks like an error of the model."""


def floored(scaled: Scaled, rows: Tensor) -> Scaled:
    """The same with white noise at `FLOOR` in some scenes, always the same noise."""
    measured = scaled.observation.measurements.clone()
    noise = complex_normal(tuple(measured[:1].shape), stream(0, "noise floor of a scene without noise"))
    measured[rows] += FLOOR**0.5 * noise.to(measured)
    return replace(scaled, observation=replace(scaled.observation, measurements=measured))


def above_floor(scaled: Scaled, locate: Callable[[Scaled], list[Polished]]) -> tuple[Scaled, list[Polished]]:
    """What is located in scenes; those that turn out to have no noise are located again with a little of it.

    Args:
        scaled: the scenes.
        locate: scenes -> what was found in them.

    Returns:
        The scenes as they were located, and what was found in them.
    """
    parts = locate(scaled)
    silent = [rows[found.noise_variance < FLOOR * scaled.measured[rows]] for rows, (found, _) in parts]
    if not any(rows.numel() for rows in silent):
        return scaled, parts
    scaled = floored(scaled, torch.cat(silent))
    return scaled, locate(scaled)
