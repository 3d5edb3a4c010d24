"""Does a program that a signal ends leave its verdict and its ledger, and end as it would have without a watch?"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

LOOP = """
import atexit, time, torch
from torch import nn
atexit.register(lambda: print("at exit"))
torch.manual_seed(0)
net = nn.Linear(4, 1)
sgd = torch.optim.SGD(net.parameters(), 0.1)
try:
    for i in range(100_000):
        x = torch.randn(8, 4)
        loss = nn.functional.mse_loss(net(x), x[:, :1])
        sgd.zero_grad(); loss.backward(); sgd.step()
        if i == 9:
            print("ready", flush=True)
        time.sleep(0.005 if i > 9 else 0)
finally:
    print("finally")
"""


def ended(folder: Path, number: int, *command: str) -> tuple[int, str, str]:
    with subprocess.Popen(
        [sys.executable, *command, "train.py"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, number)
        output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_watched_script_as_it_ends_a_bare_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "train.py").write_text(LOOP, encoding="utf-8")
    # Tests may run in a shell's background, where Ctrl-C is ignored from birth.
    number = getattr(signal, name)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        alone = ended(tmp_path, number)
        told = ended(tmp_path, number, "-m", "trainlint", "run", "--ledger", "ledger.jsonl")
    finally:
        signal.signal(signal.SIGINT, before)
    assert told[:2] == alone[:2] == (-number, alone[1])
    assert told[2].count("Traceback") == alone[2].count("Traceback") == (name == "SIGINT")
    assert "Verdict: healthy (" in told[2]
    assert "checks ran: Ownership" in told[2]
    records = [json.loads(line)["event"] for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert records[-2:] == ["verdict", "end"]
