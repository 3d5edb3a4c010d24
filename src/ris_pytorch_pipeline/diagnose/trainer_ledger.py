"""What does a ledger of the Trainer say, epoch by epoch? Its records name an `event`, one for each update and epoch."""

from typing import Any

from .logs import Log, Record


def is_trainer_ledger(records: list[dict[str, Any]]) -> bool:
    """True where the records are events of a Trainer, not findings of a watch."""
    return any("event" in record for record in records)


def parse_events(records: list[dict[str, Any]]) -> tuple[Log, bool]:
    """The last run's epochs as a log, and whether it ended.

    Args:
        records: of the ledger, in order.

    Returns:
        Rates, Δparam, train and validation loss of each epoch; True where an end was recorded.
    """
    starts = [number for number, record in enumerate(records) if record.get("event") == "start"]
    run = records[starts[-1] :] if starts else records
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
    return log, any(record.get("event") == "end" for record in run)
