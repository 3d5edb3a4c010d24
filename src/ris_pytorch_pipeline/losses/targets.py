"""What the heat-map should show: the grid position of every true source, independent of their order."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..data import Labels
from ..estimate import SearchGrid

_SPREAD = 0.5
"""Standard deviation, in steps of the grid, of the target's tolerance around a source."""


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets on the axes of a grid.

    >>> import torch
    >>> from ris_pytorch_pipeline.data import batch_from, simulate
    >>> from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenes = simulate(preset("random", horizontal=4, vertical=4, sources=2), 3, seed=0)
    >>> _, labels = batch_from(scenes, scenes.observation.array)
    >>> targets = targets_on(search_grid(SearchRegion(), scenes.observation.array), labels)
    >>> (targets.heat == 1).sum(dim=(1, 2, 3)), targets.near.sum(dim=(1, 2))  # in cells and directions
    (tensor([2, 2, 2]), tensor([8, 8, 7]))
    >>> places = targets.nearest_to(targets.heat.new_zeros(8, 5, 3))  # one of the scene's sources in each direction
    >>> places.shape, bool(torch.isin(places, targets.places).all())
    (torch.Size([3, 8, 5, 3]), True)

    Args:
        heat: (scene, n_u, n_w, n_q), 1 in the cell of a source, falling to 0 around it.
        near: (scene, n_u, n_w), True where a direction lies within one step of a source.
        nearest: (scene, n_u, n_w), slot of the source nearest in direction.
        places: (scene, source, 3), the sources on the axes; NaN in empty slots.
        period: of the first axis; 0 where it has none.
    """

    heat: Float[Tensor, "scene n_u n_w n_q"]
    near: Bool[Tensor, "scene n_u n_w"]
    nearest: Int[Tensor, "scene n_u n_w"]
    places: Float[Tensor, "scene source 3"]
    period: float = 0.0

    def nearest_to(self, centres: Float[Tensor, "*batch n_u n_w 3"]) -> Float[Tensor, "scene n_u n_w 3"]:
        """Place of the source nearest to each direction, as many periods on as bring it nearest to these centres."""
        index = self.nearest.flatten(1)[..., None].expand(-1, -1, 3)
        places = self.places.gather(1, index).unflatten(1, self.nearest.shape[1:]).to(centres)
        if not self.period:
            return places
        gap = places[..., :1] - centres.detach()[..., :1]
        return torch.cat([places[..., :1] - gap + within(gap, self.period), places[..., 1:]], dim=-1)


def targets_on(grid: SearchGrid, labels: Labels) -> Targets:
    """Targets of a batch: exp(-d²/(2 s²)) of the distance d in steps to the nearest source, and 1 in its own cell.

    >>> from ris_pytorch_pipeline.data import batch_from, simulate
    >>> from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenes = simulate(preset("random", horizontal=4, vertical=4, sources=1), 2, seed=0)
    >>> _, labels = batch_from(scenes, scenes.observation.array)
    >>> grid = search_grid(SearchRegion(), scenes.observation.array)
    >>> targets = targets_on(grid, labels)
    >>> grid.shape, targets.heat.flatten(1).amax(1)  # 1 in the cell of the source
    ((8, 5, 2), tensor([1., 1.], dtype=torch.float64))

    Args:
        grid: the heat-map's cells.
        labels: the truth.

    Returns:
        The same targets for every order of the sources.
    """
    places, present = grid.places_of(labels.cosines), labels.present
    period = 2 * math.pi if grid.angles else 0.0
    axes = [axis.to(places) for axis in (grid.u, grid.w, grid.q)]
    steps = [max(step, 1e-9) for step in grid.step]
    gaps = [
        within(axis - value[..., None], each).div(step).masked_fill(~present[..., None], torch.inf)
        for axis, value, step, each in zip(axes, places.unbind(-1), steps, (period, 0.0, 0.0), strict=True)
    ]  # per axis (scene, source, cell)
    flat = gaps[0].square()[..., :, None] + gaps[1].square()[..., None, :]  # (scene, source, n_u, n_w)
    distance = (flat[..., None] + gaps[2].square()[:, :, None, None, :]).amin(1)
    heat = torch.exp(distance / (-2 * _SPREAD**2))
    own = [gap.abs().masked_fill(~present[..., None], torch.inf).argmin(-1) for gap in gaps]
    scene = torch.arange(len(labels), device=places.device)[:, None].expand_as(present)
    heat[scene[present], own[0][present], own[1][present], own[2][present]] = 1
    reach = torch.maximum(gaps[0].abs()[..., :, None], gaps[1].abs()[..., None, :])
    return Targets(heat=heat, near=reach.amin(1) <= 1, nearest=flat.argmin(1), places=places, period=period)


def within(gap: Float[Tensor, "*batch"], period: float) -> Float[Tensor, "*batch"]:
    """Gaps along an axis without the whole periods in them, so that the smallest is left; as they are where it is 0."""
    return gap - period * (gap / period).round() if period else gap
