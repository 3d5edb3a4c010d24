"""What does a ledger of the Trainer say, epoch by epoch? Its records name an `event`, one for each update and epoch."""

from typing import Any

from ..findings import Finding, Severity
from ..rules import runs
from .reading.log import Log
from .series import Kind, Name


def is_trainer_ledger(records: list[dict[str, Any]]) -> bool:
    """True where the records are events of a Trainer, not findings of a watch."""
    return any("event" in record for record in records)


def last_session(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of the last session in which anything was trained or found, from its start or resume on.

    Args:
        records: of the ledger, in order.
    """
    sessions = _sessions(records)
    busy = [session for session in sessions if any(map(_trained_or_found, session))]
    return busy[-1] if busy else sessions[-1]


def _trained_or_found(record: dict[str, Any]) -> bool:
    """Whether a record is of the session's own doing: that an earlier one was killed is not."""
    event = record.get("event")
    return event == "update" or (event == "finding" and record.get("code") != runs.DIED.code)


def _sessions(records: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    sessions: list[list[dict[str, Any]]] = [[]]
    for record in records:
        if record.get("event") in {"start", "resume"}:
            sessions.append([])
        sessions[-1].append(record)
    return sessions


def killed(records: list[dict[str, Any]]) -> Finding | None:
    """The note that the session before the present one has neither an end nor a word why, if so.

    Args:
        records: of the ledger, up to the `resume` of the present session or beyond.
    """
    before = [[], *_sessions(records)][-2]
    if not before or any(record.get("event") in {"end", "failure", "verdict"} for record in before):
        return None
    updates = sum(record.get("event") == "update" for record in before)
    text = f"the session before this one was killed: {len(before)} records, {updates} updates and no end record"
    return runs.DIED.found(text, severity=Severity.NOTE, records=len(before), updates=updates)


def parse_events(run: list[dict[str, Any]]) -> Log:
    """The series of a session: rates, Δparam, train and validation loss.

    Args:
        run: records of one session, of a Trainer or of a watch.
    """
    log = Log()
    log.epoch = 1.0
    for record in run:
        if record.get("event") == "update":
            _update(log, record)
        elif record.get("event") == "epoch":
            log.epoch = float(int(record["epoch"]))
            log.value(_TRAIN, float(record["train"]))
            log.value(_VALIDATION, float(record["validation"]["total"]))
            log.epoch += 1
        elif record.get("kind") == "epoch":
            _watched(log, record)
            log.epoch += 1
    return log


_TRAIN = Name(key="train_loss", kind=Kind.TRAIN_LOSS)
_VALIDATION = Name(key="val_loss", kind=Kind.VALIDATION_LOSS)
_MOTION = Name(key="Δparam", kind=Kind.MOTION)


def _update(log: Log, record: dict[str, Any]) -> None:
    log.step = float(record["attempt"]) if "attempt" in record else log.step
    for group, rate in record["rates"].items():
        log.value(Name(key=f"lr/{group}", kind=Kind.RATE), float(rate))
    if record.get("motion") is not None:
        log.value(_MOTION, float(record["motion"]["total"]))


def _watched(log: Log, record: dict[str, Any]) -> None:
    """An epoch that a watch was told of: any of its numbers may be missing."""
    for name, key in ((_TRAIN, "train"), (_VALIDATION, "val")):
        value = record.get(key)
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            log.value(name, float(value))
