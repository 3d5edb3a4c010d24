"""Under torchrun each process is watched, the first one tells, and the exit code stays the launcher's."""

import json
import os
import subprocess
import sys
from pathlib import Path

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


def launched(folder: Path, rate: str, code: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "train.py").write_text(SCRIPT.replace("RATE", rate).replace("CODE", code), encoding="utf-8")
    launcher = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone"]
    command = [*launcher, "--nproc-per-node", "2", "-m", "trainlint", "run", *options]
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run([*command, "train.py"], cwd=folder, capture_output=True, text=True, check=False,
                          env=surroundings, timeout=200)  # fmt: skip


def test_two_sound_processes_have_one_verdict_and_a_ledger_each(tmp_path: Path) -> None:
    told = launched(tmp_path, "1e-2", "0")
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("done") == 2
    assert "[rank 0] Verdict: healthy" in told.stderr, told.stderr
    assert "[rank 1] " not in told.stderr
    for name in ("ledger.jsonl", "ledger.rank1.jsonl"):
        last = json.loads((tmp_path / ".trainlint" / name).read_text().splitlines()[-2])
        assert (last["event"], last["verdict"]) == ("verdict", "Healthy")


def test_a_broken_one_names_the_rank_and_keeps_the_exit_code(tmp_path: Path) -> None:
    told = launched(tmp_path, "0.0", "3", "--no-ledger")
    assert told.returncode != 0
    assert "exitcode  : 3" in told.stderr, told.stderr
    assert "[rank 0] train.py:18: RT101 zero-learning-rate (fatal)" in told.stderr
    assert told.stderr.count("[rank 0] Verdict: stalled") == 1
    assert told.stderr.count("[rank 1] Verdict: stalled") == 1
    assert "    cause:" in told.stderr
    assert not any(line.startswith("[rank 1]") and "cause:" in line for line in told.stderr.splitlines())
