"""How are the cells of a suite shown? A table a sweep, one line each, and what failed."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ...bench import Kept, Pending, Row, cell_of
from .cells import COLUMNS as COLUMNS_OF_CELL
from .cells import cell_row
from .output import print_json
from .tables import print_table, table_of

_KEYS = 3
"""Columns of `cell_row` that say which cell it is: the method, K and the SNR."""


def print_suite(
    kept: Kept, cells: Sequence[Pending], failures: Mapping[str, str], digest: str, *, as_json: bool
) -> None:  # fmt: skip
    """Print what is finished.

    Args:
        kept: the finished cells.
        cells: of the suite.
        failures: what contenders raised, by cell.
        digest: of the suite.
        as_json: as one document in place of tables.
    """
    rows = kept.rows
    if as_json:
        print_json(document(rows, cells, failures, digest) | {"file": str(kept.path)})
    else:
        _print_tables(rows)
        for line in alarms_of(rows):
            print(line)
        print(f"{len(rows)} of {len(cells)} cells, kept in {kept.path}; suite {digest}")
    for label, failure in failures.items():
        print(f"ris: {label} failed: {failure}", file=sys.stderr)


def document(
    rows: Sequence[Row], cells: Sequence[Pending], failures: Mapping[str, str], digest: str
) -> dict[str, Any]:  # fmt: skip
    """The JSON document of `ris bench SUITE`."""
    return {
        "cells": [_plain(row) for row in rows],
        "complete": len(rows) == len(cells),
        "failed": dict(failures),
        "digest": digest,
    }


def alarms_of(rows: Sequence[Row]) -> list[str]:
    """A sentence for each cell that is better than it can be."""
    return [f"ALARM {_where(row)}: {row['alarm']}" for row in rows if row["alarm"] is not None]


def _print_tables(rows: Sequence[Row]) -> None:
    for sweep in dict.fromkeys(row["sweep"] for row in rows):
        chosen = [row for row in rows if row["sweep"] == sweep]
        axes = tuple(json.loads(chosen[0]["axes"]))
        extra = tuple(name for name in axes if name not in ("sources", "snr_db"))
        table = table_of(sweep, (COLUMNS_OF_CELL[0], *extra, *COLUMNS_OF_CELL[1:]), keys=_KEYS + len(extra))
        for row in chosen:
            method, *rest = cell_row(cell_of(row))
            labels = json.loads(row["axes"])
            table.add_row(method, *(spelled_label(labels[name]) for name in extra), *rest)
        print_table(table)
        print()


def spelled_label(label: object) -> str:
    """A value of an axis in words: a span as `low..high`."""
    if isinstance(label, list):
        return "..".join(spelled_label(each) for each in label)
    return f"{label:g}" if isinstance(label, float) else str(label)


def _where(row: Row) -> str:
    labels = ", ".join(f"{name} {spelled_label(label)}" for name, label in json.loads(row["axes"]).items())
    return ", ".join(part for part in (row["sweep"], labels, row["method"]) if part)


def _plain(row: Row) -> dict[str, Any]:
    """A row as JSON: a number that does not exist is null, texts of JSON are values."""
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:  # noqa: ANN401
    if name in ("axes", "scenario", "contender", "statuses"):
        return json.loads(value)
    if isinstance(value, list):
        return [_value("", each) for each in value]
    if isinstance(value, Mapping):
        return {key: _value("", each) for key, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
