"""Where does the likelihood of known symbols lead from given places? All sources move together."""

from torch import Tensor

from ....likelihood import sequence_residual
from ....physics import Observation, chart_at, chart_of
from ....shapes import Positions
from ...region import SearchRegion
from ..levenberg import Box, Local, minimise
from ..pilots.likelihood import pilot_grid
from ..stochastic import position_box
from .sequenced import levelled

_TINY = 1e-300
"""Energy below which nothing is left over."""


def together(
    seen: Observation, positions: Positions, region: SearchRegion, *, iterations: int, tolerance: float
) -> Positions:  # fmt: skip
    """The optimum of L M log ‖P⊥(B) y‖² over the places of all sources, by Gauss-Newton with Kaufman's Jacobian.

    Args:
        seen: scaled scenes of known symbols.
        positions: (scene, source, 3) to start from, each a place.
        region: the field of view.
        iterations: most of them.
        tolerance: nats that a model promises, below which a scene is done.
    """
    grid, sent, blocks = pilot_grid(region, seen.array), levelled(seen), seen.blocks
    equations, sources = blocks[0].numel(), positions.shape[1]
    start, coordinates = chart_of(positions, seen.array, on_plane="elevation" not in region.fixed)
    cosines = start.cosines(coordinates)
    chart = chart_at(cosines, seen.array)
    lower, upper, stride = (positions.new_tensor(x) for x in position_box(grid, sources))

    def evaluate(x: Tensor, rows: Tensor) -> Local:
        left, slope, curvature = sequence_residual(
            x.unflatten(1, (sources, 3)), chart[rows], seen.of(rows), sent[rows], blocks[rows]
        )
        scale = equations / left.clamp_min(_TINY)
        value = equations * left.clamp_min(_TINY).log()
        return Local(value, scale[:, None] * slope, scale[:, None, None] * curvature)

    first, box = chart.coordinates(cosines).flatten(1), Box(lower, upper, stride, sources)
    end = minimise(evaluate, first, box, iterations=iterations, tolerance=tolerance)
    return region.reported(chart.cosines(end.point.unflatten(1, (sources, 3))), seen.array)
