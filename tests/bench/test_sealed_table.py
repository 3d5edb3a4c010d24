"""Is a changed byte of a table noticed, wherever it is?"""

import random

import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from ris_pytorch_pipeline.bench.suites.sealed_table import DAMAGED, table_bytes, table_of  # noqa: E402

TABLE = pa.table(
    {"name": [f"row {number % 7}" for number in range(200)], "value": [0.1 * number for number in range(200)]}
).replace_schema_metadata({"suite": '{"seed": 7, "scenes": 100}'})


def test_a_table_comes_back_with_its_metadata() -> None:
    back = table_of(table_bytes(TABLE))
    assert back.equals(TABLE) and back.schema.metadata[b"suite"] == b'{"seed": 7, "scenes": 100}'
    assert table_bytes(TABLE) == table_bytes(TABLE)


def test_a_flipped_bit_anywhere_is_noticed() -> None:
    whole, draw = table_bytes(TABLE), random.Random(0)
    for place in draw.sample(range(len(whole)), min(len(whole), 1500)):
        changed = bytearray(whole)
        changed[place] ^= 1 << draw.randrange(8)
        with pytest.raises(DAMAGED):
            table_of(bytes(changed))


def test_a_table_of_another_program_is_read_where_that_is_allowed() -> None:
    kept = pa.BufferOutputStream()
    pq.write_table(TABLE, kept)
    with pytest.raises(ValueError, match="no digest"):
        table_of(kept.getvalue().to_pybytes())
    assert table_of(kept.getvalue().to_pybytes(), unsealed=True).equals(TABLE)


def test_two_columns_of_one_name_are_refused() -> None:
    twice = pa.table([pa.array([1]), pa.array([2])], names=["value", "value"])
    with pytest.raises(ValueError, match="two columns of one name"):
        table_of(table_bytes(twice))
