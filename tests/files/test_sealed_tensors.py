"""Do tensors come back to the last bit, is every flipped byte noticed, and is no header believed beyond the file?"""

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from ris_pytorch_pipeline.files import read_tensors, write_tensors

TENSORS = {
    "f": torch.arange(12.0).reshape(4, 3), "d": torch.arange(4, dtype=torch.float64), "i": torch.tensor([1, 2, 3]),
    "b": torch.tensor([True, False]), "h": torch.arange(3, dtype=torch.bfloat16), "zero": torch.tensor(3.0),
    "empty": torch.zeros(0, 3), "transposed": torch.arange(6.0).reshape(2, 3).T,
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_tensors(tmp_path / "t", TENSORS, '{"seal": "a header may speak of seals"}')
    return tmp_path / "t"


def test_tensors_come_back_and_other_readers_understand_them(path: Path) -> None:
    theirs = load_file(path)
    with read_tensors(path) as file:
        assert set(file.names) == set(theirs) == set(TENSORS)
        for name, value in TENSORS.items():
            found = file.tensor(name)
            assert found.dtype == value.dtype and torch.equal(found, value) and torch.equal(theirs[name], value)
        assert file.metadata["header"] == '{"seal": "a header may speak of seals"}'
        assert torch.equal(file.tensor("f", slice(1, 3)), TENSORS["f"][1:3])
        assert file.tensor("f", slice(9, 12)).shape == (0, 3)
        with pytest.raises(ValueError, match="without axes"):
            file.tensor("zero", slice(0, 1))


def test_every_flipped_byte_is_noticed(path: Path, tmp_path: Path) -> None:
    good = path.read_bytes()
    for at in range(len(good)):
        changed = bytearray(good)
        changed[at] ^= 0x41 if at % 2 else 0x02
        (tmp_path / "changed").write_bytes(changed)
        with pytest.raises(ValueError), read_tensors(tmp_path / "changed"):
            pass


@pytest.mark.parametrize("kept", [0, 7, 8, 100, -1])
def test_a_file_cut_short_or_longer_is_refused(kept: int, path: Path) -> None:
    good = path.read_bytes()
    for content in (good[:kept], good + b"\0"):
        path.write_bytes(content)
        with pytest.raises(ValueError), read_tensors(path):
            pass


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(b"x" * 100, mtime=0), "gzip"), (b"PK\x03\x04" + bytes(60), "torch.save"),
        (b"<!DOCTYPE html>", "HTML"), (b'{"a": 1, "b": 2}', "JSON"), (b"another kind of file", "none of safetensors"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_called_by_its_name(content: bytes, words: str, path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words), read_tensors(path):
        pass


def file_of(header: Any, data: bytes = b"\0" * 8) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(kind: Any = "F32", shape: Any = (2,), place: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": kind, "shape": shape, "data_offsets": place}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (struct.pack("<Q", 2**63) + b"{}", "header of"), (file_of(b"[" * 100_000), "nesting"),
        (file_of([1]), "no table"),
        (file_of({"a": entry(shape=[2**40, 2**40])}), "in 8 bytes"),
        (file_of({"a": entry(place=[0, 16])}), "in 16 bytes"),
        (file_of({"a": entry(shape=[4], place=[0, 16])}), "cut short"),
        (file_of({"a": entry(shape=[-2])}), "shape or place"),
        (file_of({"a": entry(shape=[True, 2])}), "shape or place"), (file_of({"a": entry(kind="F8")}), "type F8"),
        (file_of({"a": entry(kind=3)}), "type 3"), (file_of({"a": entry(), "b": entry()}), "overlap"),
        (file_of({"a": 3}), "describes no tensor"), (file_of({"a": entry(shape=[1], place=[4, 8])}), "holes"),
        (file_of({"a": entry(), "__metadata__": {"header": 3}}), "texts by name"),
        (file_of({"a": entry(), "__metadata__": {"sael": "0"}}), "foreign key"),
        (file_of(b'{"a": {}, "a": {}}'), "twice"), (file_of(b"[" + b"[]," * 2**20 + b"[]]"), "millions"),
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_is_refused_before_anything_is_read(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(ValueError, match=words), read_tensors(tmp_path / "t"):
        pass


def test_a_file_of_another_writer_has_no_seal(tmp_path: Path) -> None:
    save_file({"x": torch.ones(2)}, tmp_path / "t", metadata={"header": "{}"})
    with read_tensors(tmp_path / "t") as file:
        assert file.seal is None and torch.equal(file.tensor("x"), torch.ones(2))
