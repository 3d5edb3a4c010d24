"""Which files does `trainlint` read beside plain logs? Packed ones, event files, states of trainers, its own."""

import bz2
import gzip
import json
import lzma
import random
import struct
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from changing import Change, changed_bytes, changed_cells, changed_document, changed_lines, changed_toml
from reader import Reader
from trainlint.output import read_known
from trainlint.settings import settings_for

from trainlint import diagnose_path

PACKS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gz": (lambda text: gzip.compress(text, mtime=0), gzip.decompress),
    "bz2": (bz2.compress, bz2.decompress),
    "xz": (lzma.compress, lzma.decompress),
}
"""How a log is packed, and unpacked."""
SETTINGS = (
    "[project]\nname = 'mine'\n"
    "[tool.trainlint]\nselect = ['RT1', 'RT6']\nignore = ['RT653']\n"
    "[tool.trainlint.tolerate]\nRT105 = 'the schedule is per batch'\n"
    "[tool.trainlint.per-file-ignores]\n'tests/*' = ['RT1']\n"
)
_FRAME = struct.Struct("<QI")
_VARINTS = (b"\xff" * 10, b"\xff" * 9 + b"\x01", b"\x80" * 40, b"\x00", b"\xff\xff\xff\xff\x0f")


def make_watched(folder: Path) -> None:
    """Write a small file of each kind, but the ledger."""
    draw = random.Random(0)
    told = (f"epoch {n} | loss {1 / n + draw.random():.6f} | val_loss {draw.random():.6f}\n" for n in range(1, 201))
    text = "".join(told).encode()  # longer than the 8 kB by which a log's kind is told
    for end, (pack, _) in PACKS.items():
        (folder / f"train.log.{end}").write_bytes(pack(text))
    values = [(n, tag, 1 / (n + 1)) for n in range(8) for tag in ("train/loss", "val/loss")]
    (folder / "events.out.tfevents.1").write_bytes(joined([_event(3, b"brain.Event:2"), *map(_scalar, values)]))
    steps = [{"epoch": n / 4, "step": n, "loss": 1 / n, "learning_rate": 1e-3} for n in range(1, 9)]
    kept = [{"epoch": 1.0, "step": 4, "eval_loss": 0.5}, {"epoch": 2.0, "step": 8, "eval_loss": 0.4}]
    state = {"epoch": 2.0, "global_step": 8, "max_steps": 8, "num_train_epochs": 2, "log_history": [*steps, *kept]}
    (folder / "trainer_state.json").write_text(json.dumps(state))
    rows = [{"code": f"RT10{n}", "file": "a.py", "line_hash": f"{n:016x}", "count": n} for n in range(1, 4)]
    (folder / "baseline.json").write_text(json.dumps({"format": "trainlint baseline 1", "known": rows}))
    (folder / "project").mkdir()
    (folder / "project" / "pyproject.toml").write_text(SETTINGS)


def _event(field: int, content: bytes) -> bytes:
    """A field of bytes, as protocol buffers have it."""
    return bytes([field << 3 | 2, len(content)]) + content


def _scalar(told: tuple[int, str, float]) -> bytes:
    step, tag, value = told
    inner = _event(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
    return b"\x09" + struct.pack("<d", 0.0) + bytes([2 << 3, step]) + _event(5, _event(1, inner))


def joined(payloads: list[bytes]) -> bytes:
    """An event file of these records, their checksums zero: a reader of scalars compares none."""
    return b"".join(_FRAME.pack(len(payload), 0) + payload + bytes(4) for payload in payloads)


def _payloads(content: bytes) -> list[bytes]:
    """The records of a whole event file."""
    found, at = list[bytes](), 0
    while at < len(content):
        size = _FRAME.unpack_from(content, at)[0]
        found.append(content[at + _FRAME.size : at + _FRAME.size + size])
        at += _FRAME.size + size + 4
    return found


def changed_events(content: bytes, draw: random.Random) -> bytes:
    """An event file with some of its records changed inside, lost or doubled, each in a frame that fits."""
    records = _payloads(content)
    for _ in range(draw.randint(1, 3)):
        at, kind = draw.randrange(len(records)), draw.randrange(5)
        if kind == 0:
            records.insert(at, records[at])
        elif kind == 1 and len(records) > 1:
            del records[at]
        elif kind == 2:
            place = draw.randrange(len(records[at]) + 1)
            records[at] = records[at][:place] + draw.choice(_VARINTS) + records[at][place + draw.randint(0, 9) :]
        else:
            text = bytearray(records[at] or b"\0")
            text[draw.randrange(len(text))] = draw.randrange(256)
            records[at] = bytes(text)
    return joined(records)


def changed_inside(end: str) -> Change:
    """What changes a packed log: its text, or bytes anywhere in the packed file, or its end."""
    pack, unpack = PACKS[end][0], lru_cache(maxsize=1)(PACKS[end][1])

    def change(content: bytes, draw: random.Random) -> bytes:
        kind = draw.randrange(4)
        if kind == 0:
            return content[: draw.randrange(len(content))]
        if kind == 1:
            text = bytearray(content)
            for _ in range(draw.randint(1, 4)):
                text[draw.randrange(len(text))] ^= 1 << draw.randrange(8)
            return bytes(text)
        inside = unpack(content)
        return pack(changed_cells(inside, draw) if kind == 2 else changed_bytes(inside, draw))

    return change


WATCHED = (
    *(
        Reader(name=f"packed log {end}", file=f"train.log.{end}", read=diagnose_path, change=changed_inside(end))
        for end in PACKS
    ),
    Reader(name="diagnosed ledger", file="run/ledger.jsonl", read=diagnose_path, change=changed_lines),
    Reader(name="event file", file="events.out.tfevents.1", read=diagnose_path, change=changed_events),
    Reader(name="state of a trainer", file="trainer_state.json", read=diagnose_path, change=changed_document),
    Reader(name="baseline", file="baseline.json", read=read_known, change=changed_document),
    Reader(
        name="settings", file="project/pyproject.toml", read=lambda path: settings_for(path.parent), change=changed_toml
    ),
)
"""Their readers."""
