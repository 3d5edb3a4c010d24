"""Which series does a ledger hold? Those of its epochs, and of its updates where they are written down."""

from collections.abc import Iterable, Mapping
from typing import Any

from .reading.log import Log
from .series import Kind, Name

_LOSSES = {
    "train": Name(key="train_loss", kind=Kind.TRAIN_LOSS),
    "val": Name(key="val_loss", kind=Kind.VALIDATION_LOSS),
}
_MOTION = Name(key="Δparam", kind=Kind.MOTION)


def recorded(session: Iterable[Mapping[str, Any]]) -> Log:
    """The series of a session: train and validation loss, rates and Δparam.

    Args:
        session: its records.
    """
    log = Log()
    log.epoch = 1.0
    for record in session:
        if record.get("event") == "update":
            _update(log, record)
        elif record.get("event") == "epoch":
            _epoch(log, record)
            log.epoch += 1
    return log


def _update(log: Log, record: Mapping[str, Any]) -> None:
    log.step = float(record["attempt"]) if "attempt" in record else log.step
    for group, rate in record["rates"].items():
        log.value(Name(key=f"lr/{group}", kind=Kind.RATE), float(rate))
    if record.get("motion") is not None:
        log.value(_MOTION, float(record["motion"]["total"]))


def _epoch(log: Log, record: Mapping[str, Any]) -> None:
    """An epoch, of which the loop may have told no number."""
    log.epoch = float(int(record["epoch"])) if "epoch" in record else log.epoch
    for key, name in _LOSSES.items():
        value = record.get(key)
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            log.value(name, float(value))
