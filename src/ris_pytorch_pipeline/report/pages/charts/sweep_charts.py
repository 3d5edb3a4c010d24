"""Which charts does a sweep of any number of axes have? Success, errors beside the bound, and maps, by choice."""

import json
from collections.abc import Mapping, Sequence

from ...figures_of_merit import MERITS
from ...result_table import Row
from ...sweep_axes import Block, Layout, beside, blocks_of, is_map, layout_of, named, spelled
from .bench_charts import COORDINATES, error_lines, success_bars
from .chart import Chart
from .map_charts import maps

ALL_CHARTS = 1_500_000
"""Letters that charts may take of a page: it is to stay below 6 MB, of which Plotly takes 1.9 and scenes up to 1.1."""


def charts_of(rows: Sequence[Row], most: int = ALL_CHARTS) -> tuple[list[Chart], str]:
    """The charts of a sweep, and what is said of those that would make the page too large.

    Args:
        rows: of the sweep, at least one.
        most: letters that they may take; the first block is always drawn.
    """
    layout, blocks = layout_of(rows), blocks_of(rows)
    scales = {merit.column: merit.scale(rows) for merit in MERITS}
    made: list[Chart] = []
    for number, block in enumerate(blocks):
        own = _of_block(block, layout, scales)
        most -= sum(len(json.dumps(chart.spec)) + chart.numbers.size for chart in own)
        if number and most < 0:
            chosen = ", ".join(map(named, layout.chosen))
            return made, (
                f"Charts of {number} of the {len(blocks)} values of {chosen} are drawn: more would make the page too "
                "large. `--figures` draws all of them, and the table has the numbers."
            )  # fmt: skip
        made += own
    return made, ""


def _of_block(block: Block, layout: Layout, scales: Mapping[str, tuple[float, float]]) -> list[Chart]:
    """The charts of one combination of the chosen values."""
    chosen = {named(axis): spelled(value) for axis, value in block.values.items()}
    made: list[Chart] = []
    by = f" by {named(layout.along)}" if layout.along else ""
    for each in beside(block.rows, layout.beside):
        words, own = each.words, each.rows
        titles = {what: f"{words}, {what}" if words else f"{what}{by}" for what in ("success", *COORDINATES)}
        made.append(success_bars(own, layout.along, titles["success"], chosen))
        if layout.along is not None:
            made += [error_lines(own, layout.along, name, titles[name], chosen) for name in COORDINATES]
    for merit in MERITS if is_map(block, layout) else ():
        made += maps(block.rows, layout, merit, scales[merit.column], chosen)
    return made
