"""Does every reader read or refuse the inputs that reach its every place, and some that are changed anew?"""

import random
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from changing import changed_bytes
from reader import Reader, hang, outcome
from readers import READERS

CORPUS = Path(__file__).parent / "corpus"
FRESH = 12
"""Inputs that are changed anew: half in their bytes, half in their structure."""


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """A reader that hangs is ended, and what it warns of is its own business."""
    before = signal.signal(signal.SIGALRM, hang)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    signal.signal(signal.SIGALRM, before)


def inputs(reader: Reader, good: bytes) -> Iterator[bytes]:
    for path in sorted((CORPUS / reader.folder).glob("*")):
        yield path.read_bytes()
    draw = random.Random(reader.name)
    for number in range(FRESH):
        yield changed_bytes(good, draw) if number % 2 else reader.change(good, draw)


@pytest.mark.parametrize("name", READERS)
def test_no_input_ends_in_a_foreign_exception(name: str, made: Path) -> None:
    reader = READERS[name]
    path = made / reader.file
    good = path.read_bytes()
    foreign = []
    for content in inputs(reader, good):
        path.write_bytes(content)
        if (ended := outcome(reader.read, path)).startswith("FOREIGN"):
            foreign.append(ended)
    path.write_bytes(good)
    assert not foreign


@pytest.mark.parametrize("name", [name for name in READERS if name != "lock"])
def test_the_unchanged_file_is_read(name: str, made: Path) -> None:
    assert outcome(READERS[name].read, made / READERS[name].file) == "accepted"


def test_every_folder_of_the_corpus_is_of_a_reader() -> None:
    assert {path.name for path in CORPUS.iterdir()} == {reader.folder for reader in READERS.values()}
