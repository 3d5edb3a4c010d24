"""Where evidence is kept: one JSON record a line, on disk before anything else happens."""

import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TextIO, runtime_checkable

from .errors import InputError
from .findings import Finding
from .rules import runs


@runtime_checkable
class Evidence(Protocol):
    """A file of somebody else that takes findings as well: all that a watch asks of a ledger that it does not own."""

    def write(self, kind: str, /, **values: object) -> None:
        """Append a record."""
        ...

    def sync(self) -> None:
        """Force the records to the disk."""
        ...


class Ledger:
    """Append-only record of a run; every line is flushed, so that a killed process leaves its evidence.

    Args:
        path: the file, usually `RUN_DIR/ledger.jsonl`.
        identity: what makes the run this run: hashes of code, configuration and data, the seed, anything.
    """

    def __init__(self, path: Path | str, identity: Mapping[str, object] | None = None) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.unfinished = unfinished(self.path)
        cut_back(self.path)
        self._file: TextIO = self.path.open("a", buffering=1, encoding="utf-8")
        self.write("start", identity={} if identity is None else dict(identity), process=os.getpid())

    def write(self, kind: str, **values: object) -> None:
        """Append a record and flush it to the operating system.

        Args:
            kind: start, epoch, measure, finding or end.
            **values: anything; what JSON cannot hold is written as text.
        """
        if self._file.closed:
            return
        self._file.write(to_json({"kind": kind, "time": time.time(), **values}) + "\n")
        self._file.flush()

    def sync(self) -> None:
        """Force the records to the disk itself: before a fatal finding raises, and before anything heavy."""
        if not self._file.closed:
            os.fsync(self._file.fileno())

    def close(self, **values: object) -> None:
        """Write the end record, without which the next start reports a run that died.

        Args:
            **values: the verdict.
        """
        if not self._file.closed:
            self.write("end", **values)
            self.sync()
            self._file.close()


def cut_back(path: Path) -> None:
    """Cut off the end of a line that a kill left without its newline, so that the next record has a line of its own.

    Args:
        path: of a ledger, which need not exist.

    Raises:
        InputError: the file does not begin as a ledger does; it is left as it is.
    """
    content = path.read_bytes() if path.is_file() else b""
    whole = _whole(content)
    if whole == content:
        return
    if not content.startswith(b"{"):
        raise InputError("a ledger, or a new file", path.name, "a wrong path: line 1 is no record", "pass another path")
    os.truncate(path, len(whole))


def to_json(value: object, *, indent: int | None = None, ascii_only: bool = True) -> str:
    """A value as JSON text that any reader takes: NaN and infinity are the texts "nan", "inf" and "-inf".

    Args:
        value: mappings, sequences, numbers and texts; anything else is written as its text.
        indent: spaces per level; None puts all on one line.
        ascii_only: False keeps other letters as they are.
    """
    return json.dumps(finite(value), allow_nan=False, ensure_ascii=ascii_only, indent=indent, default=str)


def finite(value: Any) -> Any:  # noqa: ANN401
    """The value with numbers that JSON cannot hold spelled as texts."""
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return str(float(value)) if isinstance(value, float) and not math.isfinite(value) else value


def read(path: Path | str) -> list[dict[str, object]]:
    """All records of a ledger; a last line cut short by a kill is left out.

    Args:
        path: the file.

    Raises:
        InputError: the file is missing, or a whole line is not a record.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(
            "a ledger file", f"{source.name}, which does not exist", "a wrong path", "pass the run's ledger"
        )
    return [_record(line, number) for number, line in enumerate(_whole(source.read_bytes()).splitlines(), 1)]


def _whole(content: bytes) -> bytes:
    """The lines that end in a newline."""
    return content[: content.rfind(b"\n") + 1]


def _record(line: bytes, number: int) -> dict[str, object]:
    try:
        record = json.loads(line)
    except ValueError as error:  # not JSON, or not UTF-8
        raise not_a_record(number, str(error)) from error
    if not isinstance(record, dict):
        raise not_a_record(number, f"a JSON {type(record).__name__}")
    return record


def not_a_record(number: int, told: str) -> InputError:
    """The error that a line of a ledger cannot be read.

    Args:
        number: of the line, from 1.
        told: what it is instead.
    """
    got = f"line {number}: {told}"
    return InputError("one JSON record a line", got, "another kind of log", "pass it under a name that ends in .log")


def last_run(records: list[dict[str, object]]) -> list[dict[str, object]]:
    """The records from the last start on."""
    starts = [i for i, record in enumerate(records) if record.get("kind") == "start"]
    return records[starts[-1] :] if starts else records


def unfinished(path: Path | str) -> Finding | None:
    """The finding that the last run in this ledger has no end, if so.

    Args:
        path: the ledger, which need not exist.
    """
    source = Path(path)
    if not source.is_file():
        return None
    run = last_run(read(source))
    if not run or any(record.get("kind") == "end" for record in run):
        return None
    epochs = sum(record.get("kind") == "epoch" for record in run)
    return runs.DIED.found(f"{len(run)} records, {epochs} epochs and no end record", records=len(run), epochs=epochs)


def same_run(path: Path | str, identity: Mapping[str, object]) -> list[Finding]:
    """Findings where a ledger's last run is another run than the one asked about.

    Args:
        path: the ledger.
        identity: what the run should have been started with.
    """
    run = last_run(read(path))
    stored = run[0].get("identity") if run else {}
    told = stored if isinstance(stored, dict) else {}
    return [
        runs.ANOTHER_RUN.found(f"{key} is {told.get(key)!r} in the ledger and {value!r} here", subject=key)
        for key, value in identity.items()
        if key not in told or told[key] != value
    ]
