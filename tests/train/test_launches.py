"""Do the processes of one start meet, and no others, and is only a run of the same launch gone on with?"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from torch.distributed import HashStore  # pyright: ignore[reportPrivateImportUsage]

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.train import Processes, is_of_launch, launch_of, processes_of
from ris_pytorch_pipeline.train.processes.meeting import meet

SOON = timedelta(seconds=30)
LAUNCHED = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "MASTER_ADDR": "h", "MASTER_PORT": "1"}


def start(store: HashStore, world: int) -> set[str]:
    """Names under which the processes of a start meet."""
    with ThreadPoolExecutor(world) as pool:
        return set(pool.map(lambda rank: meet(store, rank, world, SOON), reversed(range(world))))


def test_each_start_meets_under_a_name_of_its_own() -> None:
    store = HashStore()
    assert [start(store, 3), start(store, 3), start(store, 2)] == [{"start/1"}, {"start/2"}, {"start/3"}]


def test_who_asked_and_died_is_not_waited_for_and_confuses_nobody() -> None:
    store = HashStore()
    store.add("asked", 1)  # a process that asked before process 0 came, and was killed
    with pytest.raises(RuntimeError, match="no process 1, 2"):
        meet(store, 0, 3, timedelta())  # process 0 of that start, which gives up
    assert start(store, 3) == {"start/2"}


def test_only_a_run_of_the_same_launch_is_gone_on_with(world, tmp_path: Path) -> None:
    mine = {**LAUNCHED, "TORCHELASTIC_RUN_ID": "mine", "TORCHELASTIC_RESTART_COUNT": "1"}
    assert not is_of_launch(tmp_path / "none", "mine")
    world.trainer(directory=tmp_path, processes=processes_of(mine, "cpu")).fit(epochs=1)
    assert is_of_launch(tmp_path, launch_of(mine))
    assert not is_of_launch(tmp_path, launch_of({**mine, "TORCHELASTIC_RUN_ID": "another"}))
    assert not is_of_launch(tmp_path, launch_of({**mine, "TORCHELASTIC_RUN_ID": "none"}))


def test_a_run_that_no_launcher_started_is_of_no_launch(world, tmp_path: Path) -> None:
    left = {"TORCHELASTIC_RUN_ID": "left", "TORCHELASTIC_RESTART_COUNT": "x"}
    assert processes_of(left, "cpu") == Processes()
    world.trainer(directory=tmp_path).fit(epochs=1)
    assert not is_of_launch(tmp_path, "") and not is_of_launch(tmp_path, launch_of(left))


def test_a_port_that_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="first four as numbers; got '0', '1', '0', 'http'"):
        processes_of({**LAUNCHED, "MASTER_PORT": "http"}, "cpu")
