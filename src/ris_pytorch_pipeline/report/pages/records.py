"""What does a ledger say in numbers? A text in place of a number, or nothing at all, is no number, and no fault."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]
MOST_POINTS = 1200
"""Of a line: more than a screen has columns."""


@dataclass(frozen=True, kw_only=True)
class Curves:
    """What a training left behind, update by update and epoch by epoch.

    Args:
        epochs: records of the event `epoch`.
        updates: records of the event `update`.
        start: the first record of the last session; empty where there is none.
        ended: whether the run came to its planned end.
    """

    epochs: Sequence[Record] = ()
    updates: Sequence[Record] = ()
    start: Record
    ended: bool = False


def curves_of(events: Sequence[Record]) -> Curves:
    """The curves of a ledger.

    Args:
        events: that stand, in order.
    """
    kinds = {kind: [e for e in events if e.get("event") == kind] for kind in ("epoch", "update", "end")}
    begun = [e for e in events if e.get("event") in ("start", "resume")]
    last = kinds["end"][-1:] and events[-1].get("event") == "end"
    return Curves(epochs=kinds["epoch"], updates=kinds["update"], start=begun[-1] if begun else {}, ended=bool(last))


def number_at(record: Record, *path: str) -> float | None:
    """A number within a record; None where there is none, or one that is not finite.

    >>> number_at({"a": {"b": 2}}, "a", "b"), number_at({"a": "nan"}, "a"), number_at({"a": True}, "a")
    (2.0, None, None)

    Args:
        record: of a ledger.
        *path: keys, from the outside to the inside.
    """
    value: Any = record
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def keys_at(records: Sequence[Record], name: str) -> list[str]:
    """Keys of a table within records, in the order in which they first appear.

    Args:
        records: of a ledger.
        name: of the table.
    """
    tables = [record[name] for record in records if isinstance(record.get(name), Mapping)]
    return list(dict.fromkeys(str(key) for table in tables for key in table))


def line_of(records: Sequence[Record], x: str, *path: str) -> tuple[list[float | None], list[float | None]]:
    """Numbers of some records and where they belong, thinned.

    Args:
        records: of a ledger.
        x: key of the place.
        *path: keys of the number.

    Returns:
        The places, and the numbers.
    """
    xs, ys = [number_at(r, x) for r in records], [number_at(r, *path) for r in records]
    kept = thinned(ys)
    return [xs[i] for i in kept], [ys[i] for i in kept]


def thinned(values: Sequence[float | None], most: int = MOST_POINTS) -> list[int]:
    """Which of many values are drawn: the lowest and the highest of each stretch, and what is missing.

    >>> thinned([5.0, 1.0, 2.0, 9.0, 3.0, 3.0, 0.0, 4.0], most=4)
    [1, 3, 6, 7]

    Args:
        values: of a line.
        most: of them that may be drawn.

    Returns:
        Their indices, in order.
    """
    if len(values) <= most:
        return list(range(len(values)))
    stretch = math.ceil(2 * len(values) / most)
    kept: list[int] = []
    for begin in range(0, len(values), stretch):
        here = range(begin, min(begin + stretch, len(values)))
        told = [(value, i) for i in here if (value := values[i]) is not None]
        ends = {min(told)[1], max(told)[1]} if told else {begin}
        kept += sorted(ends)
    return kept
