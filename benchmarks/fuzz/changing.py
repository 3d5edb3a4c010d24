"""How is a good file changed? Its bytes, or one value of its structure, sealed anew to reach what lies behind."""

import io
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pyarrow as pa

from ris_pytorch_pipeline.bench.suites.sealed_table import table_bytes, table_of
from ris_pytorch_pipeline.files import SEAL, blank, sealed
from ris_pytorch_pipeline.search.kept.record import checksum_of
from ris_pytorch_pipeline.train.files.sums import AFTER, CHECKSUM, summed

Change = Callable[[bytes, random.Random], bytes]
HOSTILE: list[Any] = [
    None, True, -1, 0, 2**63, 10**400, 1e308, float("nan"), float("inf"), "", "\ud800", "../x", "a" * 5000, [], {},
    [[]], {"a": 1}, [1] * 100, -(10**30), 0.5, "1", "\0", ["x"], {"": {}}, "<script>", "/dev/zero",
    "{success:99999999999.3f}", "{success.__class__}", "{0}", "{", "{n!r:>9}",
]  # fmt: skip
_WORDS = [
    "", "nan", "inf", "-1", "0", "9" * 400, "1e999", "a" * 3000, "\ud800", "\0", "[", '"', ",", ";", "#", "1j", "=",
    "../x", "/dev/zero", "1e308", "-0", "\u0660", "[" * 3000, "{a=" * 300, "a.b.c.d",
    "a" + ".a" * 20_000,
]  # fmt: skip
_NUMBERS = [0, -1, 2**31, 2**62, 255, 2**63 - 1]
_REPEATED = [b"[", b'{"a":', b"9", b"\0", b"(", b" "]
_HEADERS = [
    b"(1000000000000,)", b"()", b"(-1, 4)", b"(0,)", b"(3, 4, 0)", b"'|O'", b"'<f2'", b"'<c16'", b"'|V8'", b"'<U9'",
    b"True", b"[('a', '<f8')]", b"(" * 60, b"1" * 200, b"'" * 3, b"'>f8'", b"'|b1'", b"'<M8[s]'",
]  # fmt: skip


def changed_bytes(content: bytes, draw: random.Random) -> bytes:
    """A file with up to four changes of its bytes, most of them near its beginning, where headers are."""
    text = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        far = draw.random() < 0.4
        at = draw.randrange(len(text) or 1) if far else min(int(draw.expovariate(1 / 300)), len(text))
        kind = draw.randrange(7)
        if kind < 2 and at < len(text):
            text[at] ^= 1 << draw.randrange(8)
        elif kind == 2:
            text[at:at] = draw.randbytes(draw.randint(1, 8))
        elif kind == 3:
            del text[at : at + draw.randint(1, 16)]
        elif kind == 4:
            text[at : at + 8] = struct.pack(draw.choice(["<q", ">q"]), draw.choice(_NUMBERS))
        elif kind == 5:
            del text[at:]
        else:
            text[at:at] = draw.choice(_REPEATED) * (100_000 if draw.random() < 0.02 else draw.choice([3, 40, 400]))
    return bytes(text)


def changed_value(value: Any, draw: random.Random) -> Any:  # noqa: ANN401
    """A document with one of its values, somewhere, replaced, lost or doubled."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        key = draw.choice(list(value))
        kind = draw.random()
        if kind < 0.1:
            return {name: inner for name, inner in value.items() if name != key}
        if kind < 0.2:
            return value | {draw.choice(["x", "", "\ud800", key + "x"]): value[key]}
        return value | {key: changed_value(value[key], draw)}
    if isinstance(value, list) and value and draw.random() < 0.7:
        at = draw.randrange(len(value))
        if draw.random() < 0.1:
            return value[:at] + value[at + 1 :]
        return [*value[:at], changed_value(value[at], draw), *value[at + 1 :]]
    if isinstance(value, str) and value[:1] == "{" and draw.random() < 0.8:
        return spelled(changed_value(json.loads(value), draw))
    return draw.choice(HOSTILE)


def spelled(value: Any) -> str:  # noqa: ANN401
    """JSON as our writers spell it."""
    return json.dumps(value, separators=(",", ":"))


@lru_cache(maxsize=4)
def _parts(content: bytes) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Table, header and tensors of a file of tensors."""
    length = struct.unpack("<Q", content[:8])[0]
    table = json.loads(content[8 : 8 + length])
    return table, json.loads(table["__metadata__"]["header"]), content[8 + length :]


def changed_tensors(content: bytes, draw: random.Random) -> bytes:
    """A file of tensors with its table, its header or its numbers changed, and perhaps sealed anew."""
    table, header, rest = _parts(content)
    own, chance = table["__metadata__"], draw.random()
    if chance < 0.5:
        table = table | {"__metadata__": own | {"header": spelled(changed_value(header, draw))}}
    elif chance < 0.8:
        name = draw.choice([name for name in table if name != "__metadata__"])
        table = table | {name: _retyped(table[name], draw)}
    elif chance < 0.9:
        table = changed_value(table, draw)
    if chance > 0.9 or draw.random() < 0.3:
        rest = _other_numbers(rest, draw)
    return _sealed_file(table, rest, again=draw.random() < 0.9)


def _retyped(entry: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    each = {"F16": 2, "BF16": 2, "I64": 8, "BOOL": 1, "U8": 1, "F32": 4, "F64": 8}
    kind = draw.choice([*each])
    count = (entry["data_offsets"][1] - entry["data_offsets"][0]) // each[kind]
    shape = draw.choice([[count], [1, count], [count, 1, 1], [], [count, 0]])
    return entry | {"dtype": kind, "shape": entry["shape"] if draw.random() < 0.3 else shape}


def _other_numbers(rest: bytes, draw: random.Random) -> bytes:
    """Tensors with some numbers that no measurement has."""
    text = bytearray(rest)
    for _ in range(draw.randint(1, 20)):
        at = draw.randrange(max(1, len(text) // 4)) * 4
        number = draw.choice([float("nan"), float("inf"), 0.0, 1e38, -1e38, 1e-40])
        text[at : at + 4] = struct.pack("<f", number) if draw.random() < 0.7 else draw.randbytes(4)
    return bytes(text[: len(rest)])


def _sealed_file(table: Any, rest: bytes, *, again: bool) -> bytes:  # noqa: ANN401
    """A file of this table, sealed anew or with the old seal."""
    if again and isinstance(table, dict) and isinstance(table.get("__metadata__"), dict):
        table = table | {"__metadata__": table["__metadata__"] | {SEAL: blank()}}
    text = spelled(table).encode("utf-8", "surrogatepass")
    head = struct.pack("<Q", len(text)) + text
    return (sealed(head, [rest]) if again else head) + rest


def sealed_anew(content: bytes) -> bytes:
    """A changed file with a digest that fits, where it still has the place of one."""
    at = content.find(f'"{SEAL}":"'.encode())
    if at < 0:
        return content
    begin = at + len(SEAL) + 4
    return sealed(content[:begin] + blank().encode() + content[begin + len(blank()) :])


def changed_and_sealed(content: bytes, draw: random.Random) -> bytes:
    """Changed bytes with a digest that fits."""
    return sealed_anew(changed_bytes(content, draw))


def changed_document(content: bytes, draw: random.Random) -> bytes:
    """A JSON document with one value changed, and perhaps sealed anew."""
    values = changed_value(_loaded(content), draw)
    if isinstance(values, dict) and SEAL in values and draw.random() < 0.9:
        return sealed(spelled(values | {SEAL: blank()}).encode("utf-8", "surrogatepass"))
    return spelled(values).encode("utf-8", "surrogatepass")


@lru_cache(maxsize=64)
def _loaded(content: bytes) -> Any:  # noqa: ANN401
    return json.loads(content)


def changed_lines(content: bytes, draw: random.Random) -> bytes:
    """A ledger with one value of one record changed; mostly sealed anew, with the lines behind it."""
    lines = content.splitlines()
    at = draw.randrange(len(lines))
    record = json.loads(lines[at])
    del record[CHECKSUM], record[AFTER]
    lines[at] = json.dumps(changed_value(record, draw)).encode()
    return follow(lines, at) if lines[at].endswith(b"}") and draw.random() < 0.8 else b"\n".join(lines) + b"\n"


def follow(lines: list[bytes], begin: int) -> bytes:
    """A ledger whose lines from a number on are sealed anew, each behind the one before it."""
    found = lines[:begin]
    for line in lines[begin:]:
        text = re.sub(rb', "after": "[0-9a-f]{8}", "crc": "[0-9a-f]{8}"}\Z', b"}", line).decode()
        found.append(summed(text, found[-1] if found else b"").encode())
    return b"\n".join(found) + b"\n"


def changed_journal(content: bytes, draw: random.Random) -> bytes:
    """A journal with one value of one record changed, its checksum anew, and those of the lines behind it."""
    lines = content.splitlines(keepends=True)
    at = draw.randrange(len(lines))
    found = lines[:at]
    for number, line in enumerate(lines[at:]):
        record = {name: value for name, value in _loaded(line).items() if name not in (CHECKSUM, AFTER)}
        log = record if number else changed_value(record, draw)
        if isinstance(log, dict):
            log = log | {AFTER: checksum_of(found[-1] if found else b"")}
            told = zlib.crc32(json.dumps(log if number else json.loads(json.dumps(log)), sort_keys=True).encode())
            log = log | {CHECKSUM: f"{told:08x}"}
        found.append((spelled(log) + "\n").encode("utf-8", "surrogatepass"))
    return b"".join(found)


def changed_toml(content: bytes, draw: random.Random) -> bytes:
    """A configuration with one value, one key or one line changed."""
    lines = content.decode().splitlines()
    at = draw.choice([number for number, line in enumerate(lines) if "=" in line])
    key, _, value = lines[at].partition("=")
    chance = draw.random()
    if chance < 0.6:
        lines[at] = f"{key}= {_as_toml(draw.choice(HOSTILE))}"
    elif chance < 0.7:
        lines[at] = f"{draw.choice(_WORDS) or 'x'} ={value}"
    elif chance < 0.8:
        lines.insert(draw.randrange(len(lines)), lines[at])
    elif chance < 0.9:
        del lines[draw.randrange(len(lines))]
    else:
        lines[at] = f"{key}={value.replace(draw.choice('0123456789[]{}'), draw.choice(_WORDS), 1)}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _as_toml(value: Any) -> str:  # noqa: ANN401
    """A value as TOML has it, or nearly."""
    return json.dumps(value) if not isinstance(value, dict) else "{a = 1}"


def changed_cells(content: bytes, draw: random.Random) -> bytes:
    """A text of numbers with some of them replaced, and lines lost or doubled."""
    lines = content.decode("utf-8").splitlines()
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(lines))
        cells = lines[at].split(mark := "," if "," in lines[at] else " ")
        cells[draw.randrange(len(cells))] = draw.choice(_WORDS)
        kind = draw.randrange(4)
        lines[at : at + (kind > 0)] = [mark.join(cells)] * (2 if kind == 3 else 1)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def changed_numpy(content: bytes, draw: random.Random) -> bytes:
    """A .npy whose header says something else."""
    length = struct.unpack("<H", content[8:10])[0]
    head, rest = content[10 : 10 + length], content[10 + length :]
    keys = (b"'descr': ", b"'fortran_order': ", b"'shape': ")
    key = draw.choice([key for key in keys if key in head] or [b"{"])
    at = head.find(key) + len(key)
    end = head.find(b", '", at) if b", '" in head[at:] else head.rfind(b"}")
    head = head[:at] + draw.choice(_HEADERS) + b", " * (head[end : end + 1] != b",") + head[end:]
    return content[:8] + struct.pack("<H", len(head) & 0xFFFF) + head + rest


def changed_archive(content: bytes, draw: random.Random) -> bytes:
    """A .npz with a member whose header says something else, or with another name."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(kept, "w") as new:
        for member in old.infolist():
            inside = old.read(member)
            change = draw.choice([changed_numpy, changed_bytes, lambda same, _: same])
            name = draw.choice(["x", "../Y.npy", "Y", "/Y.npy"]) if draw.random() < 0.1 else member.filename
            new.writestr(name, change(inside, draw), member.compress_type)
    return kept.getvalue()


def changed_inflated(content: bytes, draw: random.Random) -> bytes:
    """A .mat with one of its compressed elements changed inside."""
    if draw.random() < 0.3:
        return changed_bytes(content, draw)
    kept, place = [content[:128]], 128
    while place + 8 <= len(content):
        size = struct.unpack_from("<I", content, place + 4)[0]
        inside = zlib.decompress(content[place + 8 : place + 8 + size])
        packed = zlib.compress(changed_bytes(inside, draw) if draw.random() < 0.7 else inside)
        kept.append(struct.pack("<II", 15, len(packed)) + packed)
        place += 8 + size
    return b"".join(kept)


def changed_cells_table(content: bytes, draw: random.Random) -> bytes:
    """Results with one value of a row, or of the suite, changed, sealed as their writer does."""
    rows, schema, suite = _rows_of(content)
    row = dict(rows[0])
    name = draw.choice([*row])
    if isinstance(row[name], str):
        row[name] = draw.choice([*_WORDS, '{"a": 1}', '{"snr_db": [1]}', "[1]", "{" * 2000, '{"snr_db": {}}'])
    elif isinstance(row[name], (int, float)) and not isinstance(row[name], bool):
        row[name] = type(row[name])(draw.choice([0, -1, 2**40, 1, 10**9]))
    else:
        row[name] = draw.choice([None, [], True])
    if draw.random() < 0.3:
        suite = changed_value(suite, draw)
    meta = {b"suite": spelled(suite).encode("utf-8", "surrogatepass")}
    try:
        return table_bytes(pa.Table.from_pylist([row, *rows[1:]], schema=schema.with_metadata(meta)))
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return content


@lru_cache(maxsize=1)
def _rows_of(content: bytes) -> tuple[list[dict[str, Any]], pa.Schema, Any]:
    table = table_of(content)
    return table.to_pylist(), table.schema, json.loads((table.schema.metadata or {})[b"suite"])
