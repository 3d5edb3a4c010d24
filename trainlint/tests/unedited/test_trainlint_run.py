"""Does `trainlint run` find the faults of scripts that nobody edited, and leave their output and exit code alone?"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from nursery import Nursery

from .scripts import ACCELERATE, HUGGING_FACE, LIGHTNING, PLAIN, filled

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ran(nursery: Nursery, tmp_path: Path) -> Run:
    """Runs a text as `train.py` under `trainlint run`."""

    def run(text: str, *options: str, rest: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        (tmp_path / "train.py").write_text(text, encoding="utf-8")
        return nursery.run("-m", "trainlint", "run", *options, "train.py", *rest, cwd=tmp_path)

    return run


def anew(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """What a process of its own gives, from its start on."""
    return subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)


SOUND = filled(PLAIN, FIRST="1", TICK="warm.step()")


def test_a_sound_script_is_healthy_and_unchanged(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SOUND, encoding="utf-8")
    told = anew(tmp_path, "-W", "ignore", "-m", "trainlint", "run", "train.py", "--lr", "3")
    alone = anew(tmp_path, "train.py", "--lr", "3")
    assert "Verdict: healthy (4 epochs, 32 losses, 32 backward" in told.stderr, told.stderr
    assert (told.returncode, told.stdout) == (alone.returncode, alone.stdout) == (7, alone.stdout)
    records = [json.loads(line) for line in (tmp_path / ".trainlint/ledger.jsonl").read_text().splitlines()]
    assert (records[0]["event"], records[0]["format"]) == ("start", 2)
    assert [record["event"] for record in records[-2:]] == ["verdict", "end"]
    assert sum(record["event"] == "epoch" for record in records) == 4


def test_a_broken_script_is_named_with_its_line_and_still_unchanged(tmp_path: Path, nursery: Nursery, ran: Run) -> None:
    told = ran(filled(PLAIN, FIRST="0", TICK="pass"), "--no-ledger")
    assert "train.py:19: RT101 zero-learning-rate (fatal)" in told.stderr
    assert "Verdict: stalled" in told.stderr
    assert (told.returncode, told.stdout) == (7, nursery.run("train.py", cwd=tmp_path).stdout)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["train.py"]


def test_strict_stops_a_broken_script(ran: Run) -> None:
    told = ran(filled(PLAIN, FIRST="0", TICK="pass"), "--no-ledger", "--strict")
    assert told.returncode == 1
    assert "epoch 3" not in told.stdout
    assert "trainlint.verdict.TrainingFault" in told.stderr
    assert "boundary.py" not in told.stderr
    passed = ran(filled(PLAIN, FIRST="0", TICK="pass"), "--strict", "--tolerate", "RT101", "--tolerate", "RT212")
    assert passed.returncode == 7


def test_an_error_of_the_script_is_printed_as_python_prints_it(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("def f():\n    raise KeyError('x')\n\nf()\n", encoding="utf-8")
    told = anew(tmp_path, "-W", "ignore", "-m", "trainlint", "run", "--no-ledger", "train.py")
    alone = anew(tmp_path, "train.py")
    assert told.returncode == alone.returncode == 1
    assert told.stderr.startswith(alone.stderr)
    assert "not judged" in told.stderr


@pytest.mark.parametrize(("text", "code"), [
    (filled(ACCELERATE, HEAD=""), None),
    (filled(ACCELERATE, HEAD="model[2] = nn.Linear(16, 2)  # after the optimiser was made"), "RT115"),
    (filled(LIGHTNING, HIDDEN=""), None),
    (filled(LIGHTNING, HIDDEN=".detach()"), "RT122"),
    (filled(HUGGING_FACE, RATE="2e-3"), None),
    (filled(HUGGING_FACE, RATE="0.0"), "RT101"),
])  # fmt: skip
def test_loops_of_libraries(ran: Run, text: str, code: str | None) -> None:
    told = ran(text, "--no-ledger")
    assert told.returncode == 0, told.stderr
    if "L.Trainer" in text and code is None:  # the first step has begun when the watch does, in its closure
        assert "32 backward passes, 32 updates" in told.stderr
    if code is None:
        assert "Verdict: healthy" in told.stderr, told.stderr
    else:
        assert f" {code} " in told.stderr, told.stderr


def test_a_module_is_run_as_python_runs_it(tmp_path: Path, nursery: Nursery) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()
    (tmp_path / "pack" / "fit.py").write_text("import sys\nprint(__name__, __package__, sys.argv[1:])\n")
    told = nursery.run("-m", "trainlint", "run", "--no-ledger", "-m", "pack.fit", "-m", "5", cwd=tmp_path)
    assert told.stdout == "__main__ pack ['-m', '5']\n"


def test_a_missing_script_is_refused_before_anything_is_written(tmp_path: Path, nursery: Nursery) -> None:
    told = nursery.run("-m", "trainlint", "run", "none.py", cwd=tmp_path)
    assert told.returncode == 2
    assert "wanted a script; got none.py, which is no file" in told.stderr
    assert not list(tmp_path.iterdir())


def test_the_command_that_starts_a_script_is_no_line_of_it(tmp_path: Path) -> None:
    starter = "import sys\nfrom trainlint.cli import main\nsys.exit(main(sys.argv[1:]))\n"
    (tmp_path / "launcher").write_text(starter, encoding="utf-8")
    (tmp_path / "train.py").write_text(filled(PLAIN, FIRST="0", TICK="pass"), encoding="utf-8")
    told = anew(tmp_path, "-W", "ignore", "launcher", "run", "--no-ledger", "train.py")
    assert "RT212 constant-validation (fatal)" in told.stderr
    assert "launcher:" not in told.stderr


SWALLOWS = """import torch
from torch import nn
net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), RATE)
for _ in range(40):
    x = torch.randn(32, 4)
    try:
        optimizer.zero_grad()
        (net(x) - x.sum(1, keepdim=True)).pow(2).mean().backward()
        optimizer.step()
    except Exception:
        continue
print("done")
"""


def test_strict_ends_with_1_where_the_script_swallows_the_error(ran: Run) -> None:
    told = ran(SWALLOWS.replace("RATE", "0.0"), "--no-ledger", "--strict")
    assert (told.returncode, told.stdout) == (1, "done\n")
    assert "--strict: the script caught TrainingFault " in told.stderr
    free = ran(SWALLOWS.replace("RATE", "0.0"), "--no-ledger", "--strict", "--tolerate", "RT101")
    sound = ran(SWALLOWS.replace("RATE", "0.1"), "--no-ledger", "--strict")
    assert free.returncode == sound.returncode == 0
    assert "TrainingFault" not in free.stderr + sound.stderr
