"""Do the programs, commands and settings that README and the pages show do what is said of them?"""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch
from handbook.examples import SCRIPT
from nursery import Nursery
from streams import stream
from torch import nn
from torch.utils.data import DataLoader

from .fenced import ROOT, block

TRAINING = """
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
for update in range(12):
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    return tmp_path


class Reader:
    """Types the lines of a block into bash, in a folder where `trainlint` is installed; torch starts too slowly for it.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._bin = folder, folder / ".bin"
        self._bin.mkdir()
        program = self._bin / "trainlint"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m trainlint "$@"\n', encoding="utf-8")
        program.chmod(0o755)

    def types(self, text: str) -> Iterator[subprocess.CompletedProcess[str]]:
        """What each line gives."""
        own = {**os.environ, "PATH": f"{self._bin}:{os.environ['PATH']}"}
        for line in text.splitlines():
            bash = ["bash", "-c", line]
            yield subprocess.run(bash, cwd=self.folder, env=own, capture_output=True, text=True, check=False)


@pytest.fixture
def reader(here: Path) -> Reader:
    return Reader(here)


def loop() -> dict[str, Any]:
    """What the loops of the pages speak of."""
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    x = torch.randn(20, 16, 4, generator=stream(0, "x"))
    loader = [(rows, rows.sum(1, keepdim=True)) for rows in x]
    criterion = nn.MSELoss()

    def validate(net: nn.Module) -> float:
        net.eval()
        with torch.no_grad():
            value = fmean(float(criterion(net(rows), targets)) for rows, targets in loader)
        net.train()
        return value

    return {
        "model": model, "optimizer": optimizer, "loader": loader, "criterion": criterion, "validate": validate,
        "scheduler": torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.99), "epochs": 3,
    }  # fmt: skip


def run(text: str, **values: Any) -> dict[str, Any]:
    """What a program leaves, given the values it speaks of."""
    exec(compile(text, "block", "exec"), values)
    return values


def test_the_loops_of_readme_and_handbook_are_judged_healthy(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(block("README.md", "python", "with Watch("), **loop())
    assert " ".join(capsys.readouterr().out.split()).startswith(
        "Verdict: healthy (0 epochs, 20 losses, 20 backward passes, 20 updates, 0 skipped, 20 ticks)"
    )
    run(block("rules.md", "python", "with Watch("), **loop())
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("Verdict: healthy (3 epochs, 60 losses, 60 backward passes, 60 updates, 0 skipped, 3 ticks)")


def test_a_file_and_a_folder_are_checked_as_shown(reader: Reader) -> None:
    shown = block("check.md", "text", "RT602")
    line, column = map(int, shown.split(":")[1:3])
    body = ["loss = criterion(model(x), y)", "loss.backward()", "optimizer.step()"]
    head = ["import torch", "from torch import nn", "model, criterion = nn.Linear(4, 1), nn.MSELoss()"]
    head += ["optimizer = torch.optim.SGD(model.parameters(), lr=0.1)", "for epoch in range(9):"]
    head += ["    for group in groups:", "        for x, y in group:"]
    lines = ["#"] * (line - len(head) - len(body)) + head + [" " * (column - 1) + each for each in body]
    (reader.folder / "train.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (reader.folder / "below").mkdir()
    (reader.folder / "below" / "sound.py").write_text("print(1)\n", encoding="utf-8")
    for told in reader.types(block("check.md", "sh", "trainlint check train.py")):
        assert told.returncode == 1 and told.stdout.startswith(shown), told


def in_order(made: str) -> str:
    """The sound script of the handbook, with this line for a loader that does not shuffle (RT653)."""
    own = f"    windows = TensorDataset(x, y)\n    {made}\n"
    text = SCRIPT.replace("    train_loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)\n", own)
    return text.replace("train_loader", "loader")


def test_a_line_lets_its_finding_pass(reader: Reader) -> None:
    made = block("check.md", "python", "ignore[RT653]").strip()
    (reader.folder / "let.py").write_text(in_order(made), encoding="utf-8")
    (reader.folder / "not.py").write_text(in_order(made.split("  #")[0]), encoding="utf-8")
    let, found = reader.types("trainlint check let.py\ntrainlint check not.py")
    assert let.returncode == 0 and named(let) == set(), let
    assert found.returncode == 1 and named(found) == {("not.py", "RT653")}, found


def named(told: subprocess.CompletedProcess[str]) -> set[tuple[str, str]]:
    """File and code of each finding."""
    return set(re.findall(r"^(\S+?):\d+:\d+: (RT\d+) ", told.stdout, re.MULTILINE))


def test_a_project_settles_what_counts(reader: Reader) -> None:
    text = block("check.md", "toml", "[tool.trainlint]")
    assert set(tomllib.loads(text)["tool"]["trainlint"]) == {"select", "ignore", "tolerate", "per-file-ignores"}
    summed = SCRIPT.replace("nn.CrossEntropyLoss()", "nn.CrossEntropyLoss(reduction='sum')")
    left = SCRIPT.replace("    with torch.no_grad():\n", "    if True:\n")
    ordered = in_order("loader = DataLoader(windows, batch_size=8)")
    (reader.folder / "benchmarks").mkdir()
    for name, program in {"summed": summed, "left": left, "benchmarks/ordered": ordered, "ordered": ordered}.items():
        (reader.folder / f"{name}.py").write_text(program, encoding="utf-8")
    (before,) = reader.types("trainlint check .")
    (reader.folder / "pyproject.toml").write_text(text, encoding="utf-8")
    (after,) = reader.types("trainlint check .")
    always = {("ordered.py", "RT653"), ("summed.py", "RT661")}
    settled = {("left.py", "RT650"), ("summed.py", "RT641"), ("benchmarks/ordered.py", "RT653")}
    assert named(before) == always | settled and named(after) == always, after
    assert "RT641" in after.stderr and "the sum is meant: batches have one size" in after.stderr, after


def test_known_findings_of_sources_do_not_fail(reader: Reader) -> None:
    (reader.folder / "ordered.py").write_text(in_order("loader = DataLoader(windows, batch_size=8)"), encoding="utf-8")
    written, known = reader.types(block("check.md", "sh", "--write-baseline"))
    assert "RT653" in (reader.folder / "known.json").read_text(encoding="utf-8"), written
    assert known.returncode == 0, known


def test_known_findings_of_a_run_do_not_fail(here: Path, nursery: Nursery) -> None:
    (here / "train.py").write_text(TRAINING.replace("RATE", "0.0"), encoding="utf-8")
    lines = [shlex.split(line) for line in block("fitting-in.md", "sh", "--write-baseline").splitlines()]
    written, known = (nursery.run("-m", *words, cwd=here) for words in lines)
    assert "RT101" in (here / "known.json").read_text(encoding="utf-8"), written
    assert known.returncode == 0 and "RT101" in known.stderr, known
    assert nursery.run("-m", "trainlint", "run", "--fail", "train.py", cwd=here).returncode == 1


def test_two_processes_are_watched(here: Path, nursery: Nursery) -> None:
    (here / "train.py").write_text(TRAINING.replace("RATE", "0.05"), encoding="utf-8")
    program, *words = shlex.split(block("fitting-in.md", "sh", "torchrun"))
    assert program == "torchrun"
    free = {"PET_STANDALONE": "1", "PYTHON_EXEC": nursery.python}  # at a port that is free, and forks
    told = nursery.run("-m", "torch.distributed.run", *words, cwd=here, **free)
    assert told.returncode == 0 and "[rank 0] Verdict: healthy" in told.stderr, told
    assert len(list(here.rglob("ledger*.jsonl"))) == 2


@pytest.mark.filterwarnings("ignore")
def test_lightning_takes_the_callback(here: Path) -> None:
    lightning = pytest.importorskip("lightning")

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(4, 1)

        def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], index: int) -> torch.Tensor:
            return nn.functional.mse_loss(self.net(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), 0.05)

    rows = [(x, x.sum(0, keepdim=True)) for x in torch.randn(64, 4, generator=stream(0, "x"))]
    run(
        block("fitting-in.md", "python", "lightning.Trainer("),
        module=Module(),
        loader=DataLoader(rows, 16),  # pyright: ignore[reportArgumentType]
    )
    last = Path("run", "ledger.jsonl").read_text(encoding="utf-8").splitlines()[-2]
    assert '"event": "verdict", ' in last and '"verdict": "Healthy"' in last


@pytest.mark.filterwarnings("ignore")
def test_transformers_takes_the_callback(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    transformers = pytest.importorskip("transformers")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(4, 1)

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            out = self.net(x)
            return {"loss": nn.functional.mse_loss(out, labels), "logits": out}

    x = torch.randn(64, 4, generator=stream(0, "x"))
    options = transformers.TrainingArguments(
        output_dir="out", num_train_epochs=2, per_device_train_batch_size=16, learning_rate=0.05, use_cpu=True,
        report_to=[], save_strategy="no", disable_tqdm=True, logging_strategy="no",
    )  # fmt: skip
    rows = [{"x": each, "labels": 2 * each[:1]} for each in x]
    run(block("fitting-in.md", "python", "transformers.Trainer("), model=Model(), arguments=options, rows=rows)
    assert "Verdict: healthy" in capsys.readouterr().out


def test_the_forms_of_the_commands_name_their_options(nursery: Nursery) -> None:
    for line in block("logs.md", "text", "trainlint log PATH").splitlines():
        _, command, *_ = line.split()
        told = nursery.run("-m", "trainlint", command, "--help", cwd=ROOT).stdout
        named = re.findall(r"--[a-z-]+", line)
        assert named and [option for option in named if not re.search(rf"{option}\b", told)] == []
        assert all(form in told for form in re.findall(r"(?<=--output )[a-z|]+", line)[0].split("|"))
