"""Does a worker that waits for others say for whom, and does it end where nobody will ever come?"""

from pathlib import Path

import pytest
from searching import learns, worked

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.search import Settings, open_storage, work
from ris_pytorch_pipeline.search.extra import optuna
from ris_pytorch_pipeline.search.kept.lease import LEASE
from ris_pytorch_pipeline.search.kept.trials import open_in
from ris_pytorch_pipeline.search.trying.waiting import PATIENCE, Waiting


def test_who_is_waited_for_is_said_once(tmp_path: Path) -> None:
    study = optuna.create_study(storage=open_storage(tmp_path), study_name="x")
    study.ask()
    study.ask().set_user_attr(LEASE, {"machine": "another", "worker": "0", "beat": 1})
    said, now = list[str](), [0.0]
    waiting = Waiting("short", said.append, lambda: None, clock=lambda: now[0])
    for seconds in (0, PATIENCE / 2, PATIENCE, PATIENCE + 1, 3 * PATIENCE):
        now[0] = seconds
        assert not said or seconds > PATIENCE
        waiting.on(open_in(study))
    assert said == ["waits for short trial 0, which no worker has signed and trial 1, on another"]


def test_a_trial_that_no_worker_takes_ends_the_search(tmp_path: Path) -> None:
    """A journal that another program has written to: the long stage has no trials that wait."""
    studies, _ = worked(tmp_path, settings=Settings(trials=2, best=1))
    studies.long.enqueue_trial({})
    with pytest.raises(InputError, match=r"long stage.*trial \d+, which nobody takes.*Next: begin in another folder"):
        work(studies, learns, tmp_path, lambda line: None)
