"""Is a queue asked for the workers that a file says, and is a file that says something else refused?"""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.tasks.queued import asked, queue_of

WHOLE = 'kind = "slurm"\nworkers = 8\n[options]\ncores = 1\nmemory = "4GB"\nwalltime = "01:00:00"\n'
BAD_PATIENCE = ("0", "-1", "1e9", "nan", "inf")


def written(folder: Path, text: str) -> Path:
    (folder / "queue.toml").write_text(text)
    return folder / "queue.toml"


@pytest.fixture
def jobqueue(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """A dask-jobqueue that notes what it is asked for."""
    noted: list[tuple[Any, ...]] = []

    class SLURMCluster:
        def __init__(self, *, cores: int, memory: str, walltime: str) -> None:
            noted.append((cores, memory, walltime))

        def scale(self, workers: int) -> None:
            noted.append((workers,))

        def close(self) -> None:
            noted.append(("closed",))

    module = ModuleType("dask_jobqueue")
    vars(module)["SLURMCluster"] = SLURMCluster
    monkeypatch.setitem(sys.modules, "dask_jobqueue", module)
    return noted


def test_a_queue_is_asked_with_its_options(jobqueue: list[tuple[Any, ...]], tmp_path: Path) -> None:
    queue = queue_of(written(tmp_path, WHOLE))
    assert queue.patience_s == 3600
    asked(queue)
    assert jobqueue == [(1, "4GB", "01:00:00"), (8,)]


def test_options_that_it_does_not_know_are_refused(jobqueue: list[tuple[Any, ...]], tmp_path: Path) -> None:
    queue = queue_of(written(tmp_path, WHOLE + "coers = 2\n"))
    with pytest.raises(ConfigurationError, match="coers"):
        asked(queue)
    assert not jobqueue


def test_without_the_package_its_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    with pytest.raises(ConfigurationError, match="queue"):
        asked(queue_of(written(tmp_path, WHOLE)))


def test_a_queue_that_cannot_be_asked_is_closed(
    jobqueue: list[tuple[Any, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(cluster: object, workers: int) -> None:
        raise RuntimeError(f"sbatch: {workers} are too many")

    monkeypatch.setattr(sys.modules["dask_jobqueue"].SLURMCluster, "scale", refused)
    with pytest.raises(ConfigurationError, match="8 are too many"):
        asked(queue_of(written(tmp_path, WHOLE)))
    assert jobqueue[-1] == ("closed",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workers = 8", "kind"),
        ('kind = "slrum"\nworkers = 8', "slurm, pbs"),
        ('kind = "pbs"\nworkers = 0', "workers >= 1"),
        ('kind = "pbs"\nworkers = "8"', "workers = '8'"),
        ('kind = "pbs"\nworkers = 8\ncores = 1', "cores too many"),
        ("kind", "TOML"),
        ('kind = "pbs"\nworkers = 10001', "<= 10000"),
        *((f'kind = "pbs"\nworkers = 8\npatience_s = {each}', "patience_s > 0") for each in BAD_PATIENCE),
    ],
)
def test_another_file_is_refused(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=words):
        queue_of(written(tmp_path, text))
