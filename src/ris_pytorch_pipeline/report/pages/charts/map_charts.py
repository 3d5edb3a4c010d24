"""How does a figure of merit change over two axes at once? A map for each method, its cells with their numbers."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...figures_of_merit import Merit
from ...result_table import Row
from ...sweep_axes import Layout, label_of, labels_of, named
from .bench_charts import by_method
from .chart import Chart, axis, finite

MAP = "Map of"
"""What the figure of a map is chosen by."""
_RATIOS = (1, 2, 3, 5)


def maps(
    rows: Sequence[Row], layout: Layout, merit: Merit, scale: tuple[float, float], chosen: Mapping[str, str]
) -> list[Chart]:  # fmt: skip
    """The maps of a block, one for each method; none where it has fewer than two axes.

    Args:
        rows: of the block.
        layout: of the sweep: the axis that runs along is across, the one beside downwards.
        merit: what is shown.
        scale: its ends.
        chosen: what the charts are chosen by, beside the figure.
    """
    if layout.along is None or layout.beside is None:
        return []
    return [_map(method, own, (layout.beside, layout.along), merit, scale, {**chosen, MAP: merit.words})
            for method, own in by_method(rows).items()]  # fmt: skip


def _map(
    method: str, rows: Sequence[Row], axes: tuple[str, str], merit: Merit, scale: tuple[float, float],
    chosen: Mapping[str, str],
) -> Chart:  # fmt: skip
    down, across = (labels_of(rows, each) for each in axes)
    found = {(label_of(row, axes[0]), label_of(row, axes[1])): merit.of(row) for row in rows}
    values = [[found.get((y, x), math.nan) for x in across] for y in down]
    data = [{
        "type": "heatmap", "x": across, "y": down,
        "z": [[merit.placed(value, scale) if math.isfinite(value) else None for value in line] for line in values],
        "text": [["-" if finite(value) is None else f"{value:.2f}" for value in line] for line in values],
        "texttemplate": "%{text}", "hovertemplate": "%{y}, %{x}: %{text}<extra></extra>",
        "zmin": 0, "zmax": 1, "colorscale": "Blues", "reversescale": True, "colorbar": _bar(merit, scale),
    }]  # fmt: skip
    layout = {"xaxis": axis(named(axes[1]), type="category"),
              "yaxis": axis(named(axes[0]), type="category", autorange="reversed")}  # fmt: skip
    told = f"Map of {merit.words} of {method} over {' and '.join(map(named, axes))}; its numbers are folded below it."
    return Chart(title=f"{method}, {merit.words}", told=told, data=data, layout=layout, chosen=chosen)


def _bar(merit: Merit, scale: tuple[float, float]) -> dict[str, Any]:
    """The scale beside a map, in the figure's own numbers."""
    low, high = scale
    even = [low + part * (high - low) for part in (0, 0.25, 0.5, 0.75, 1)]
    shown = [tick for tick in _RATIOS if low <= tick <= high] if merit.logarithmic else even
    texts = [f"{tick:.3g}" for tick in shown]
    if merit.logarithmic:
        texts[-1] = f"{texts[-1]} or more"
    return {"thickness": 12, "tickvals": [merit.placed(tick, scale) for tick in shown], "ticktext": texts}
