"""Which positions lie on the border of the searched field: there the border decided, not the measurements."""

import torch
from jaxtyping import Bool, Float
from scipy import stats
from torch import Tensor

from ....physics import COORDINATES, Array, Observation, to_cosines, told
from ....shapes import Counts, Positions
from ...estimate import Estimate
from ...grid import search_grid
from ...region import SearchRegion
from ..certainty.freedom import left_over

_NEAR = 1e-6
"""Part of the searched range within which a coordinate counts as on its end."""
_OUTSIDE = 0.05
"""Radians by which a direction may leave the field of view before it counts as outside."""
_PULL = 2.0
"""Nats that the likelihood would have to gain beyond a border: with less, the border explains the data as well as what
lies beyond it does, and the ± covers both."""
_RARE = 0.001
"""Share of right scenes in which a stated elevation or distance counts as contradicted."""


def pull_of(information: Float[Tensor, "scene p p"], scores: Float[Tensor, "scene block p"]) -> Float[Tensor, "scene"]:  # noqa: F821
    """Nats that a quadratic model gains when nothing holds a parameter back: g^T J⁻¹ g / 2.

    Args:
        information: J, Fisher information.
        scores: gradient of the NLL, block by block; away from a border they sum to zero.
    """
    level = information.diagonal(dim1=-2, dim2=-1).clamp_min(torch.finfo(information.dtype).tiny).rsqrt()
    scaled = information * level[:, :, None] * level[:, None, :]
    gradient = (scores.sum(-2) * level).unsqueeze(-1)
    return (gradient.mT @ torch.linalg.pinv(scaled, hermitian=True) @ gradient).flatten() / 2


def held_back(
    observation: Observation,
    estimate: Estimate,
    region: SearchRegion,
    pull: Float[Tensor, "scene"],  # noqa: F821
) -> Bool[Tensor, "scene"]:  # noqa: F821
    """True where the searched field decided, not the measurements: `at_edge`, or `contradicted`.

    Args:
        observation: the scenes.
        estimate: what was found in them.
        region: the searched field.
        pull: nats that the likelihood would gain if nothing were held, see `pull_of`.
    """
    outside = at_edge(estimate.positions, region, observation.array, pull)
    return outside | contradicted(observation, estimate.order, region, pull)


def at_edge(
    positions: Positions,
    region: SearchRegion,
    array: Array,
    pull: Float[Tensor, "scene"],  # noqa: F821
) -> Bool[Tensor, "scene"]:  # noqa: F821
    """True where a source is held back by an end of the range that a refinement may use, or lies outside the field.

    >>> import torch
    >>> from ris_pytorch_pipeline.estimate import SearchRegion
    >>> from ris_pytorch_pipeline.physics import Panel
    >>> array, region = Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3), SearchRegion(distance=(0.5, 10.0))
    >>> places = torch.tensor([[[0.3, 0.1, 2.0]], [[0.3, 0.1, 12.5]], [[1.3, 0.1, 2.0]]]).double()
    >>> at_edge(places, region, array, torch.full((3,), 5.0))  # within, at the end of a refinement, outside
    tensor([False,  True,  True])

    Args:
        positions: (scene, source, 3); NaN in empty slots.
        region: the searched field.
        array: the array.
        pull: nats that the likelihood would gain beyond the border.
    """
    grid = search_grid(region, array)
    safe = torch.where(positions.isnan(), torch.ones_like(positions), positions)
    cosines = to_cosines(safe, array.to("cpu"))
    axes = [(cosines[..., -1], grid.box[2])]
    if not grid.angles:
        axes += [(cosines[..., 0], grid.box[0]), (cosines[..., 1], grid.box[1])]
    held = torch.zeros_like(cosines[..., 0], dtype=torch.bool)
    for value, (low, high) in axes:
        slack = _NEAR * (high - low)
        if high > low:
            held |= (value <= low + slack) | (value >= high - slack)
    line = array.dimension == 1
    outside = torch.zeros_like(held) if line else ~region.holds(safe, _OUTSIDE)
    there = ~positions[..., 0].isnan()
    return (held & there).any(-1) & (pull > _PULL) | (outside & there).any(-1)


def contradicted(
    observation: Observation,
    order: Counts,
    region: SearchRegion,
    pull: Float[Tensor, "scene"],  # noqa: F821
) -> Bool[Tensor, "scene"]:  # noqa: F821
    """True where the likelihood asks for another elevation or distance than the one that the field states.

    At the optimum the gradient g lies along what is held, so that g^T J⁻¹ g, Rao's score statistic, is χ² of as many
    degrees of freedom as coordinates are held if these are right, and dof · F of few measurements.

    >>> import ris_pytorch_pipeline as ris
    >>> scenario = ris.preset("pilot", sources=1, snr_db=20.0, distance=(2.0, 2.0))
    >>> seen = ris.simulate(scenario, scenes=1, seed=0).observation
    >>> [ris.PilotMl(region=ris.SearchRegion(distance=(d, d)))(seen, 1).status[0].name for d in (2.0, 3.0)]
    ['CONVERGED', 'EDGE']

    Args:
        observation: the scenes.
        order: (scene,), sources of each.
        region: the searched field.
        pull: nats that the likelihood would gain if nothing were held, see `pull_of`.
    """
    held = sum(COORDINATES[c] in region.fixed for c in told(observation.array))
    limits = pull.new_full((int(order.max()) + 1 if order.numel() else 1,), torch.inf)
    for sources in range(1, len(limits)) if held else ():
        free = max(left_over(observation, sources, region.fixed), 1.0)
        limits[sources] = held * sources * float(stats.f.isf(_RARE, held * sources, free)) / 2
    return pull > limits[order]
