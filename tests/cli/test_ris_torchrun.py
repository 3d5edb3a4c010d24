"""Does `ris train` under torchrun check once, train as one run, and leave one set of files?"""

import json
from pathlib import Path

import pytest
from nursery import Nursery
from running import NETWORK, Run


def test_two_processes_are_one_run(tmp_path: Path, nursery: Nursery) -> None:
    (tmp_path / "net.toml").write_text(NETWORK, encoding="utf-8")
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    train = ("-m", "ris_pytorch_pipeline", "train", "run", "--config", "net.toml")
    done = nursery.run(*launch, *train, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout and done.stdout.count("labels of the inputs") == 1
    assert done.stdout.count("Epoch 001/001") == done.stdout.count("[VERDICT] Healthy") == 1
    events = [json.loads(line) for line in (tmp_path / "run" / "ledger.jsonl").read_text("utf-8").splitlines()]
    assert events[0]["processes"] == 2 and events[-1]["event"] == "end" and events[-1]["updates"] == 2


@pytest.mark.parametrize("command", ["overfit", "demo"])
def test_commands_that_would_train_twice_refuse(ris: Run, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    for name, value in {
        "RANK": "1",
        "WORLD_SIZE": "2",
        "LOCAL_RANK": "1",
        "MASTER_ADDR": "h",
        "MASTER_PORT": "1",
    }.items():
        monkeypatch.setenv(name, value)
    ris(command).refused(f"one process for `ris {command}`; got 2", "start it without torchrun")
    assert not Path("runs").exists()
