"""How the cells of a comparison are shown: one line each, as texts for a terminal or a page."""

import math
from collections.abc import Sequence

from ...bench import Cell, Measure, spelled
from .tables import print_table, table_of

COLUMNS = (
    "method", "K", "SNR dB", "n", "success [95 %]", "RMSE/CRB az", "el", "dist", "CRB az median", "order right",
    "GOSPA", "scenes/s",
)  # fmt: skip
"""Of the table; errors are those of the sources in successful scenes."""


def cell_row(cell: Cell) -> list[str]:
    """The texts of one cell, by `COLUMNS`."""
    ratios = [_figure(cell.rmse_over_crb[name].value) for name in ("azimuth", "elevation", "distance")]
    return [
        cell.method, spelled(cell.sources), spelled(cell.snr_db), str(cell.n), _interval(cell.success), *ratios,
        f"{cell.bound['azimuth_deg']['median']:.3g}°", f"{cell.order_accuracy.value:.2f}",
        f"{cell.gospa_whitened.value:.2f}", f"{cell.scenes_per_s:.3g}",
    ]  # fmt: skip


def alarms(cells: Sequence[Cell]) -> list[str]:
    """A sentence for each cell that is better than it can be."""
    return [
        f"ALARM {cell.method}, K = {spelled(cell.sources)}, {spelled(cell.snr_db)} dB: {cell.alarm}"
        for cell in cells
        if cell.alarm is not None
    ]


def print_cells(cells: Sequence[Cell], *captions: str) -> None:
    """The cells as a table, one line each where they fit, with a line for each caption and the alarms below."""
    table = table_of("Estimators beside the Cramér-Rao bound", COLUMNS, keys=3)
    for cell in cells:
        table.add_row(*cell_row(cell))
    print_table(table)
    for line in (*captions, *alarms(cells)):
        print(line)


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def _interval(measure: Measure) -> str:
    return f"{measure.value:.2f} [{measure.low:.2f}, {measure.high:.2f}]"
