"""Where is the log? A file of any kind, a folder that holds one, or a text at hand."""

from collections.abc import Iterator
from io import StringIO, TextIOBase
from itertools import islice
from pathlib import Path

from ...errors import InputError
from .documents import document, is_event_file, rows, scalars
from .log import Log
from .names import name_of
from .numerals import LOOKED_AT
from .reader import PLACES, Reader
from .tables import untitled
from .text import is_torn, opened, pieces

LARGEST_DOCUMENT = 1 << 26
"""Characters of a JSON document that is read as a whole."""
_USUAL = (
    "trainer_state.json",
    "*tfevents*",
    "metrics.csv",
    "results.csv",
    "history.json",
    "metrics.json",
    "log.csv",
    "log.txt",
    "train.log",
    "log.jsonl",
    "metrics.jsonl",
    "training.log",
)


def read_text(text: str) -> Log:
    """What a text holds.

    Raises:
        InputError: a number or a nesting in it is without measure.
    """
    reader = Reader()
    if not _document(reader, text):
        _lines(reader, StringIO(text, newline=None))
    return reader.log


def read_file(path: Path) -> Log:
    """What a file holds.

    Raises:
        InputError: it is none of these.
    """
    reader = Reader(path.stem)
    if is_event_file(path):
        _events(reader, path)
        return reader.log
    with opened(path) as file:
        if file.read(1) in {"{", "[", " ", "\n"}:
            file.seek(0)
            whole = file.read(LARGEST_DOCUMENT + 1)
            if len(whole) <= LARGEST_DOCUMENT and _document(reader, whole):
                return reader.log
        file.seek(0)
        _lines(reader, file)
        reader.log.torn = is_torn(file)
    return reader.log


def _lines(reader: Reader, file: TextIOBase) -> None:
    reader.commas.look(islice(pieces(file), LOOKED_AT))
    file.seek(0)
    if reader.stem:
        reader.header = untitled(pieces(file), reader.stem)
        file.seek(0)
    for line in pieces(file, reader.cut):
        reader.line(line)


def _document(reader: Reader, text: str) -> bool:
    start = text.lstrip()[:1]
    if start not in {"{", "["} or not text.rstrip().endswith(("}", "]")):
        return False
    found = document(text)
    if not isinstance(found, list | dict):
        return False
    for row in rows(found, reader.stem or "value"):
        reader.row(row)
    return True


def _events(reader: Reader, path: Path) -> None:
    for tag, step, value in scalars(path):
        name = name_of(tag)
        if name.kind not in PLACES:
            reader.log.step = float(step)
            reader.log.value(name, value)


def find(place: Path) -> Path:
    """The log that a path means: itself, or what a folder holds under a usual name.

    Raises:
        InputError: nothing is there, or a folder holds no log, or several.
    """
    if place.is_dir():
        return _within(place)
    if not place.is_file():
        told = "is no ordinary file" if place.exists() else "does not exist"
        raise InputError("a ledger or a log", f"{place}, which {told}", "a wrong path", "pass the run's folder")
    return place


def _within(folder: Path) -> Path:
    for found in _usual(folder):
        return found
    logs = sorted(p for p in folder.iterdir() if p.suffix in {".log", ".csv"} and p.is_file())
    if len(logs) == 1:
        return logs[0]
    told = f"{folder}, which holds {len(logs)} logs and no ledger" if logs else f"{folder}, which holds neither"
    raise InputError("a ledger or a log", told, "a wrong path", "pass the file itself")


def _usual(folder: Path) -> Iterator[Path]:
    if (folder / "ledger.jsonl").is_file():
        yield folder / "ledger.jsonl"
    for pattern in _USUAL:
        yield from sorted(folder.glob(pattern))[-1:]
