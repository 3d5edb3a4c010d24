"""Are values the same on any number of workers, and does a worker that dies cost its task alone?"""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed")

import dask.config
from dask.utils import parse_timedelta
from doing import always_deadly, deadly, endless, hanging, nothing, ready_at_the_second_time, refused, squared

from ris_pytorch_pipeline import __version__
from ris_pytorch_pipeline.errors import ConfigurationError, InfeasibleError
from ris_pytorch_pipeline.tasks import cluster as of_cluster
from ris_pytorch_pipeline.tasks import hanging as hanging_tasks
from ris_pytorch_pipeline.tasks import overdue
from ris_pytorch_pipeline.tasks.cluster import AHEAD, Cluster, Setup, connected

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def cluster(quick_workers: None) -> Iterator[Cluster]:
    with connected("2", nothing) as found:
        yield found


def test_values_are_those_of_one_process(cluster: Cluster) -> None:
    done = list(cluster.carry_out(squared, range(30)))
    assert sorted(each.number for each in done) == list(range(30))
    assert all(each.value == each.number**2 for each in done)


def test_no_more_tasks_are_taken_than_are_worked_on(cluster: Cluster) -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(10**12):
            taken.append(number)
            yield number

    results = cluster.carry_out(squared, tasks())
    for count in range(1, 6):
        next(results)
        assert len(taken) < count + AHEAD * cluster.threads + 1
    results.close()  # type: ignore[attr-defined]


def test_a_task_that_fails_fails_alone(cluster: Cluster) -> None:
    done = {each.number: each for each in cluster.carry_out(refused, range(6))}
    assert [done[number].outcome for number in range(6)] == [0, 1, None, 3, 4, 5]
    assert "two is refused" in str(done[2].error)


def test_a_task_that_hangs_is_told_of_and_fails_alone(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"STILL": 0.5, "FIRST_WORD": 0.0}.items():
        monkeypatch.setattr(hanging_tasks, name, seconds)
    monkeypatch.setattr(overdue, "EVERY", 0.2)
    said: list[str] = []
    done = {each.number: each for each in replace(cluster, say=said.append).carry_out(hanging, range(4))}
    assert sorted(done) == [0, 1, 2, 3] and [number for number in done if done[number].error] == [1]
    assert "task 1 on tcp://" in str(done[1].error) and "without any work, at" in str(done[1].error)
    assert any("no progress for" in line and "(wait)" in line for line in said), said


def test_a_task_that_works_without_an_end_ends_at_the_limit_alone(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overdue, "EVERY", 0.2)
    done = {each.number: each for each in replace(cluster, limit=1.0).carry_out(endless, range(4))}
    assert [number for number in sorted(done) if done[number].error] == [1]
    assert "--task-limit of 1 s passed" in str(done[1].error) and "(endless)" in str(done[1].error)


def test_a_worker_that_dies_costs_its_task_alone(cluster: Cluster, tmp_path: Path) -> None:
    handed_out = AHEAD * cluster.threads  # at a time; one that ended just before loses the value it still held
    done = list(cluster.carry_out(deadly, [(number, str(tmp_path)) for number in range(12)]))
    assert sorted(each.value for each in done) == list(range(12))
    again = [path.name for path in tmp_path.iterdir() if path.stat().st_size > 1]
    assert "3" in again and len(again) <= handed_out


def test_a_task_that_kills_every_worker_fails_alone_and_its_neighbours_come_through(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, suspected = of_cluster._killed, list[str]()

    def suspect(future: Any) -> bool:  # as if each had been beside the one that kills, four times
        suspected.append(future.key)
        return killed(future) or future.status == "finished"

    monkeypatch.setattr(of_cluster, "_killed", suspect)
    done = {each.number: each for each in cluster.carry_out(always_deadly, range(4))}
    assert "KilledWorker" in str(done[1].error)
    assert [done[number].value for number in (0, 2, 3)] == [0, 2, 3]
    assert len(suspected) == 4


def test_a_worker_that_dies_while_it_is_made_ready_is_followed_by_another(tmp_path: Path) -> None:
    default = {"distributed.worker.multiprocessing-method": "spawn"}  # as for users
    with dask.config.set(default), connected("1", partial(ready_at_the_second_time, str(tmp_path))) as made:
        assert [each.value for each in made.carry_out(squared, [3])] == [9]


def test_workers_that_all_end_are_not_waited_for() -> None:
    with connected("1", nothing) as made:
        workers: Any = made.client.cluster
        workers.scale(0)
        while made.threads:
            time.sleep(0.05)
        with pytest.raises(InfeasibleError, match="workers that do tasks; got none"):
            list(replace(made, patience=0.0).carry_out(squared, [1]))


def test_dask_does_not_end_a_worker_that_is_slow_to_come_back(cluster: Cluster) -> None:
    assert parse_timedelta(dask.config.get("distributed.deploy.lost-worker-timeout")) > cluster.patience


@pytest.mark.parametrize("where", ["0", "two", "", "2000"])
def test_what_is_no_cluster_is_refused(where: str) -> None:
    with pytest.raises(ConfigurationError, match="--cluster N"), connected(where, nothing):
        pass


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ris_pytorch_pipeline.tasks.cluster._PATIENCE", 2.0)
    with pytest.raises(InfeasibleError, match=r"tcp://127\.0\.0\.1:9"), connected("tcp://127.0.0.1:9", nothing):
        pass


def test_another_version_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="version 0"):
        Setup(nothing, "0").setup(None)
    Setup(nothing, __version__).setup(None)
