"""What does a log or a ledger show, when the run itself is gone, or while it is still being written?"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..findings import Finding, Rule, Severity, Stage, State
from ..ledger import EVENTS, has_ended, last_run, not_a_record, read
from ..rules import RULES, rule
from ..verdict import Verdict, judge, show
from .judging.verdicts import findings, verdict
from .reading.documents import is_event_file
from .reading.log import Log
from .reading.reader import Reader
from .reading.sources import find, read_file, read_text
from .reading.text import LONGEST_PIECE, clean, is_torn, opened
from .series import Kind, Name


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
    records = _ledger_of(place)
    return verdict(read_file(place)) if records is None else _diagnose_ledger(records)


def diagnose(path: Path | str, *, as_json: bool = False) -> int:
    """Print that verdict; the exit status is that of `show`."""
    return show(diagnose_path(path), as_json=as_json)


def read_series(path: Path | str) -> Log:
    """The series of a run, from its ledger or its log.

    Raises:
        InputError: nothing there, or nothing that can be read.
    """
    place = find(Path(path))
    records = _ledger_of(place)
    if records is None:
        return read_file(place)
    _check(records)
    return recorded(last_run(records))


def _ledger_of(place: Path) -> list[dict[str, object]] | None:
    """The records of a ledger; None where a file is a log."""
    if place.suffix != ".jsonl":
        return None
    try:
        records = read(place)
    except RecursionError as error:
        told = f"{place.name}, a line of which is nested too deep to be read"
        raise InputError("one JSON record a line", told, "a damaged file", "pass the run's ledger") from error
    return records if not records or any(record.get("event") in EVENTS for record in records) else None


def _diagnose_ledger(records: list[dict[str, object]]) -> Verdict:
    _check(records)
    run = last_run(records)
    died = [] if has_ended(run) else [rule("RT501").found(f"{len(run)} records and no end record")]
    told = [record for record in run if record.get("event") == "verdict"]
    if told:
        last: dict[str, Any] = told[-1]
        kept = [*map(_stored, [*last["findings"], *last.get("suspected", ())]), *died]
        return judge(kept, last["counts"], tuple(last["blind"]), tuple(last["ran"]) if "ran" in last else None)
    known = {f.key: f for f in (_stored(record) for record in run if record.get("event") == "finding")}
    shown = (f for f in findings(recorded(run)) if f.key not in known)
    return judge([*died, *known.values(), *shown], {"epochs": sum(r.get("event") == "epoch" for r in run)})


_TYPES = {"event": str, "code": str, "subject": str, "counts": dict}
"""What the parts of a record must be, where it has them."""


def _check(records: list[dict[str, object]]) -> None:
    # Each record is read by itself, to name a broken one by its line.
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
    if record.get("event") == "finding":
        _stored(record)
    if record.get("event") == "verdict":
        for kept in [*record["findings"], *record.get("suspected", ())]:
            _stored(kept)
        judge((), dict(record["counts"]), (*record["blind"], *record.get("ran", ())))
    recorded([record])


def _rule(record: dict[str, object]) -> Rule:
    code = str(record["code"])
    if any(code == known.code for known in RULES):
        known = rule(code)
        return replace(known, cause=str(record.get("cause", known.cause)), move=str(record.get("next", known.move)))
    told = (str(record[name]) for name in ("cause", "next", "link"))
    state, severity = State[str(record["state"])], Severity(str(record["severity"]))
    cause, move, page = told
    return Rule(code, str(record["name"]), severity, state, "", "", cause, move, page.partition("#")[0])


def _stored(record: dict[str, object]) -> Finding:
    kept = _rule(record)
    update = record["update"] if isinstance(record["update"], int) else None
    told = record["numbers"] if isinstance(record["numbers"], dict) else {}
    measured = {name: float(value) if isinstance(value, str) else value for name, value in told.items()}
    severity, count = Severity(str(record["severity"])), int(str(record["count"]))
    stage = Stage(str(record.get("stage", Stage.CONFIRMED)))
    where = str(record.get("where", ""))
    return Finding(
        kept, str(record["evidence"]), str(record["subject"]), severity, update, measured, count, stage, where
    )


_LOSSES = {
    "train": Name(key="train_loss", kind=Kind.TRAIN_LOSS),
    "val": Name(key="val_loss", kind=Kind.VALIDATION_LOSS),
}
_MOTION = Name(key="Δparam", kind=Kind.MOTION)


def recorded(session: Iterable[Mapping[str, Any]]) -> Log:
    """The series of a session: train and validation loss, rates and Δparam."""
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
    log.epoch = float(int(record["epoch"])) if "epoch" in record else log.epoch
    for key, name in _LOSSES.items():
        value = record.get(key)
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            log.value(name, float(value))


GROWN = 1.02
"""A log is judged again when it holds 2 % more values."""
_WHOLE = frozenset((".json", ".jsonl"))


class Follower:
    """Reads a log as it grows, and tells each finding once: when it comes, and when it no longer holds.

    Raises:
        InputError: nothing there, or nothing that can be read.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = find(Path(path))
        self._by_line = self.path.suffix not in _WHOLE and not is_event_file(self.path)
        self._told: dict[tuple[str, str], Finding] = {}
        self._size = self._judged = 0
        self._begin()

    def _begin(self) -> None:
        self._reader, self._rest = Reader(self.path.stem), ""
        self._file: TextIOWrapper | None = None

    def poll(self) -> list[Finding]:
        """Findings since the last call; those that no longer hold come with the stage withdrawn."""
        size = self.path.stat().st_size
        if size == self._size:
            return []
        if size < self._size:  # written anew
            self.close()
            self._begin()
            self._judged = 0
        self._size = size
        if not self._by_line:
            return self._new(diagnose_path(self.path).findings)
        self._read()
        values = self._reader.log.count
        if not self._reader.log.ended and values < GROWN * self._judged:
            return []
        self._judged = values
        return self._new(findings(self._reader.log))

    def _read(self) -> None:
        if self._file is None:
            self._file = opened(self.path)
        while part := self._file.readline(LONGEST_PIECE):
            self._rest += part
            if part.endswith("\n") or len(self._rest) >= LONGEST_PIECE:
                self._take()

    def _take(self) -> None:
        for line in clean(self._rest):
            self._reader.line(line)
        self._rest = ""

    def _new(self, found: tuple[Finding, ...] | list[Finding]) -> list[Finding]:
        now = {f.key: f for f in found}
        came = [f for key, f in now.items() if key not in self._told or self._told[key].severity != f.severity]
        gone = [f for key, f in self._told.items() if key not in now]
        self._told = now
        return [*came, *(f.rule.withdrawn("later values no longer show it", subject=f.subject) for f in gone)]

    def verdict(self) -> Verdict:
        """The verdict on all that was written so far."""
        if not self._by_line:
            return diagnose_path(self.path)
        self._read()
        if self._rest:
            self._take()
        self._reader.log.torn = self._file is not None and is_torn(self._file)
        return verdict(self._reader.log)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def told(finding: Finding) -> str:
    """A finding in one line, as it comes."""
    return f"withdrawn: {finding.rule.code} {finding.evidence}" if finding.stage is Stage.WITHDRAWN else finding.line
