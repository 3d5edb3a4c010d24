"""What does a record of a ledger hold? One schema by event, of what a run writes and a command reads."""

from collections.abc import Mapping
from typing import Any, Literal

from ...files.schema import fits

COUNTED = {"update": ("attempt", "attempts"), "epoch": ("epoch", "epochs"), "checkpoint": ("updates", "updates")}
"""Event: its number, and where a `resume` says up to which number it goes on from."""
_NUMBER = float | Literal["nan", "inf", "-inf"]
"""JSON has no other words for what is not finite."""
_BY_NAME = Mapping[str, _NUMBER]
_BEGINS = {"identity": Mapping[str, Any]}
_TOLD = {"experiment": Mapping[str, Any] | None, "launch": str | None, "source": Mapping[str, Any] | None}
_NEEDED: Mapping[str, Mapping[str, Any]] = {
    "start": _BEGINS,
    "resume": _BEGINS | {up_to: int for _, up_to in COUNTED.values()},
    "update": {"attempt": int, "outcome": str, "loss": _NUMBER, "rates": _BY_NAME},
    "epoch": {"epoch": int, "train": _NUMBER, "validation": _BY_NAME, "weights": str},
    "checkpoint": {"updates": int},
}
"""Fields that each record of an event has."""
_POSSIBLE: Mapping[str, Mapping[str, Any]] = {
    "start": _TOLD,
    "resume": _TOLD,
    "update": {"norm": _NUMBER, "norms": _BY_NAME, "terms": _BY_NAME, "motion": Mapping[str, Any] | None},
}
"""Fields of a type that they have where they are there."""


def odd_fields(record: Mapping[str, Any]) -> list[str]:
    """Names of fields that a record lacks, or that are of another type than a run writes.

    >>> odd_fields({"event": "checkpoint", "updates": 3}), odd_fields({"event": "checkpoint", "updates": "3"})
    ([], ['updates'])

    Args:
        record: of a ledger.
    """
    event = record.get("event")
    if not isinstance(event, str):
        return ["event"]
    odd = [name for name, hint in _NEEDED.get(event, {}).items() if not fits(hint, record.get(name))]
    possible = _POSSIBLE.get(event, {}).items()
    return odd + [name for name, hint in possible if name in record and not fits(hint, record[name])]
