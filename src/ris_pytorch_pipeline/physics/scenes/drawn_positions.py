"""Where do drawn sources stand? Uniformly in the field of view, apart from each other."""

import math

import torch
from torch import Generator, Tensor

from ...errors import InfeasibleError
from ...shapes import Counts, Mask, Positions
from ..array.coordinates import toward
from ..channel import uniform
from .scenario import Scenario, Span, ends

_TRIES = 10_000


def draw_positions(scenario: Scenario, sources: Counts, generator: Generator) -> Positions:
    """Positions (scene, source, 3) in the field of view, redrawn scene by scene until all are separated.

    They are seen from the array's centre. Directions are apart in (u, w); where the field reaches behind x = 0, where
    (u, w) are those of a mirror image, as unit vectors.

    Raises:
        InfeasibleError: some scene was still crowded after many tries.
    """
    least, most = ends(scenario.sources)
    positions = proposed(scenario, sources.shape[0], int(most), generator)
    if least == most == 1 or scenario.separation == 0:
        return positions
    present = torch.arange(int(most), device=sources.device) < sources[:, None]
    crowded = torch.arange(sources.shape[0], device=sources.device)
    axes = slice(1 if max(map(abs, ends(scenario.azimuth_deg))) <= 90 else 0, 3)
    for _ in range(_TRIES):
        crowded = crowded[_closest(positions[crowded], present[crowded], axes) < scenario.separation]
        if crowded.numel() == 0:
            return positions
        positions[crowded] = proposed(scenario, crowded.numel(), int(most), generator)
    raise InfeasibleError(
        f"{int(most)} sources at least {scenario.separation} apart in (u, w)",
        f"{crowded.numel()} of {sources.shape[0]} scenes still crowded after {_TRIES} draws",
        "too many sources, or too small a field of view, for the separation",
        "lower separation or sources, or widen azimuth_deg and elevation_deg",
    )


def proposed(scenario: Scenario, scenes: int, sources: int, generator: Generator) -> Positions:
    """Independent positions in the field of view."""
    shape = (scenes, sources)
    azimuth = uniform(*_radians(scenario.azimuth_deg), shape, generator)
    elevation = uniform(*_radians(scenario.elevation_deg), shape, generator)
    near, far = ends(scenario.distance)
    if scenario.distance_law == "uniform":
        distance = uniform(near, far, shape, generator)
    else:
        distance = 1 / uniform(1 / far, 1 / near, shape, generator)
    return torch.stack([azimuth, elevation, distance], dim=-1)


def _radians(span_deg: Span) -> tuple[float, float]:
    low, high = ends(span_deg)
    return math.radians(low), math.radians(high)


def _closest(positions: Positions, present: Mask, axes: slice) -> Tensor:
    """Least distance of the directions of two present sources of each scene; infinite where there is one source."""
    flat = toward(positions)[..., axes]
    gaps = (flat[:, :, None] - flat[:, None, :]).norm(dim=-1)
    pairs = present[:, :, None] & present[:, None, :]
    pairs = pairs & ~torch.eye(pairs.shape[-1], dtype=torch.bool, device=pairs.device)
    return gaps.masked_fill(~pairs, torch.inf).amin(dim=(-1, -2))
