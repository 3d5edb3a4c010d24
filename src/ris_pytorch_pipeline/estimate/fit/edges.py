"""Which positions lie on the border of the searched field: there the border decided, not the measurements."""

import torch
from jaxtyping import Bool
from torch import Tensor

from ...physics import Array, to_cosines
from ...shapes import Positions
from ..grid import search_grid
from ..region import SearchRegion

_NEAR = 1e-6
"""Part of the searched range within which a coordinate counts as on its end."""
_OUTSIDE = 0.05
"""Radians by which a direction may leave the field of view before it counts as outside."""


def at_edge(positions: Positions, region: SearchRegion, array: Array) -> Bool[Tensor, "scene source"]:
    """True where a direction or inverse distance is clamped to an end of the range that a refinement may use."""
    grid = search_grid(region, array)
    cosines = to_cosines(torch.where(positions.isnan(), torch.ones_like(positions), positions), array.to("cpu"))
    axes = [(cosines[..., -1], grid.box[2])]
    if not grid.angles:
        axes += [(cosines[..., 0], grid.box[0]), (cosines[..., 1], grid.box[1])]
    edge = torch.zeros_like(cosines[..., 0], dtype=torch.bool)
    for value, (low, high) in axes:
        slack = _NEAR * (high - low)
        if high > low:
            edge |= (value <= low + slack) | (value >= high - slack)
    line = array.dimension == 1
    outside = torch.zeros_like(edge) if line else ~region.holds(positions.nan_to_num(0), _OUTSIDE)
    return (edge | outside) & ~positions[..., 0].isnan()
