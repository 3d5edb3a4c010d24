"""Are shards the same whoever writes them and in whatever order they come, and is nothing listed that is not there?"""

from pathlib import Path

import pytest
from backwards import Backwards
from small_shards import SMALL, contents, plan

from ris_pytorch_pipeline.data import open_shards, read_manifest, write_shards
from ris_pytorch_pipeline.data.sharded.manifest import write_manifest
from ris_pytorch_pipeline.errors import InfeasibleError, SceneFileError


def test_a_folder_that_is_gone_is_no_full_disk(tmp_path: Path) -> None:
    write_shards(tmp_path / "one", plan(SMALL))
    with pytest.raises(SceneFileError, match="cause: a folder that is gone"):
        write_manifest(tmp_path / "gone", read_manifest(tmp_path / "one"))


def test_shards_are_the_same_in_whatever_order_they_come(tmp_path: Path) -> None:
    one = write_shards(tmp_path / "one", plan(SMALL))
    other = write_shards(tmp_path / "other", plan(SMALL), None, Backwards())
    assert contents(tmp_path / "one") == contents(tmp_path / "other")
    assert (one.written, one.kept) == (other.written, other.kept) and one.written > 2


def test_nothing_is_listed_behind_a_failure_and_the_same_command_goes_on(tmp_path: Path) -> None:
    whole = write_shards(tmp_path / "whole", plan(SMALL))
    with pytest.raises(InfeasibleError, match="gone"):
        write_shards(tmp_path / "s", plan(SMALL), None, Backwards(fails=0))
    assert sum(map(len, open_shards(tmp_path / "s").manifest.shards.values())) == 0
    done = write_shards(tmp_path / "s", plan(SMALL), None, Backwards())
    assert contents(tmp_path / "s") == contents(tmp_path / "whole")
    assert done.kept == 0 and done.written == whole.written
    assert write_shards(tmp_path / "s", plan(SMALL)).kept == whole.written
