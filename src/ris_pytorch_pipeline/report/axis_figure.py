"""How do methods compare over any axis of a sweep? Success, and each error beside the bound, a column for each K."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from .method_lines import COORDINATES, KEYS, Along, Coordinate, Point, columns_figure
from .result_table import Row
from .sweep_axes import axes_of, beside, is_number, label_of, labels_of, layout_of, named, spelled, value_at

_ALL = "all scenes"


def axis_figure(rows: Sequence[Row], coordinates: Sequence[Coordinate] = COORDINATES) -> Figure:
    """Success of each method over an axis of a sweep, and below it each error beside the bound, with 95 % intervals.

    Numbers stand on a scale, other values beside each other. Each value of a second axis has a column of its own. A
    method that succeeds in less than half of the scenes is judged on the easy ones, and may lie below the bound: its
    points are hollow. Points that rest on fewer than ten sources are left out, and distances whose bound is 1 m or more
    do not enter.

    >>> import json
    >>> rows = [
    ...     {
    ...         "axes": json.dumps({"snapshots": count}), "sources_least": 1, "sources_most": 3, "snr_db_least": 10.0,
    ...         "snr_db_most": 10.0, "method": "sml", "n": 200, "success": 0.9, "success_low": 0.8, "success_high": 1.0,
    ...         "judged_azimuth": 180, "rmse_azimuth_deg": 0.2, "rmse_azimuth_deg_low": 0.18,
    ...         "rmse_azimuth_deg_high": 0.22, "rms_bound_all_azimuth_deg": 0.19,
    ...     }
    ...     for count in (8, 16)
    ... ]
    >>> success, azimuth = axis_figure(rows, ["azimuth"]).axes
    >>> success.get_title(), azimuth.get_xlabel(), azimuth.get_ylabel()
    ('K = 1 to 3, 10 dB, n = 200 scenes a point', 'snapshots', 'azimuth RMSE (degrees)')

    Args:
        rows: results of one sweep, at one value each of any axes but two.
        coordinates: which errors to draw.

    Returns:
        The figure.

    Raises:
        InputError: no row.
    """
    layout = layout_of(rows)
    along = _along(rows, layout.along)
    columns = {
        ", ".join(filter(None, (each.words, *_fixed(each.rows)))): [
            _point(row, layout.along, along) for row in each.rows
        ]
        for each in beside(rows, layout.beside)
    }
    return columns_figure(columns, along, coordinates)


def _fixed(rows: Sequence[Row]) -> list[str]:
    """The number of sources and the SNR where they are no axis and the same in all cells."""
    axes = axes_of(rows)
    told = []
    for name, words in (("sources", "K = {}"), ("snr_db", "{} dB")):
        spans = {(row[f"{name}_least"], row[f"{name}_most"]) for row in rows}
        if name not in axes and len(spans) == 1:
            told.append(words.format(spelled(list(dict.fromkeys(*spans)))))
    return told


def _along(rows: Sequence[Row], axis: str | None) -> Along:
    """The axis of the figure: one of numbers where all values are."""
    if axis is None:
        return Along(label="", names=(_ALL,))
    counted = all(is_number(value_at(row, axis)) for row in rows)
    return Along(label=named(axis), names=() if counted else tuple(labels_of(rows, axis)))


def _point(row: Row, axis: str | None, along: Along) -> Point:
    if axis is None:
        return Point(cell=_Kept(row), place=0)
    return Point(cell=_Kept(row), place=along.names.index(label_of(row, axis)) if along.names else value_at(row, axis))


@dataclass(frozen=True)
class _Interval:
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class _Kept:
    """A row of results as a figure asks for it."""

    row: Row

    @property
    def method(self) -> str:
        return self.row["method"]

    @property
    def n(self) -> int:
        return self.row["n"]

    @property
    def success(self) -> _Interval:
        return self._measured("success")

    @property
    def rmse(self) -> Mapping[str, _Interval]:
        return {key: self._measured(f"rmse_{key}") for key in KEYS.values() if f"rmse_{key}" in self.row}

    @property
    def rms_bound_all(self) -> Mapping[str, float]:
        return {key: self.row[f"rms_bound_all_{key}"] for key in KEYS.values() if f"rms_bound_all_{key}" in self.row}

    @property
    def judged(self) -> Mapping[str, int]:
        return {name: self.row[f"judged_{name}"] for name in KEYS if f"judged_{name}" in self.row}

    def _measured(self, name: str) -> _Interval:
        return _Interval(self.row[name], self.row[f"{name}_low"], self.row[f"{name}_high"])
