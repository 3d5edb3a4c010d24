"""What stands in a row of results? One schema for every suite: which cell, its figures, and where they come from."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...estimate import GENIE
from ...files import fits, parse_document
from ..cell import Cell, RangeBin
from ..interval import Measure
from ..score import COORDINATES
from ..summary import UNITS

RESULTS = "cells.parquet"
"""Name of the file of results in a folder."""
Kind = str
"""What a column holds: `text`, `whole`, `number`, `truth`, `wholes` or `bins`; a number may be NaN, a text missing."""
Row = dict[str, Any]
"""Values by the names of `COLUMNS`."""

_WHICH: dict[str, Kind] = {
    "suite": "text", "sweep": "text", "point": "whole", "method": "text", "contender": "text", "axes": "text",
    "scenario": "text", "seed": "whole",
}  # fmt: skip
_SINGLE = (
    "success", "inverse_distance_over_crb", "order_accuracy", "gospa_whitened", "gospa_direction_deg",
    "gospa_cartesian_m", "missed", "false",
)  # fmt: skip
"""Fields of `Cell` that are one figure with its interval."""
_MEASURED = {"rmse_over_crb": COORDINATES, "rmse": tuple(UNITS)}
"""Fields that are figures by coordinate, with intervals."""
_BOUNDS = ("rms_bound", "rms_bound_all")
_SPANS: dict[str, Kind] = {"sources": "whole", "snr_db": "number"}
_SOURCE: dict[str, Kind] = {
    "threads": "whole", "package": "text", "commit": "text", "code": "text", "torch": "text", "numpy": "text",
    "scipy": "text", "python": "text", "machine": "text",
}  # fmt: skip
TIMES: dict[str, Kind] = {"scenes_per_s": "number", "seconds": "number", "began": "text"}
"""Columns that differ between two runs of the same cell on one machine; all others are equal."""
ENDS = ("", "_low", "_high")
"""What follows the name of a figure: itself, and the ends of its 95 % interval."""


def _figures() -> Iterator[tuple[str, Kind]]:
    """The columns of a cell."""
    for name, kind in _SPANS.items():
        yield from ((f"{name}_least", kind), (f"{name}_most", kind))
    yield from (("n", "whole"), ("known_order", "truth"))
    names = [*_SINGLE, *(f"{name}_{key}" for name, keys in _MEASURED.items() for key in keys)]
    yield from ((f"{name}{end}", "number") for name in names for end in ENDS)
    yield from ((f"{name}_{key}", "number") for name in _BOUNDS for key in UNITS)
    yield from ((f"bound_{key}_{part}", "number") for key in UNITS for part in ("median", "p90"))
    yield from ((f"judged_{key}", "whole") for key in COORDINATES)
    yield from (("order_counts", "wholes"), ("distance_by_range", "bins"), ("statuses", "text"), ("alarm", "text"))


_OF_GENIE = ("success", "gospa_whitened", *(f"rmse_over_crb_{key}" for key in COORDINATES))
"""Figures of the genie that stand in the rows of the others at its combination, as `genie_<figure>`."""
_BESIDE: dict[str, Kind] = dict.fromkeys((f"genie_{name}" for name in _OF_GENIE), "number")
COLUMNS: dict[str, Kind] = _WHICH | dict(_figures()) | _BESIDE | _SOURCE | TIMES
"""Kind of each column, in order."""


_HINTS: dict[Kind, Any] = {
    "text": str, "whole": int, "number": float, "truth": bool, "wholes": list[int], "bins": list[dict[str, float]],
}  # fmt: skip
_MAY_MISS = {"alarm", "commit"}
_TABLES = ("axes", "scenario", "statuses")
"""Columns that are JSON tables."""


def check_row(row: Mapping[str, Any]) -> None:
    """Refuse what is no row of results: every column is there, of its kind, and no other.

    Args:
        row: as a file has it.

    Raises:
        ValueError: naming a column.
    """
    odd = sorted({*row} ^ {*COLUMNS}) or [name for name, kind in COLUMNS.items() if not _fits(name, kind, row[name])]
    if odd:
        raise ValueError(f"columns that differ: {', '.join(name[:40] for name in odd[:3])}")
    for name in _TABLES:
        if not isinstance(parse_document(row[name], not_finite=True), dict):
            raise ValueError(f"{name} that is no table")
    if not fits(dict[str, int], parse_document(row["statuses"])):
        raise ValueError("statuses that are no counts")


def _fits(name: str, kind: Kind, value: object) -> bool:
    return (value is None and name in _MAY_MISS) or fits(_HINTS[kind], value)


def figures_of(cell: Cell) -> Row:
    """The columns that a cell fills.

    >>> from ris_pytorch_pipeline.bench import Run, genie_for, region_of, trial_of
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1, snr_db=30.0)
    >>> trial = trial_of(scenario, 1, seed=0)
    >>> run = Run("genie", genie_for(scenario, region_of(scenario)))
    >>> run.add(trial)
    >>> cell = run.cell(trial.bound, scenario, seed=0, known_order=True)
    >>> row = figures_of(cell)
    >>> row["method"], row["success"], row["snr_db_least"]
    ('genie', 1.0, 30.0)
    """
    row: Row = {"n": cell.n, "known_order": cell.known_order, "method": cell.method}
    for name in _SPANS:
        span = vars(cell)[name]
        row[f"{name}_least"], row[f"{name}_most"] = span if isinstance(span, tuple) else (span, span)
    for name in _SINGLE:
        row |= _measure(name, vars(cell)[name])
    for name, keys in _MEASURED.items():
        for key in keys:
            row |= _measure(f"{name}_{key}", vars(cell)[name][key])
    row |= {f"{name}_{key}": vars(cell)[name][key] for name in _BOUNDS for key in UNITS}
    row |= {f"bound_{key}_{part}": value for key, parts in cell.bound.items() for part, value in parts.items()}
    row |= {f"judged_{key}": cell.judged[key] for key in COORDINATES}
    return row | {
        "order_counts": list(cell.order_counts),
        "distance_by_range": [dict(vars(one)) for one in cell.distance_by_range],
        "statuses": json.dumps(dict(cell.statuses), sort_keys=True),
        "alarm": cell.alarm,
        "scenes_per_s": cell.scenes_per_s,
    }


def genie_figures(cell: Cell) -> Row:
    """What stands of a genie in the row of another contender at the same combination.

    Args:
        cell: of the genie.
    """
    figures = figures_of(cell)
    return {f"genie_{name}": figures[name] for name in _OF_GENIE}


def beside_genie(rows: Sequence[Row]) -> list[Row]:
    """Rows with the figures of the genie's row at the same combination, else their own of it, else NaN.

    >>> figures = dict.fromkeys((name[6:] for name in COLUMNS if name.startswith("genie_")), 1.0)
    >>> rows = [figures | {"sweep": "snr", "point": 0, "method": method} for method in ("sml", "genie")]
    >>> beside_genie(rows)[0]["genie_success"]  # of sml's row
    1.0

    Args:
        rows: of one suite.
    """
    genies = {(row["sweep"], row["point"]): row for row in rows if row["method"] == GENIE}
    return [row | _genie_of(row, genies.get((row["sweep"], row["point"]))) for row in rows]


def _genie_of(row: Row, genie: Row | None) -> Row:
    if genie is not None:
        return {f"genie_{name}": genie[name] for name in _OF_GENIE}
    return {name: row.get(name, math.nan) for name in _BESIDE}


def cell_of(row: Mapping[str, Any]) -> Cell:
    """The cell that a row was made of.

    >>> from ris_pytorch_pipeline.bench import Run, genie_for, region_of, trial_of
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1, snr_db=30.0)
    >>> trial = trial_of(scenario, 1, seed=0)
    >>> run = Run("genie", genie_for(scenario, region_of(scenario)))
    >>> run.add(trial)
    >>> cell = run.cell(trial.bound, scenario, seed=0, known_order=True)
    >>> cell_of(figures_of(cell)).success == cell.success
    True

    Args:
        row: with the columns of a cell.
    """
    values: Row = {
        **{name: _span(row, name) for name in _SPANS},
        **{name: _measured(row, name) for name in _SINGLE},
        **{name: {key: _measured(row, f"{name}_{key}") for key in keys} for name, keys in _MEASURED.items()},
        **{name: {key: row[f"{name}_{key}"] for key in UNITS} for name in _BOUNDS},
        "bound": {key: {part: row[f"bound_{key}_{part}"] for part in ("median", "p90")} for key in UNITS},
        "judged": {key: row[f"judged_{key}"] for key in COORDINATES},
        "order_counts": tuple(row["order_counts"]),
        "distance_by_range": tuple(RangeBin(**one) for one in row["distance_by_range"]),
        "statuses": json.loads(row["statuses"]),
    }
    same = {name: row[name] for name in ("method", "n", "known_order", "alarm", "scenes_per_s")}
    return Cell(**values, **same)


def _measure(name: str, measure: Measure) -> Row:
    return dict(zip((f"{name}{end}" for end in ENDS), (measure.value, measure.low, measure.high), strict=True))


def _measured(row: Mapping[str, Any], name: str) -> Measure:
    return Measure(*(row[f"{name}{end}"] for end in ENDS))


def _span(row: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    low, high = row[f"{name}_least"], row[f"{name}_most"]
    return low if low == high else (low, high)
