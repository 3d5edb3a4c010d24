"""Under torchrun each process is watched, the first one tells, and the exit code stays the launcher's."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from nursery import Nursery

SCRIPT = """
import sys
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

dist.init_process_group("gloo")
rank = dist.get_rank()
torch.manual_seed(0)
model = DistributedDataParallel(nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1)))
optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
for update in range(12):
    x = torch.randn(16, 4, generator=torch.Generator().manual_seed(2 * update + rank))
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("done", flush=True)
dist.destroy_process_group()
sys.exit(CODE)
"""


Launch = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def launched(nursery: Nursery, tmp_path: Path) -> Launch:
    """Runs the script under torchrun and `trainlint run`; the launcher is a fork, and its two processes start anew."""

    def launch(rate: str, code: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "train.py").write_text(SCRIPT.replace("RATE", rate).replace("CODE", code), encoding="utf-8")
        launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
        return nursery.run(*launcher, "-m", "trainlint", "run", *options, "train.py", cwd=tmp_path, **environment)

    return launch


def test_two_sound_processes_have_one_verdict_and_a_ledger_each(tmp_path: Path, launched: Launch) -> None:
    told = launched("1e-2", "0")
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("done") == 2
    assert "[rank 0] Verdict: healthy" in told.stderr, told.stderr
    assert "[rank 1] " not in told.stderr
    for name in ("ledger.jsonl", "ledger.rank1.jsonl"):
        last = json.loads((tmp_path / ".trainlint" / name).read_text().splitlines()[-2])
        assert (last["event"], last["verdict"]) == ("verdict", "Healthy")


def test_a_broken_one_names_the_rank_and_keeps_the_exit_code(launched: Launch, nursery: Nursery) -> None:
    told = launched("0.0", "3", "--no-ledger", PYTHON_EXEC=nursery.python)
    assert told.returncode != 0
    assert "exitcode  : 3" in told.stderr, told.stderr
    assert "[rank 0] train.py:18: RT101 zero-learning-rate (fatal)" in told.stderr
    assert told.stderr.count("[rank 0] Verdict: stalled") == 1
    assert told.stderr.count("[rank 1] Verdict: stalled") == 1
    assert "    cause:" in told.stderr
    assert not any(line.startswith("[rank 1]") and "cause:" in line for line in told.stderr.splitlines())
