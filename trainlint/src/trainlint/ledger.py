"""Where evidence is kept: one JSON record a line, on disk before anything else happens."""

import json
import math
import os
import re
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from zlib import crc32

from .errors import InputError
from .files import NO_LINK, held_elsewhere, read_ordinary
from .findings import Finding
from .rules import data as rules

FORMAT = 2
"""Number of the format, in the first record of every session; before 2 there was none."""
EVENTS = ("start", "resume", "update", "epoch", "checkpoint", "finding", "probe", "verdict", "failure", "end")
"""What a record can be about; docs/ledger.md says what each holds."""
MOST_BYTES = 1 << 28
"""Of a ledger; a larger one is neither read nor gone on with."""
_RECORD = b'{"event": "'
"""How every record begins."""
_AFTER = re.compile(rb'"after": "([0-9a-f]{8})", "crc": "\w+"}$')
_BEGINS, _ENDS = ("start", "resume"), ("verdict", "failure", "end")


@runtime_checkable
class Evidence(Protocol):
    """A file of somebody else that takes findings as well: all that a watch asks of a ledger that it does not own."""

    def write(self, event: str, /, **values: object) -> None:
        """Append a record."""
        ...

    def sync(self) -> None:
        """Force the records to the disk."""
        ...


@runtime_checkable
class _Lines(Protocol):
    """A file that takes whole lines, each of which has left the process when the call returns."""

    def write(self, text: str, /) -> object: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...


class Ledger:
    """Append-only record of a run; every line is flushed, so that a killed process leaves its evidence.

    Args:
        path: the file, usually `RUN_DIR/ledger.jsonl`.
        identity: what makes the run this run: hashes of code, configuration and data, the seed, anything.
        file: that path, opened by somebody with more to ask of a file; it is closed here.
        begins: False leaves the first record of the session to a later `begin`.

    Raises:
        InputError: another run writes the file, or it is no ledger.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     ledger = Ledger(Path(folder) / "ledger.jsonl", {"seed": 1})
    ...     ledger.write("epoch", epoch=1, train=0.5, val=0.6)
    ...     ledger.close()
    ...     print([record["event"] for record in read(ledger.path)])
    ['start', 'epoch', 'end']
    """

    def __init__(
        self,
        path: Path | str,
        identity: Mapping[str, object] | None = None,
        *,
        file: _Lines | None = None,
        begins: bool = True,
    ) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.unfinished = unfinished(self.path)
        self._file: _Lines | None = self.path.open("a", buffering=1, encoding="utf-8") if file is None else file
        try:
            if file is None and held_elsewhere(self._file.fileno()):
                told = f"{path}, which process {([{}], *sessions(read(path)))[-1][0].get('process')} writes"
                move = "pass another file, as with --ledger, or wait for that run"
                raise InputError("a ledger that no other run writes", told, "two runs in one folder", move)
            _cut_back(self.path)
        except InputError:
            if file is None:
                self.let_go()
            raise
        if begins:
            self.begin(identity)

    def begin(
        self, identity: Mapping[str, object] | None = None, /, *, resumed: bool = False, **values: object
    ) -> None:
        """Write the first record of a session.

        Args:
            identity: what makes the run this run.
            resumed: the session goes on with the run of the one before it.
            **values: anything else that is known at its start.
        """
        known = {} if identity is None else dict(identity)
        self.write("resume" if resumed else "start", format=FORMAT, identity=known, process=os.getpid(), **values)

    def write(self, event: str, /, **values: object) -> None:
        """Append a record, which has left the process when the call returns.

        Args:
            event: what it is about, one of `EVENTS`.
            **values: anything; what JSON cannot hold is written as text.
        """
        if self._file is not None:
            self._file.write(to_json({"event": event, "time": time.time(), **values}) + "\n")

    def sync(self) -> None:
        """Force the records to the disk itself: before a fatal finding raises, and before anything heavy."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self, **values: object) -> None:
        """Write the end record, without which the next start reports a run that died.

        Args:
            **values: anything that is known at the end.
        """
        try:
            self.write("end", **values)
            self.sync()
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Close the file without an end record, where something else has told how the session ended."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _cut_back(path: Path) -> None:
    content = _content(path) if os.path.lexists(path) else b""
    whole = _whole(content)
    if whole == content:
        return
    if not _RECORD.startswith(content[len(whole) :].rstrip(b"\0")[: len(_RECORD)]):
        told = f"{path.name}, whose last line is no record"
        raise InputError("a ledger, or a new file", told, "a wrong path", "pass another path")
    os.truncate(path, len(whole))


def to_json(value: object, *, indent: int | None = None, ascii_only: bool = True) -> str:
    """A value as JSON text that any reader takes: NaN and infinity are the texts "nan", "inf" and "-inf".

    Anything but mappings, sequences, numbers and texts is written as its text; `indent` None puts all on one line.
    """
    return json.dumps(finite(value), allow_nan=False, ensure_ascii=ascii_only, indent=indent, default=str)


def indented(value: object) -> str:
    """A value as JSON text for people: on many lines, with letters of any script."""
    return to_json(value, indent=2, ascii_only=False)


def finite(value: Any) -> Any:  # noqa: ANN401
    """The value with numbers that JSON cannot hold spelled as texts."""
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return str(float(value)) if isinstance(value, float) and not math.isfinite(value) else value


def read(path: Path | str) -> list[dict[str, object]]:
    """All records of a ledger; a last line cut short by a kill is left out.

    Raises:
        InputError: the file is missing, a link, no ordinary file or larger than `MOST_BYTES`, or a whole line is not a
            record.
    """
    lines = [b"", *_whole(_content(Path(path))).splitlines()]
    return [_record(line, number, above) for number, (above, line) in enumerate(pairwise(lines), 1)]


def _content(path: Path) -> bytes:
    return read_ordinary(path, "a ledger", MOST_BYTES, NO_LINK)


def _whole(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]


def _record(line: bytes, number: int, above: bytes) -> dict[str, object]:
    after = _AFTER.search(line)
    if after and int(after[1], 16) != crc32(above):
        told = f"line {number}, before which another stood"
        raise InputError("a whole ledger", told, "lines taken out, sorted or doubled", "pass it as it was written")
    try:
        record = json.loads(line)
    except ValueError as error:  # not JSON, or not UTF-8
        raise not_a_record(number, str(error)) from error
    if not isinstance(record, dict):
        raise not_a_record(number, f"a JSON {type(record).__name__}")
    _check_format(record, number)
    return record


def _check_format(record: dict[str, object], number: int) -> None:
    # The first record of a session tells its format: in another one, the later records mean something else.
    first = record.get("event") in _BEGINS or {"kind", "time", "process"} <= record.keys()
    if first and record.get("format") != FORMAT:
        told = f"format {record['format']}" if "format" in record else "one from before formats had a number"
        raise InputError(
            f"a ledger of format {FORMAT}",
            f"line {number}: {told}",
            "another version of trainlint wrote it",
            "read it with that version, or begin a new file",
        ) from None


def not_a_record(number: int, told: str) -> InputError:
    """The error that a line of a ledger cannot be read."""
    got = f"line {number}: {told}"
    return InputError("one JSON record a line", got, "another kind of log", "pass it under a name that ends in .log")


def sessions(records: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The records of each session, from its `start` or `resume` on."""
    found: list[list[dict[str, Any]]] = []
    for record in records:
        if record.get("event") in _BEGINS or not found:
            found.append([])
        found[-1].append(record)
    return found


def last_run(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last session, unless it resumed a run of which nothing was left to do: then the one before it."""
    known = sessions(records)
    while len(known) > 1 and known[-1][0].get("event") == "resume" and not any(map(_did_something, known[-1])):
        known.pop()
    return known[-1] if known else []


def _did_something(record: Mapping[str, object]) -> bool:
    event = record.get("event")
    return event == "update" or (event == "finding" and record.get("code") != rules.DIED.code)


def has_ended(session: Sequence[Mapping[str, object]]) -> bool:
    """True where a session says how it ended."""
    return any(record.get("event") in _ENDS for record in session)


def unfinished(path: Path | str) -> Finding | None:
    """The finding that the last session in this ledger has no end, if so."""
    known = sessions(read(path)) if os.path.lexists(path) else []
    run = known[-1] if known else []
    if not run or has_ended(run) or _runs(run[0].get("process")):
        return None
    epochs, updates = (sum(record.get("event") == event for record in run) for event in ("epoch", "update"))
    told = f"the session before this one was killed: {len(run)} records, {epochs} epochs, {updates} updates"
    return rules.DIED.found(f"{told} and no end record", records=len(run), epochs=epochs, updates=updates)


def _runs(process: object) -> bool:
    return process != os.getpid() and Path(f"/proc/{process}/stat").is_file()


def same_run(path: Path | str, identity: Mapping[str, object]) -> list[Finding]:
    """Findings where a ledger's last run is another run than the one asked about."""
    run = last_run(read(path))
    stored = run[0].get("identity") if run else {}
    told = stored if isinstance(stored, dict) else {}
    return [
        rules.ANOTHER_RUN.found(f"{key} is {told.get(key)!r} in the ledger and {value!r} here", subject=key)
        for key, value in identity.items()
        if key not in told or told[key] != value
    ]
