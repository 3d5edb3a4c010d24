"""What does a ledger of the Trainer say, epoch by epoch? Its records name an `event`, one for each update and epoch."""

from typing import Any

from ..findings import Finding, Severity
from ..rules import runs
from .logs import Log, Record


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
    """The epochs of a session as a log: rates, Δparam, train and validation loss.

    Args:
        run: records of one session.
    """
    log, current = Log(), Record(1)
    for record in run:
        if record.get("event") == "update":
            current.rates.append([float(rate) for rate in record["rates"].values()])
            if record.get("motion") is not None:
                current.motion.append(float(record["motion"]["total"]))
        elif record.get("event") == "epoch":
            current.index, current.train = int(record["epoch"]), float(record["train"])
            current.val = float(record["validation"]["total"])
            log.epochs.append(current)
            current = Record(current.index + 1)
    return log
