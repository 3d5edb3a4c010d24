"""`ris diagnose` as a user runs it, on the lines that our Trainer prints."""

import json
import os
from pathlib import Path

import pytest

from ris_pytorch_pipeline.cli import main

HEALTHY_RATE = "[0.0002, 0.0008]"


def lines(rates: list[str], moved: list[float], validation: list[float]) -> str:
    """A run's log in the Trainer's own format, one entry per epoch."""
    text = []
    for epoch, (rate, step, value) in enumerate(zip(rates, moved, validation, strict=True), start=1):
        text += [
            f"[LR] epoch={epoch} groups=['backbone', 'head'] lr={rate}",
            "[GRAD] batch=1 ||g||_2=1.234e-02 ok=True",
            f"[STEP] Δparam L2: median={step:.3e}  max={2 * step:.3e}",
            f"Epoch {epoch:03d}/{len(rates):03d} [phase=0] train {0.9 * value:.6f}  val {value:.6f}",
        ]
    return "\n".join(text) + "\n"


def test_a_run_that_never_moved_is_named_with_its_causes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "train.log"
    rates = ["[0.0, 0.0]", "[8.33e-06, 3.33e-05]", "[1.67e-05, 6.67e-05]", *[HEALTHY_RATE] * 5]
    log.write_text(lines(rates, [0.0] * 8, [1.921642] * 8), encoding="utf-8")
    assert main(["diagnose", str(log), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    names = [finding["name"] for finding in said["findings"]]
    assert names[0] == "zero-learning-rate"
    assert {"no-motion", "constant-validation"} <= set(names)
    assert all({"code", "severity", "evidence", "cause", "next"} <= set(finding) for finding in said["findings"])
    assert any("1.921642" in json.dumps(finding) for finding in said["findings"])


def test_a_run_that_learns_is_healthy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "train.log"
    falling = [2.0 * 0.8**epoch for epoch in range(8)]
    log.write_text(lines([HEALTHY_RATE] * 8, [1e-3] * 8, falling), encoding="utf-8")
    assert main(["diagnose", str(log), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []


def test_a_missing_log_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", str(tmp_path / "none.log")]) == 2
    assert "wanted" in capsys.readouterr().err


def test_threads_must_be_positive(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bound", "--threads", "0"]) == 2
    assert "--threads" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_neither_a_folder_nor_a_file_is_named(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pipe" if kind == "pipe" else Path(os.devnull)
    if kind == "pipe":
        os.mkfifo(path)
    assert main(["diagnose", str(path)]) == 2
    assert "Likely cause: a folder, a pipe or a device of that name" in capsys.readouterr().err
