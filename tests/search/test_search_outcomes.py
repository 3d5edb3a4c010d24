"""Does what came of a trial stand, though its worker was killed between writing it down and ending the trial?"""

import errno
import os
import threading
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from searching import begun, learns, stopped_and_resumed, worked
from test_search_stages import SMALL, outcomes

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.search import (
    Judged,
    Report,
    Settings,
    Space,
    Task,
    watched,
)
from ris_pytorch_pipeline.search.extra import optuna
from ris_pytorch_pipeline.search.kept.lease import Watchman
from ris_pytorch_pipeline.search.kept.trials import State, finished, give_back, outcome_in
from ris_pytorch_pipeline.search.trying import workers
from ris_pytorch_pipeline.search.trying.attempt import judge
from ris_pytorch_pipeline.search.trying.recipe import Recipe
from ris_pytorch_pipeline.tasks import hanging
from ris_pytorch_pipeline.tasks.watch import Watch


@pytest.mark.parametrize("space", [None, SMALL])
def test_an_outcome_that_was_written_down_stands_though_its_worker_was_killed_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, space: Space | None
) -> None:
    settings = Settings(trials=9) if space is None else Settings(trials=5, space=space)
    whole, tell, trained = worked(tmp_path / "a", settings=settings)[0], optuna.Study.tell, Counter[Path]()
    killed = set[tuple[str, int]]()

    def ends(study: optuna.Study, trial: Any, *args: Any, **more: Any) -> Any:
        number = trial if isinstance(trial, int) else trial.number
        if (study.study_name, number) in killed:
            return tell(study, trial, *args, **more)
        killed.add((study.study_name, number))
        raise KeyboardInterrupt

    def once(task: Task, report: Report) -> Judged:
        trained[task.folder] += 1
        return learns(task, report)

    monkeypatch.setattr(optuna.Study, "tell", ends)
    begun(tmp_path / "b", settings)
    assert outcomes(stopped_and_resumed(tmp_path / "b", once)) == outcomes(whole)
    assert len(killed) > 5 and set(trained.values()) == {1}


def test_a_trial_that_hangs_fails_alone_and_its_worker_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hanging, "STILL", 0.3)
    monkeypatch.setattr(hanging, "_has_children", lambda: False)

    def stands(task: Task, report: Report) -> Judged:
        if task.number == 2:
            threading.Event().wait()
        return learns(task, report)

    said: list[str] = []
    studies, _ = worked(tmp_path, watched(stands, Watch(None, said.append, every=0.05)), Settings(trials=5, best=0))
    held = [outcome_in(trial) for trial in studies.short.get_trials(deepcopy=False)]
    assert [each.kind for each in held if each is not None] == ["done", "done", "failed", "done", "done"]
    assert held[2] is not None and "short trial 2: hung for" in held[2].words and "short trial 2: hung" in said[0]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_disk_that_takes_nothing_is_no_outcome_of_a_recipe(code: int) -> None:
    def refused(task: Task, report: Report) -> Judged:
        try:
            raise OSError(code, os.strerror(code), str(task.folder))
        except OSError as error:
            raise InputError("a file", "none", "the disk", "mend it") from error

    task = Task(recipe=Recipe(), stage="short", number=0, folder=Path("x"))
    with pytest.raises(InputError):
        judge(optuna.create_study().ask(), task, refused, prunes=False, check=lambda: None)


def test_a_value_that_is_refused_is_an_error_and_a_finished_trial_is_none() -> None:
    study = optuna.create_study()
    number = study.ask().number
    with pytest.raises(ValueError, match="nan"):
        finished(study, number, float("nan"), State.COMPLETE)
    assert finished(study, number, 1.0, State.COMPLETE)
    assert not finished(study, number, 1.0, State.COMPLETE)
    assert not give_back(study, number, again=True) and len(study.trials) == 1


@pytest.mark.parametrize("space", [None, SMALL])
def test_a_worker_that_is_killed_before_it_signs_a_trial_takes_no_place_in_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, space: Space | None
) -> None:
    settings = Settings(trials=9) if space is None else Settings(trials=5, space=space)
    whole, ask, killed = worked(tmp_path / "a", settings=settings)[0], optuna.Study.ask, 0

    def ends(study: optuna.Study, *args: Any, **more: Any) -> Any:
        nonlocal killed
        trial = ask(study, *args, **more)
        if trial.number % 2:
            killed += 1
            raise KeyboardInterrupt  # outside of what gives a trial back, as kill -9 is
        return trial

    monkeypatch.setattr(optuna.Study, "ask", ends)
    monkeypatch.setattr(workers, "Watchman", partial(Watchman, grace=0.01))
    begun(tmp_path / "b", settings)
    assert outcomes(stopped_and_resumed(tmp_path / "b", learns)) == outcomes(whole)
    assert killed > 5
