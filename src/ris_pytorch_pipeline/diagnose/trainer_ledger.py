"""What does a ledger of the Trainer say, epoch by epoch? Its records name an `event`, one for each update and epoch."""

from typing import Any

from .logs import Log, Record


def is_trainer_ledger(records: list[dict[str, Any]]) -> bool:
    """True where the records are events of a Trainer, not findings of a watch."""
    return any("event" in record for record in records)


def last_session(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of the last session in which anything was trained or found, from its start or resume on.

    Args:
        records: of the ledger, in order.
    """
    sessions: list[list[dict[str, Any]]] = [[]]
    for record in records:
        if record.get("event") in {"start", "resume"}:
            sessions.append([])
        sessions[-1].append(record)
    busy = [session for session in sessions if any(r.get("event") in {"update", "finding"} for r in session)]
    return busy[-1] if busy else sessions[-1]


def parse_events(run: list[dict[str, Any]]) -> Log:
    """The epochs of a session as a log: rates, Δparam, train and validation loss.

    Args:
        run: records of one session.
    """
    log, current = Log(), Record(1)
    for record in run:
        if record.get("event") == "update":
            current.rates.append(list(record["rates"].values()))
            if record.get("motion") is not None:
                current.motion.append(float(record["motion"]["total"]))
        elif record.get("event") == "epoch":
            current.index, current.train = int(record["epoch"]), float(record["train"])
            current.val = float(record["validation"]["total"])
            log.epochs.append(current)
            current = Record(current.index + 1)
    return log
