"""What happened in a run, line by line: a JSON record per event, on disk before the next heavy step."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import trainlint
from trainlint import Finding, read

from ...errors import InputError
from ...files import Lines, cause, move, read_regular, reason
from .identity import Identity
from .records import COUNTED, odd_fields
from .sums import AFTER, CHECKSUM, check_lines, summed

Listener = Callable[[str, Mapping[str, Any]], object]
"""Told of each event and its values, right after it is on disk."""
_WITHOUT_GAPS = {"update", "epoch"}
"""Events of which a session records every one."""
_MOST_BYTES = 2**28
"""Of a ledger, as trainlint has it."""


class Ledger:
    """Appends events to a file in the format of `trainlint.Ledger`, and tells listeners of them.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.train.files.identity import new_identity
    >>> with Ledger(Path("events.jsonl"), new_identity("0" * 64)) as ledger:
    ...     ledger.begin(resumed=False)
    ...     ledger.write("verdict", state="healthy")
    ...     ledger.sync()  # to the disk itself
    ...     ledger.check_place()  # raises where the file was removed or replaced meanwhile
    >>> [event["event"] for event in read_ledger(Path("events.jsonl"))]
    ['start', 'verdict']

    Args:
        path: of the file; None keeps no record.
        identity: run, code and configuration.
        listeners: told of each event too.
    """

    def __init__(self, path: Path | None, identity: Identity, listeners: Sequence[Listener] = ()) -> None:
        self.path, self.identity, self.listeners = path, identity, listeners
        self._file = None if path is None else _Checked(path)
        self._kept = None if path is None else trainlint.Ledger(path, file=self._file, begins=False)

    @property
    def killed(self) -> Finding | None:
        """That the session before this one was killed, if it was."""
        return None if self._kept is None else self._kept.unfinished

    def begin(self, *, resumed: bool, **values: Any) -> None:  # noqa: ANN401
        """Record the start of a session.

        Args:
            resumed: it goes on with an earlier one.
            **values: what is known at the start.
        """
        identity = vars(self.identity)
        if self._kept is not None:
            self._kept.begin(identity, resumed=resumed, **values)
        self._tell("resume" if resumed else "start", {"identity": identity, **values})

    def write(self, event: str, /, **values: Any) -> None:  # noqa: ANN401
        """Record an event; the line has left this process when the call returns.

        Args:
            event: `update`, `epoch`, `checkpoint`, `finding`, `verdict`, `failure` or `end`.
            values: plain; numbers that are not finite are written as texts.
        """
        if self._kept is not None:
            self._kept.write(event, **values)
        self._tell(event, values)

    def _tell(self, event: str, values: Mapping[str, Any]) -> None:
        for listener in self.listeners:
            listener(event, values)

    def sync(self) -> None:
        """Force the records to the disk itself, before a finding is raised."""
        if self._kept is not None:
            self._kept.sync()

    def check_place(self) -> None:
        """Refuse to go on where the file was removed or replaced: see `Lines.check_place`."""
        if self._file is not None:
            self._file.check_place()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            with suppress(InputError):  # a full disk, of which the error that ends the run speaks already
                self.write("failure", error=f"{type(error).__name__}: {error}")
        if self._kept is not None:
            self._kept.let_go()


def read_ledger(path: Path) -> list[dict[str, Any]]:
    """The events of a ledger; a last line cut short by a kill is left out.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.train.files.identity import new_identity
    >>> with Ledger(Path("kept.jsonl"), new_identity("0" * 64)) as ledger:
    ...     ledger.begin(resumed=False)
    ...     ledger.write("epoch", epoch=1, train=0.7, validation={"total": 0.8}, weights="ema")
    >>> read_ledger(Path("kept.jsonl"))[-1]["validation"]
    {'total': 0.8}

    Args:
        path: of the file.

    Returns:
        One mapping per event.

    Raises:
        InputError: the file is missing, a link or larger than any ledger, a whole line is not a record, or another one
            than was written, or the lines come in another order.
    """
    records = _checked(path)
    _check_run(path, records)
    return [{key: value for key, value in record.items() if key not in {AFTER, CHECKSUM}} for record in records]


def compare_ledger(path: Path) -> None:
    """Compare a ledger of any program with its checksums, and one that has any with what a run writes.

    Args:
        path: of the file.

    Raises:
        InputError: as `read_ledger`.
    """
    records = _checked(path)
    if any(CHECKSUM in record for record in records):
        _check_run(path, records)


def _checked(path: Path) -> list[dict[str, Any]]:
    try:
        content = read_regular(path, _MOST_BYTES)
        check_lines(path, content)
        records = read(path)
    except OSError as error:
        raise InputError(
            "the ledger of a run", f"{path}: {reason(error)}", cause(error, "a wrong path"),
            move(error, "pass the run's folder"),
        ) from error  # fmt: skip
    except RecursionError as error:
        raise InputError(
            "one JSON record a line", f"{path}: nesting too deep", "a file of another program", "pass a run's ledger"
        ) from error
    return records


def _check_run(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    for number, record in enumerate(records, start=1):
        _check_record(path, number, record)
    _check_order(path, records)


def _check_record(path: Path, number: int, record: Mapping[str, Any]) -> None:
    """Refuse a record that lacks what a run writes in one of its kind, or has it of another type.

    Raises:
        InputError: naming the line.
    """
    odd = odd_fields(record)
    if odd:
        raise InputError(
            "records of a run, each with the fields of its event", f"{path}, line {number}: {', '.join(odd)}",
            "a ledger of another program", "pass a run's ledger",
        )  # fmt: skip


def _check_order(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Refuse counts that fall or leave some out though nothing began anew: earlier versions named no line before.

    Raises:
        InputError: naming the line.
    """
    reached: dict[str, int] = {}
    for number, record in enumerate(records, start=1):
        event = record["event"]
        if event == "start":
            reached = {}
        elif event == "resume":
            reached = {counted: record[up_to] for counted, (_, up_to) in COUNTED.items()}
        elif event in COUNTED:
            count, last = record[COUNTED[event][0]], reached.get(event, 0)
            if count < last or (event in _WITHOUT_GAPS and count != last + 1):
                raise InputError(
                    f"{event}s of a run in their order, each once", f"{path}, line {number}: {count} after {last}",
                    "lines that were sorted or taken out, or two ledgers in one",
                    "pass the ledger as the run wrote it",
                )  # fmt: skip
            reached[event] = count


def standing(events: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The events of a run without the updates, epochs and checkpoints that a resume undid: those are done again.

    >>> events = [
    ...     {"event": "epoch", "epoch": 1}, {"event": "epoch", "epoch": 2},
    ...     {"event": "resume", "epochs": 1, "attempts": 4}, {"event": "epoch", "epoch": 2},
    ... ]
    >>> [(event["event"], event.get("epoch")) for event in standing(events)]
    [('epoch', 1), ('resume', None), ('epoch', 2)]

    Args:
        events: of a ledger, in order.

    Returns:
        Those that stand, each update and epoch once.
    """
    kept: list[Mapping[str, Any]] = []
    for event in events:
        if event["event"] == "resume":
            kept = [earlier for earlier in kept if not _undone(earlier, event)]
        kept.append(event)
    return kept


def _undone(event: Mapping[str, Any], resume: Mapping[str, Any]) -> bool:
    """Whether an event came after the checkpoint that a run was resumed from."""
    if event["event"] not in COUNTED:
        return False
    number, reached = COUNTED[event["event"]]
    return event[number] > resume[reached]


class _Checked(Lines):
    """A file of records, each with its checksum and that of the line before it.

    It refuses a link, and a file that cannot be written.
    """

    _above: bytes | None = None

    def write(self, text: str) -> None:
        """Append a record.

        Args:
            text: its line, the end included.
        """
        if self._above is None:  # not earlier: what a killed session left behind the last line is cut off first
            self._above = _last_line(self.path)
        line = summed(text.removesuffix("\n"), self._above)
        super().write(line + "\n")
        self._above = line.encode()


def _last_line(path: Path) -> bytes:
    """The last line of a ledger that ends in a whole one, without its end."""
    return read_regular(path, _MOST_BYTES)[:-1].rpartition(b"\n")[2]
