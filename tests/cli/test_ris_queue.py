"""Does a queue that starts the workers come to the bytes of one process? The queue's own commands are stand-ins."""

import os
import sys
from pathlib import Path

import pytest
from running import SMALL, Run

pytest.importorskip("dask_jobqueue")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of dask-jobqueue

SUBMIT = '#!/bin/sh\ncat "$1" >> {folder}/{name}.jobs\nsetsid sh "$1" > /dev/null 2>&1 < /dev/null &\necho "{said}"\n'
"""Starts the script of a job here, in a session of its own, and answers as the queue would."""
CANCEL = '#!/bin/sh\necho "$1" >> {folder}/{name}.jobs\nkill -- "-${{1%%.*}}"\n'
QUEUES = {"slurm": ("sbatch", "scancel", "Submitted batch job $!"), "pbs": ("qsub", "qdel", "$!.here")}
"""By kind: the command that submits a job, the one that cancels it, and what the first one answers."""
FILE = 'kind = "{kind}"\nworkers = 2\npatience_s = 120\n[options]\ncores = 1\nmemory = "2GB"\nwalltime = "00:10:00"\n'


@pytest.mark.parametrize("kind", QUEUES)
def test_workers_of_a_queue_write_the_same_shards(
    kind: str, ris: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    submit, cancel, said = QUEUES[kind]
    for name, text in ((submit, SUBMIT), (cancel, CANCEL)):
        (tmp_path / name).write_text(text.format(folder=tmp_path, name=name, said=said), encoding="utf-8")
        (tmp_path / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    Path("queue.toml").write_text(FILE.format(kind=kind), encoding="utf-8")
    words = ("--split", "test=12", "--batch", "2", "--per-shard", "4", *SMALL)
    assert ris("simulate", "--shards", "one", *words).code == 0
    said_here = ris("simulate", "--shards", "theirs", *words, "--cluster", "queue.toml")
    assert said_here.code == 0, said_here.err
    one, theirs = ({path.name: path.read_bytes() for path in Path(name).iterdir()} for name in ("one", "theirs"))
    assert one == theirs and len(one) > 3
    submitted = Path(f"{submit}.jobs").read_text(encoding="utf-8")
    assert submitted.count("-m distributed.cli.dask_worker tcp://") == 2 and sys.executable in submitted
    assert f"#{'SBATCH -t ' if kind == 'slurm' else 'PBS -l walltime='}00:10:00" in submitted
    assert len(Path(f"{cancel}.jobs").read_text(encoding="utf-8").split()) == 2
