"""TensorBoard's event files are read without it: by the format, and as its own writer writes them."""

import struct
from pathlib import Path

import pytest

from trainlint import InputError, diagnose_path
from trainlint.after.reading.documents import is_event_file, scalars


def field(number: int, wire: int, content: bytes) -> bytes:
    length = bytes([len(content)]) if wire == 2 else b""
    return bytes([number << 3 | wire]) + length + content


def scalar(tag: str, step: int, value: float, *, tensor: bool = False) -> bytes:
    number = field(2, 5, struct.pack("<f", value))
    if tensor:
        number = field(8, 2, field(1, 0, b"\x01") + field(5, 2, struct.pack("<f", value)))
    inner = field(1, 2, tag.encode()) + number
    return field(1, 1, struct.pack("<d", 0.0)) + field(2, 0, varint(step)) + field(5, 2, field(1, 2, inner))


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def record(payload: bytes) -> bytes:
    return struct.pack("<QI", len(payload), 0) + payload + bytes(4)


def file(folder: Path, *payloads: bytes) -> Path:
    path = folder / "events.out.tfevents.1"
    path.write_bytes(b"".join(map(record, (field(3, 2, b"brain.Event:2"), *payloads))))
    return path


@pytest.mark.parametrize("tensor", [False, True])
def test_scalars_are_read_from_the_bytes(tmp_path, tensor: bool):
    path = file(tmp_path, *(scalar("train/loss", 100 * s, 0.5 + s, tensor=tensor) for s in range(5)))
    assert list(scalars(path)) == [("train/loss", 100 * s, 0.5 + s) for s in range(5)]


def test_a_record_cut_short_by_a_kill_ends_the_file(tmp_path):
    path = file(tmp_path, *(scalar("loss", s, 1.0) for s in range(5)))
    path.write_bytes(path.read_bytes()[:-9])
    assert len(list(scalars(path))) == 4


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, struct.pack("<QI", 4, 0) + b"\xff\xff\xff\xff" + bytes(4)])
def test_a_broken_event_file_is_refused(tmp_path, content: bytes):
    path = tmp_path / "events.out.tfevents.2"
    path.write_bytes(content)
    with pytest.raises(InputError, match="event file"):
        diagnose_path(path)


def test_an_event_file_is_judged_like_a_log(tmp_path):
    nan = float("nan")
    payloads = [
        scalar(tag, s, v) for s in range(20) for tag, v in (("train/loss", 2 - s / 20 if s < 12 else nan), ("lr", 1e-3))
    ]
    verdict = diagnose_path(file(tmp_path, *payloads))
    assert verdict.codes == ("RT201",)
    assert "step 12" in verdict.findings[0].evidence
    assert diagnose_path(tmp_path).codes == ("RT201",)


def test_what_the_usual_writer_writes_is_read(tmp_path):
    tensorboard = pytest.importorskip("torch.utils.tensorboard")
    with tensorboard.SummaryWriter(str(tmp_path)) as writer:
        for step in range(12):
            writer.add_scalar("Loss/train", 1.0 / (1 + step), step)
            writer.add_scalar("Loss/val", 1.1 / (1 + step), step)
    path = next(tmp_path.iterdir())
    assert is_event_file(path)
    assert [s for tag, s, _ in scalars(path) if tag == "Loss/val"] == list(range(12))
    assert diagnose_path(path).healthy
