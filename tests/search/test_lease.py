"""Is a dead worker told from a living one, at once on its own machine and by its beats elsewhere?"""

import json
import signal
import time
from datetime import datetime, tzinfo
from itertools import count
from pathlib import Path

import pytest
from nursery import Nursery
from searching import worked
from test_search_stages import outcomes

from ris_pytorch_pipeline.search import Settings, Watchman, Worker
from ris_pytorch_pipeline.search.extra import optuna
from ris_pytorch_pipeline.search.kept.lease import LEASE

LIVING = """
import json, sys, time
from pathlib import Path
from ris_pytorch_pipeline.search import Worker
with Worker(Path(sys.argv[1])) as worker:
    print(json.dumps(worker.stamp()), flush=True)
    time.sleep(600)
"""


class Clock:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_worker_of_this_machine_is_dead_once_it_is_killed(tmp_path: Path, nursery: Nursery) -> None:
    watchman = Watchman(tmp_path)
    (tmp_path / "living.py").write_text(LIVING)
    process = nursery.start("living.py", str(tmp_path), cwd=tmp_path)
    assert process.stdout is not None
    lease = json.loads(process.stdout.readline())
    assert not watchman.is_dead(0, lease)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert watchman.is_dead(0, lease)


def test_a_worker_elsewhere_is_dead_once_its_beat_stops(tmp_path: Path) -> None:
    clock = Clock()
    watchman = Watchman(tmp_path, grace=90, clock=clock)
    lease = {"machine": "another", "worker": "abc", "beat": 1}
    assert not watchman.is_dead(3, lease)
    clock.now = 80
    assert not watchman.is_dead(3, lease | {"beat": 2})
    clock.now = 160
    assert not watchman.is_dead(3, lease | {"beat": 2})
    clock.now = 171
    assert watchman.is_dead(3, lease | {"beat": 2})


def test_a_trial_that_nobody_signed_is_given_up_after_a_while(tmp_path: Path) -> None:
    clock = Clock()
    watchman = Watchman(tmp_path, grace=90, clock=clock)
    assert not watchman.is_dead(0, None)
    clock.now = 91
    assert watchman.is_dead(0, None)


@pytest.mark.parametrize("step", [-86400.0, 86400.0])
def test_leases_do_not_depend_on_the_clock_of_the_wall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    moments = count(2e9, step)
    monkeypatch.setattr(time, "time", lambda: next(moments))
    lease = {"machine": "another", "worker": "abc", "beat": 1}
    patient, hasty = Watchman(tmp_path), Watchman(tmp_path, grace=0.01)
    assert not patient.is_dead(3, lease) and not hasty.is_dead(3, lease)
    end = time.monotonic() + 60
    while not hasty.is_dead(3, lease):  # for ever, by a clock that goes back
        assert time.monotonic() < end
    assert not patient.is_dead(3, lease), "at once, by a clock that jumps a day"


def test_a_search_by_a_clock_that_is_set_back_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, moments = Settings(trials=6, best=1), count(2e9, -86400.0)

    class Back(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Back":
            return cls.fromtimestamp(next(moments), tz)

    whole, _ = worked(tmp_path / "whole", settings=settings)
    monkeypatch.setattr(time, "time", lambda: next(moments))
    monkeypatch.setattr("optuna.storages.journal._storage.datetime", Back)
    back, _ = worked(tmp_path / "back", settings=settings)
    begun = [trial.datetime_start for trial in back.short.get_trials(deepcopy=False) if trial.datetime_start]
    assert begun == sorted(begun, reverse=True) and len(begun) > 5, "it does go back"
    assert outcomes(back) == outcomes(whole)


def test_a_name_of_this_machine_without_a_file_is_judged_by_its_beat(tmp_path: Path) -> None:
    clock = Clock()
    watchman = Watchman(tmp_path, grace=90, clock=clock)
    lease = {"machine": Worker(tmp_path).machine, "worker": "of-another-folder", "beat": 7}
    assert not watchman.is_dead(0, lease)
    clock.now = 91
    assert watchman.is_dead(0, lease)


def test_a_lease_is_renewed_until_the_trial_is_over(tmp_path: Path) -> None:
    study = optuna.create_study()
    trial = study.ask()
    with Worker(tmp_path, renewal=0.001) as worker, worker.working_on(trial):
        while study.trials[0].user_attrs[LEASE]["beat"] < 5:
            pass
    beat = study.trials[0].user_attrs[LEASE]["beat"]
    study.tell(trial, 1.0)
    assert study.trials[0].user_attrs[LEASE]["beat"] == beat
    assert not list((tmp_path / "workers").iterdir())


def test_a_trial_that_was_taken_away_ends_its_renewal(tmp_path: Path) -> None:
    study = optuna.create_study()
    trial = study.ask()
    with Worker(tmp_path, renewal=0.001) as worker, worker.working_on(trial):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    assert study.trials[0].state is optuna.trial.TrialState.FAIL
