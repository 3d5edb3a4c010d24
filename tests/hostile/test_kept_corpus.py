"""Does every reader end as it is kept for the inputs that reach its every place, and well for some changed anew?"""

import random
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from changing import changed_bytes
from reader import Hang, Reader, outcome
from readers import READERS, naming

from ris_pytorch_pipeline.data import read_manifest
from ris_pytorch_pipeline.data.sharded.manifest import MANIFEST, write_manifest
from ris_pytorch_pipeline.errors import InputError

CORPUS = Path(__file__).parent / "corpus"
FRESH = 12
"""Inputs that are changed anew: half in their bytes, half in their structure."""


@pytest.fixture(autouse=True)
def unwarned() -> Iterator[None]:
    """What a reader warns of is its own business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def fresh(reader: Reader, good: bytes) -> list[bytes]:
    draw = random.Random(reader.name)
    return [changed_bytes(good, draw) if number % 2 else reader.change(good, draw) for number in range(FRESH)]


def outcomes(reader: Reader, path: Path, inputs: list[bytes]) -> list[str]:
    """How the reader ends with each input; the good file is put back."""
    good, told = path.read_bytes(), []
    try:
        for content in inputs:
            path.write_bytes(content)
            told.append(outcome(reader.read, path))
    finally:
        path.write_bytes(good)
    return told


@pytest.mark.parametrize("name", READERS)
def test_each_kept_input_ends_as_its_name_says(name: str, made: Path) -> None:
    """An input is called `accepted`, or after the place where it is refused, see `benchmarks/fuzz/corpus.py`."""
    reader = READERS[name]
    kept = sorted((CORPUS / reader.folder).glob("*"))
    told = outcomes(reader, made / reader.file, [path.read_bytes() for path in kept])
    wanted = {path.name: "accepted" if path.name == "accepted" else "refused" for path in kept}
    assert kept and dict(zip(wanted, told, strict=True)) == wanted


@pytest.mark.parametrize("name", READERS)
def test_no_changed_input_ends_in_a_foreign_exception(name: str, made: Path) -> None:
    reader = READERS[name]
    path = made / reader.file
    assert set(outcomes(reader, path, fresh(reader, path.read_bytes()))) <= {"accepted", "refused"}


@pytest.mark.parametrize("name", [name for name in READERS if name != "lock"])
def test_the_unchanged_file_is_read(name: str, made: Path) -> None:
    assert outcome(READERS[name].read, made / READERS[name].file) == "accepted"


def test_every_folder_of_the_corpus_is_of_a_reader() -> None:
    assert {path.name for path in CORPUS.iterdir()} == {reader.folder for reader in READERS.values()}


@pytest.mark.parametrize("kind", [OSError, Exception])
def test_a_hang_is_told_by_a_reader_that_refuses_whatever_is_raised(kind: type[Exception], tmp_path: Path) -> None:
    def read(path: Path) -> None:
        try:
            raise Hang("over 5 s")
        except kind as error:
            raise InputError("a file", str(error), "damage", "copy it again") from error

    assert outcome(read, tmp_path).startswith("FOREIGN Hang")


def test_a_manifest_that_names_a_changed_shard_is_the_one_that_its_writer_would_write(
    made: Path, tmp_path: Path
) -> None:
    good = (made / "s" / MANIFEST).read_bytes()
    whole = read_manifest(made / "s")
    changed = replace(whole.shards["train"][0], bytes=99_999, sha256="ab" * 32)
    write_manifest(tmp_path, whole.with_shard(0, "train", changed))
    assert naming(good, 99_999, "ab" * 32) == (tmp_path / MANIFEST).read_bytes()
