"""Is nothing lost but the running trials, whichever worker is killed; and is no recipe trained twice?"""

import os
import random
import signal
import time
from pathlib import Path

import pytest
from crew import LONGEST, check_complete, finished, notes, workers
from nursery import Nursery
from searching import begun

from ris_pytorch_pipeline.search import Settings, Studies, joined_studies, open_storage, results_of, space_from_plain


def again(folder: Path) -> Studies:
    """The search as a new process finds it."""
    return joined_studies(open_storage(folder), "stub")


def wait_until_begun(folder: Path, count: int) -> None:
    """Until so many trainings have been begun."""
    end = time.monotonic() + LONGEST
    while len(notes(folder, "begin")) < count:
        assert time.monotonic() < end, "no worker works"
        time.sleep(0.05)


def test_two_workers_never_repeat_a_trial(tmp_path: Path, nursery: Nursery) -> None:
    widths = {"width": {"choices": [8, 16, 24, 32]}, "passes": {"low": 1, "high": 4}}
    begun(tmp_path, Settings(space=space_from_plain({"net": widths})))  # 16 recipes for 12 trials: draws often coincide
    with workers(nursery, 2, tmp_path, together=True) as crew:
        assert [process.wait(LONGEST) for process in crew] == [0, 0]
    check_complete(again(tmp_path), tmp_path, killed=0)
    short = [row.outcome for row in results_of(again(tmp_path), complete=True).rows if row.stage == "short"]
    assert len([outcome for outcome in short if outcome and outcome.kind != "same"]) == 12  # and none beyond the plan
    assert len(list((tmp_path / "notes").iterdir())) == 2  # both had a share


def test_the_other_worker_takes_over_from_one_that_is_killed(tmp_path: Path, nursery: Nursery) -> None:
    begun(tmp_path)
    with workers(nursery, 2, tmp_path, seconds=0.1) as (first, second):
        wait_until_begun(tmp_path, 4)
        os.kill(first.pid, signal.SIGKILL)
        assert second.wait(LONGEST) == 0
    check_complete(again(tmp_path), tmp_path, killed=1)


def test_all_are_killed_and_the_search_goes_on(tmp_path: Path, nursery: Nursery) -> None:
    begun(tmp_path)
    with workers(nursery, 2, tmp_path, seconds=0.1) as crew:
        wait_until_begun(tmp_path, 6)
        for process in crew:
            os.kill(process.pid, signal.SIGKILL)
    with (tmp_path / "journal.jsonl").open("ab") as torn:
        torn.write(b'{"op_code":7,"worker')
    before = finished(again(tmp_path))
    assert len(before) >= 3
    with workers(nursery, 1, tmp_path) as (worker,):
        assert worker.wait(LONGEST) == 0
    check_complete(again(tmp_path), tmp_path, killed=2)
    after = finished(again(tmp_path))
    assert {key: after[key] for key in before} == before


def test_a_worker_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """A shell that starts a worker in the background and is killed."""
    import subprocess
    import sys

    from crew import WORKER

    begun(tmp_path)
    program = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); time.sleep(600)"
    command = [sys.executable, str(WORKER), str(tmp_path), "journal", "1.0"]
    with subprocess.Popen([sys.executable, "-c", program, *command], stdout=subprocess.DEVNULL) as parent:
        wait_until_begun(tmp_path, 1)
        os.kill(parent.pid, signal.SIGKILL)
    end = time.monotonic() + LONGEST
    while list((tmp_path / "workers").iterdir()):  # a worker that ends takes its file along
        assert time.monotonic() < end, "the worker is still there"
        time.sleep(0.05)
    states = [trial.state.name for trial in again(tmp_path).short.trials]
    assert "RUNNING" not in states and "WAITING" in states


@pytest.mark.stress
def test_workers_killed_at_random_moments(tmp_path: Path, nursery: Nursery) -> None:
    draws, killed = random.Random(5), 0
    begun(tmp_path, Settings(trials=30))
    for number in range(5):
        with workers(nursery, 3, tmp_path, seconds=0.03) as crew:
            wait_until_begun(tmp_path, 4 * number + 1)
            time.sleep(2 * draws.random())
            for process in crew[: draws.randint(1, 3)]:
                killed += process.poll() is None
                process.kill()
            time.sleep(draws.random())
            killed += sum(process.poll() is None for process in crew)
    with workers(nursery, 2, tmp_path, seconds=0.0) as crew:
        assert [process.wait(LONGEST) for process in crew] == [0, 0]
    check_complete(again(tmp_path), tmp_path, killed=killed)
