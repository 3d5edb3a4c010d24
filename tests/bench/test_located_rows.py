"""Do very many kept blocks become one file, in order, with few row groups?"""

from pathlib import Path

import pyarrow.parquet as pq

from ris_pytorch_pipeline.bench import read_located
from ris_pytorch_pipeline.bench.suites import located_rows
from ris_pytorch_pipeline.bench.suites.located_rows import Parts, Row, schema

EMPTY: Row = dict.fromkeys(schema().names)


def test_blocks_are_joined_in_order_into_groups_of_many_rows(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(located_rows, "_GROUP", 8)
    parts, scenes = Parts(tmp_path / "found.parquet"), iter(range(100))
    blocks = {f"block{number}": [next(scenes) for _ in range(rows)] for number, rows in enumerate((3, 3, 3, 1, 9, 4))}
    parts.folder.mkdir()
    for key, numbers in blocks.items():
        parts.keep(key, [EMPTY | {"file": "a", "scene": number} for number in numbers])
    assert parts.join(blocks) == (23, 23)
    file = pq.ParquetFile(parts.path)
    groups = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    assert groups == [9, 10, 4]
    assert read_located(parts.path).column("scene").to_pylist() == list(range(23))


def test_no_block_is_a_file_without_rows(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "found.parquet")
    assert parts.join(()) == (0, 0) and len(read_located(parts.path)) == 0


def test_tables_from_before_the_kinds_are_read(tmp_path: Path, monkeypatch) -> None:
    parts = Parts(tmp_path / "found.parquet")
    parts.folder.mkdir()
    now = schema()
    with monkeypatch.context() as before:
        before.setattr(located_rows, "schema", lambda: now.remove(now.get_field_index("symbols")))
        parts.keep("old", [EMPTY | {"file": "a", "scene": 0}])
    parts.keep("new", [EMPTY | {"file": "a", "scene": 1, "source": 0, "symbols": "pilot"}])
    assert parts.has("old") and parts.join(("old", "new")) == (2, 2)
    assert read_located(parts.path).column("symbols").to_pylist() == [None, "pilot"]
