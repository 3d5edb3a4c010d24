"""How are rows kept in a Parquet file? Whole or not at all, under one schema, with the suite in its metadata."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...files import cause, move, parse_document, read_regular, reason, write_whole
from .columns import COLUMNS, Kind, Row, check_row
from .sealed_table import DAMAGED, VERSION, check_version, pa, table_bytes, table_of

MOST_BYTES = 2**28
"""Of a file of results; a row takes about a kilobyte."""
_BIN = [("near", "number"), ("far", "number"), ("n", "whole"), ("rmse", "number"), ("bound", "number")]
_SUITE = b"suite"


def write_rows(path: Path, rows: Sequence[Row], suite: Mapping[str, Any]) -> None:
    """Write rows and the suite they belong to, over an older file; a kill leaves the older one.

    >>> from pathlib import Path
    >>> write_rows(Path("none.parquet"), [], {"seed": 0})
    >>> read_rows(Path("none.parquet"))[1]
    {'seed': 0}

    Args:
        path: of the file.
        rows: with every column of `COLUMNS`.
        suite: plain values.

    Raises:
        OSError: it cannot be written.
    """
    told = json.dumps(suite, ensure_ascii=False, allow_nan=False).encode()
    schema = _schema().with_metadata({_SUITE: told, **VERSION})
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    write_whole(path, [table_bytes(pa.table(columns, schema=schema))])


def read_rows(path: Path) -> tuple[list[Row], dict[str, Any]]:
    """The rows of a file, and the suite they belong to.

    >>> from pathlib import Path
    >>> write_rows(Path("cells.parquet"), [], {"seed": 0})
    >>> read_rows(Path("cells.parquet"))
    ([], {'seed': 0})

    Args:
        path: of the file.

    Returns:
        Rows in the order of the suite, and its plain values.

    Raises:
        InputError: no such file, no Parquet, a byte that was changed, or other columns or values than this version's.
    """
    try:
        table = table_of(read_regular(path, MOST_BYTES), unsealed=True)
        check_version(table.schema)
        suite = _suite(table.schema)
        _check_schema(table.schema, path)
        rows = table.to_pylist()
        for row in rows:
            check_row(row)
    except InputError:
        raise
    except DAMAGED as error:
        why = reason(error) if isinstance(error, OSError) else str(error)[:200]
        raise InputError(
            "results that `ris bench SUITE` kept", f"{path}: {why}",
            cause(error, "another file, or one cut short by a copy"),
            move(error, "name the folder that --out named"),
        ) from error  # fmt: skip
    return rows, suite


def _suite(schema: "pa.Schema") -> dict[str, Any]:
    """The suite of a table.

    Raises:
        ValueError: none.
    """
    suite = parse_document((schema.metadata or {}).get(_SUITE, b""))
    if not isinstance(suite, dict):
        raise ValueError("a suite that is no table")
    return suite


def _check_schema(schema: "pa.Schema", path: Path) -> None:
    """Refuse other columns.

    Raises:
        InputError: naming one.
    """
    wanted = _schema()
    if not schema.equals(wanted, check_metadata=False):
        odd = sorted({*schema.names} ^ {*wanted.names}) or [
            name for name in wanted.names if schema.field(name) != wanted.field(name)
        ]
        raise InputError(
            f"the {len(wanted.names)} columns of this version", f"{path}, where {', '.join(odd[:3])} differs",
            "results of another version", "run the suite anew into another folder",
        )  # fmt: skip


@lru_cache(maxsize=1)
def _schema() -> "pa.Schema":
    return pa.schema([pa.field(name, _type(kind)) for name, kind in COLUMNS.items()])


def _type(kind: Kind) -> "pa.DataType":
    plain = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "truth": pa.bool_()}
    if kind in plain:
        return plain[kind]
    inner = pa.int64() if kind == "wholes" else pa.struct([pa.field(name, _type(of)) for name, of in _BIN])
    return pa.list_(inner)
