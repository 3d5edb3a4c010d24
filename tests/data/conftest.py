"""What the tests of shards share: a folder of four small shards."""

from pathlib import Path

import pytest
from small_shards import plan

from ris_pytorch_pipeline.data import Shards, open_shards, write_shards


@pytest.fixture
def shards(tmp_path: Path) -> Shards:
    write_shards(tmp_path / "shards", plan())
    return open_shards(tmp_path / "shards")
