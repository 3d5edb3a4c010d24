"""`run`, `log` and `check` mean the same by settings, comments, a baseline and an output."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from nursery import Nursery
from unedited.scripts import PLAIN, filled

from trainlint.cli import main

FLAT = "".join(f"epoch {e} train_loss {3 - e / 9:.4f} val_loss 2.309000\n" for e in range(12))
STUCK = filled(PLAIN, FIRST="0", TICK="pass")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.log").write_text(FLAT, encoding="utf-8")
    return "train.log"


def settings(text: str) -> None:
    Path("pyproject.toml").write_text(f"[tool.trainlint]\n{text}\n", encoding="utf-8")


def test_a_log_in_every_output(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", log]) == 1
    assert "RT212 constant-validation (fatal)" in capsys.readouterr().out
    assert main(["log", log, "--output", "github"]) == 1
    assert "::error file=train.log,title=RT212 constant-validation::" in capsys.readouterr().out
    assert main(["log", log, "--output", "json"]) == main(["log", log, "--json"]) == 1
    told = json.loads(capsys.readouterr().out.split("}\n{")[0] + "}")
    assert (told["verdict"], told["findings"][0]["path"], told["errors"]) == ("Stalled", "train.log", [])
    assert main(["log", log, "--output", "sarif", "--output-file", "out.sarif"]) == 1
    assert capsys.readouterr().out == ""
    result = json.loads(Path("out.sarif").read_text())["runs"][0]["results"][0]
    assert (result["ruleId"], result["level"]) == ("RT212", "error")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "train.log"


def test_what_was_not_judged_is_told_by_every_output(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(log).write_text("nothing here\n" * 3)
    for output, told in [
        ("text", "not judged: "), ("json", '"blind": [\n'), ("github", "::notice::not judged: "),
        ("sarif", '"text": "not judged: '),
    ]:  # fmt: skip
        assert main(["log", log, "--output", output]) == 3
        assert told in capsys.readouterr().out


@pytest.mark.parametrize(("text", "told"), [
    ('ignore = ["RT21"]', "RT212 left out by settings (1)"),
    ('select = ["RT1"]', "RT212 left out by settings (1)"),
    ('[tool.trainlint.tolerate]\nRT212 = "the head is frozen"', "RT212 tolerated (1): the head is frozen"),
    ('[tool.trainlint.per-file-ignores]\n"*.log" = ["RT212"]', "RT212 left out by settings (1)"),
])  # fmt: skip
def test_settings_hold_for_a_log(log: str, capsys: pytest.CaptureFixture[str], text: str, told: str) -> None:
    settings(text)
    assert main(["log", log]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Verdict: healthy but for what is let pass")
    assert f"let pass: {told}" in out
    assert main(["log", log, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["passed"] == [told]


def test_the_command_line_chooses_too(log: str) -> None:
    assert main(["log", log, "--ignore", "RT212"]) == 0
    assert main(["log", log, "--select", "RT1,RT3"]) == 0
    assert main(["log", log, "--select", "RT212"]) == 1
    assert main(["log", log, "--ignore", "RT2120"]) == 2


def test_only_what_a_baseline_does_not_know_fails(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", log, "--write-baseline", "known.json"]) == 0
    assert main(["log", log, "--baseline", "known.json"]) == 0
    assert "let pass: RT212 constant-validation, known: " in capsys.readouterr().out
    Path(log).write_text(FLAT + "epoch 12 train_loss nan val_loss 2.309000\n" * 3)
    assert main(["log", log, "--baseline", "known.json"]) == 1
    assert "RT201" in capsys.readouterr().out


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ran(nursery: Nursery, tmp_path: Path) -> Run:
    """Runs `train.py`, or the script that is stuck, under `trainlint run`."""

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        if not (tmp_path / "train.py").exists():
            (tmp_path / "train.py").write_text(STUCK)
        return nursery.run("-m", "trainlint", "run", "--no-ledger", *options, "train.py", cwd=tmp_path)

    return run


def test_a_run_in_other_outputs_leaves_the_scripts_own_output_alone(tmp_path: Path, ran: Run) -> None:
    told = ran("--output", "json")
    assert (told.returncode, told.stdout.count("epoch")) == (7, 4)
    record = json.loads(told.stderr)
    assert record["verdict"] == "Stalled"
    stuck = next(f for f in record["findings"] if f["code"] == "RT101")
    assert (stuck["path"], stuck["line"], stuck["source"]) == ("train.py", 19, "adam.step()")
    told = ran("--output", "github", "--output-file", "told.txt")
    assert "Verdict: stalled" in told.stderr
    assert "::error file=train.py,line=19,title=RT101 zero-learning-rate::" in (tmp_path / "told.txt").read_text()


def test_settings_and_comments_hold_for_a_run(tmp_path: Path, ran: Run) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.trainlint]\nignore = ["RT141", "RT21"]\n')
    (tmp_path / "train.py").write_text(STUCK.replace("adam.step()", "adam.step()  # trainlint: ignore[RT101] a test"))
    told = ran()
    assert "Verdict: healthy but for what is let pass" in told.stderr
    assert "let pass: 1 ignored by comments" in told.stderr
    assert "let pass: RT141 left out by settings" in told.stderr
    assert "RT101 zero-learning-rate" not in told.stderr


def test_strict_stops_at_what_is_new_alone(ran: Run) -> None:
    assert ran("--write-baseline", "known.json").returncode == 7
    told = ran("--baseline", "known.json", "--strict")
    assert told.returncode == 7, told.stderr
    assert "Verdict: healthy but for what is let pass" in told.stderr
    assert ran("--strict").returncode == 1


def test_fail_changes_the_exit_code_of_a_script_that_succeeds(tmp_path: Path, ran: Run) -> None:
    (tmp_path / "train.py").write_text(STUCK.replace("sys.exit(7)", ""))
    assert ran().returncode == 0
    assert ran("--fail").returncode == 1
    (tmp_path / "pyproject.toml").write_text('[tool.trainlint]\nignore = ["RT1", "RT2", "RT6"]\n')
    assert ran("--fail").returncode == 0
