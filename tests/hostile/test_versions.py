"""Is a file of a later version refused by a message that names its version, for every format that we write?"""

import re
import struct
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from changing import follow, sealed_anew
from readers import READERS
from trainlint.errors import ExplainedError

from ris_pytorch_pipeline.bench import read_located
from ris_pytorch_pipeline.bench.suites.located_rows import Parts
from ris_pytorch_pipeline.bench.suites.sealed_table import table_bytes, table_of
from ris_pytorch_pipeline.errors import InputError

LATER = 98


def of_tensors(content: bytes) -> bytes:
    size = struct.unpack("<Q", content[:8])[0]
    head = re.sub(rb'(\\"version\\": ?)\d+', rb"\g<1>%d" % LATER, content[8 : 8 + size])
    return sealed_anew(struct.pack("<Q", len(head)) + head + content[8 + size :])


def of_json(content: bytes) -> bytes:
    return sealed_anew(re.sub(rb'("version": ?)\d+', rb"\g<1>%d" % LATER, content, count=1))


def of_lines(content: bytes) -> bytes:
    lines = content.splitlines()
    lines[0] = lines[0].replace(b'"format": 2', b'"format": %d' % LATER)
    return follow(lines, 0)


def of_table(content: bytes) -> bytes:
    table = table_of(content, unsealed=True)
    held = {**(table.schema.metadata or {}), b"version": str(LATER).encode()}
    held.pop(b"seal", None)
    return table_bytes(pa.Table.from_pylist(table.to_pylist(), schema=table.schema.with_metadata(held)))


FORMATS: dict[str, Callable[[bytes], bytes]] = {
    "scene": of_tensors, "calibration": of_tensors, "checkpoint": of_tensors, "network": of_tensors,
    "manifest": of_json, "evaluation": of_json, "results of a search": of_json, "ledger": of_lines, "cells": of_table,
    "located": of_table,
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_a_later_version_is_named(name: str, made: Path) -> None:
    path = made / READERS[name].file
    good = path.read_bytes()
    later = FORMATS[name](good)
    assert later != good
    path.write_bytes(later)
    try:
        with pytest.raises(ExplainedError, match=str(LATER)):
            READERS[name].read(path)
    finally:
        path.write_bytes(good)


def test_a_block_of_a_later_version_is_made_anew(made: Path) -> None:
    folder = made / "blocks.parquet.parts"
    parts, place = Parts(folder.with_suffix("")), folder / "later.parquet"
    place.write_bytes(of_table((folder / "block.parquet").read_bytes()))
    assert parts.has("block") and not parts.has("later")
    with pytest.raises(InputError, match=f"blocks that are whole.*{LATER}"):
        parts.join(["block", "later"])
    place.unlink()
    assert not parts.path.exists()


def test_a_sealed_table_of_other_columns_is_no_table_of_sources(made: Path) -> None:
    with pytest.raises(InputError, match="other columns"):
        read_located(made / "kept" / "cells.parquet")


def test_the_present_version_is_in_the_file(made: Path) -> None:
    assert read_located(made / "located.parquet").schema.metadata[b"version"] == b"1"
