"""Does `ris train` under torchrun check once, train as one run, and leave one set of files?"""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nursery import Nursery
from running import NETWORK, Run

from ris_pytorch_pipeline.train import read_ledger


@pytest.mark.usefixtures("quick_python")
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


@pytest.mark.usefixtures("quick_python")
def test_two_launchers_as_of_two_machines_are_one_run(tmp_path: Path, nursery: Nursery) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    launch = ("-m", "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1", "--master-addr=127.0.0.1")
    train = ("-m", "ris_pytorch_pipeline", "train", "run", "--config", "net.toml", "--no-preflight")
    folders = [tmp_path / name for name in ("first", "second", "alone")]
    for folder in folders:
        folder.mkdir()
        (folder / "net.toml").write_text(NETWORK, encoding="utf-8")
    nodes = [
        nursery.start(*launch, f"--master-port={port}", f"--node-rank={number}", *train, cwd=folders[number])
        for number in (0, 1)
    ]
    assert [node.wait() for node in nodes] == [0, 0], [node.stdout and node.stdout.read() for node in nodes]
    assert nursery.run(*train, cwd=folders[2]).returncode == 0
    together, alone = (read_ledger(folder / "run" / "ledger.jsonl") for folder in (folders[0], folders[2]))
    assert together[0]["processes"] == 2 and together[-1]["event"] == "end" and together[-1]["updates"] == 2
    assert not list((folders[1] / "run").iterdir())  # process 0 alone writes
    for name in ("loss", "norm"):
        assert measured(together, name) == pytest.approx(measured(alone, name), rel=1e-5), name
    (epoch,), (wanted,) = ([event for event in events if event["event"] == "epoch"] for events in (together, alone))
    assert epoch["validation"] == pytest.approx(wanted["validation"], rel=1e-5)


def measured(events: list[dict[str, Any]], name: str) -> list[float]:
    return [event[name] for event in events if event["event"] == "update"]


@pytest.mark.stress
def test_a_run_goes_on_where_torchrun_starts_it_anew(tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_text(NETWORK.replace("epochs = 1", "epochs = 40"), encoding="utf-8")
    launch = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--max-restarts=1")
    train = ("-m", "ris_pytorch_pipeline", "train", "run", "--config", "net.toml", "--no-preflight")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen([*launch, *train], cwd=tmp_path, **pipes) as launcher:
        assert launcher.stdout is not None
        assert any("Epoch 003" in line for line in launcher.stdout)
        workers = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
        os.kill(int(workers[-1]), signal.SIGKILL)
        said = launcher.stdout.read()
    assert launcher.returncode == 0, said
    events = [json.loads(line) for line in (tmp_path / "run" / "ledger.jsonl").read_text("utf-8").splitlines()]
    assert [event["event"] for event in events].count("resume") == 1
    assert events[-1]["event"] == "end" and events[-1]["updates"] == 80


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
