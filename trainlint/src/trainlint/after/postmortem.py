"""What does a log or a ledger show, when the run itself is gone?"""

from pathlib import Path
from typing import Any

from ..errors import InputError
from ..findings import Finding, Severity, Stage
from ..ledger import last_run, not_a_record, read
from ..rules import rule
from ..verdict import Verdict, judge
from .judging.verdicts import findings, verdict
from .reading.log import Log
from .reading.sources import find, read_file, read_text
from .trainer_ledger import is_trainer_ledger, last_session, parse_events


def diagnose_text(text: str) -> Verdict:
    r"""The verdict on a log at hand.

    Args:
        text: lines of any form, or a JSON document.

    Raises:
        InputError: a number or a nesting in it is without measure.

    >>> lines = "\n".join(f"step {i}: train loss {3 - i / 9:.3f}, val loss 2.3090" for i in range(9))
    >>> diagnose_text(lines).codes
    ('RT212',)
    """
    return verdict(read_text(text))


def diagnose_path(path: Path | str) -> Verdict:
    """The verdict on a run's folder, a ledger, or a log of any form.

    Args:
        path: a folder that holds a ledger or a log, or the file itself.

    Raises:
        InputError: nothing there, or nothing that can be read.
    """
    place = find(Path(path))
    records = ledger_of(place)
    return verdict(read_file(place)) if records is None else diagnose_ledger(records)


def read_series(path: Path | str) -> Log:
    """The series of a run, from its ledger or its log.

    Args:
        path: as in `diagnose_path`.

    Raises:
        InputError: nothing there, or nothing that can be read.
    """
    place = find(Path(path))
    records = ledger_of(place)
    if records is None:
        return read_file(place)
    _check(records)
    return parse_events(last_session(records) if is_trainer_ledger(records) else last_run(records))


def ledger_of(place: Path) -> list[dict[str, object]] | None:
    """The records of a ledger; None where a file is a log.

    Args:
        place: of the file.

    Raises:
        InputError: a line of a ledger is no record.
    """
    if place.suffix != ".jsonl":
        return None
    try:
        records = read(place)
    except RecursionError as error:
        told = f"{place.name}, a line of which is nested too deep to be read"
        raise InputError("one JSON record a line", told, "a damaged file", "pass the run's ledger") from error
    return records if not records or any({"kind", "event"} & record.keys() for record in records) else None


def diagnose_ledger(records: list[dict[str, object]]) -> Verdict:
    """The verdict on the last run in a ledger.

    Args:
        records: from `ledger.read`.

    Raises:
        InputError: no record, or one that lacks what its kind must hold.
    """
    _check(records)
    if is_trainer_ledger(records):
        return _session(last_session(records))
    run = last_run(records)
    latest: dict[tuple[object, object], dict[str, object]] = {}
    for record in run:
        if record.get("kind") == "finding":
            latest[record["code"], record["subject"]] = record
        if record.get("kind") == "end" and isinstance(record.get("findings"), list):
            kept: list[Any] = [*record["findings"], *record.get("suspected", ())]  # pyright: ignore[reportGeneralTypeIssues]
            latest.update({(f["code"], f["subject"]): f for f in kept})
    found = [_stored(record) for record in latest.values()]
    ends = [record for record in run if record.get("kind") == "end"]
    if not ends:
        shown = findings(parse_events(run))
        found += [_died(len(run)), *(f for f in shown if f.key not in {each.key for each in found})]
    epochs = sum(record.get("kind") == "epoch" for record in run)
    told: dict[str, Any] = {"counts": {"epochs": epochs}, "blind": (), "ran": None, **(ends[-1] if ends else {})}
    ran = None if told["ran"] is None else tuple(told["ran"])
    return judge(found, told["counts"], tuple(told["blind"]), ran)


_TYPES = {"event": str, "kind": str, "code": str, "subject": str, "counts": dict}
"""What the parts of a record must be, where it has them."""


def _check(records: list[dict[str, object]]) -> None:
    # Each record is read once by itself, so that a broken one is named by its line.
    if not records:
        raise InputError(
            "a ledger with records", "none", "the run died before its first one", "start it again, or pass another file"
        )
    for number, record in enumerate(records, 1):
        try:
            _retell(record)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            told = f"a record without {error}" if isinstance(error, KeyError) else str(error)
            raise not_a_record(number, told) from error


def _retell(record: dict[str, Any]) -> None:
    for name, kind in _TYPES.items():
        if not isinstance(record.get(name, kind()), kind):
            raise TypeError(f"{name} is a JSON {type(record[name]).__name__}")
    if "finding" in (record.get("kind"), record.get("event")):
        _stored(record)
    for kept in record.get("findings", ()):
        _stored(kept)
    if record.get("event") == "verdict" or "blind" in record:
        judge((), dict(record["counts"]), tuple(record["blind"]))
    parse_events([record])


def _session(run: list[dict[str, object]]) -> Verdict:
    """The verdict of a Trainer's watch, or where the run died before it: its findings so far and what the log shows."""
    told = [record for record in run if record.get("event") == "verdict"]
    ended = any(record.get("event") in {"end", "failure"} for record in run)
    died = [] if ended else [_died(len(run))]
    if told:
        kept: dict[str, Any] = told[-1]
        found = [*map(_stored, [*kept["findings"], *kept.get("suspected", ())]), *died]
        return judge(found, kept["counts"], tuple(kept["blind"]), tuple(kept["ran"]) if "ran" in kept else None)
    log = parse_events(run)
    known = {f.key: f for f in (_stored(record) for record in run if record.get("event") == "finding")}
    ranked = [*died, *known.values(), *(f for f in findings(log) if f.key not in known)]
    return judge(ranked, {"epochs": _epochs(run)})


def _epochs(run: list[dict[str, object]]) -> int:
    return sum("epoch" in (record.get("kind"), record.get("event")) for record in run)


def _died(records: int) -> Finding:
    return rule("RT501").found(f"{records} records and no end record")


def _stored(record: dict[str, object]) -> Finding:
    kept = rule(str(record["code"]))
    update = record["update"] if isinstance(record["update"], int) else None
    told = record["numbers"] if isinstance(record["numbers"], dict) else {}
    measured = {name: float(value) if isinstance(value, str) else value for name, value in told.items()}
    severity, count = Severity(str(record["severity"])), int(str(record["count"]))
    stage = Stage(str(record.get("stage", Stage.CONFIRMED)))
    where = str(record.get("where", ""))
    return Finding(
        kept, str(record["evidence"]), str(record["subject"]), severity, update, measured, count, stage, where
    )
