"""`ris train`, `ris overfit` and the diagnosis of what they leave, as a user runs them."""

import json
from pathlib import Path

import pytest

from ris_pytorch_pipeline.cli import main

SHORT = ["--n-train", "32", "--n-val", "16"]
AT_ONCE = [*SHORT, "--no-preflight"]


def test_a_run_trains_resumes_and_is_diagnosed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(tmp_path / "run")
    assert main(["train", run, "--epochs", "3", *AT_ONCE]) == 0
    out = capsys.readouterr().out
    assert "[VERDICT] Healthy 3 epochs, 3 updates, 0 skipped" in out
    assert "[LR] epoch=1 groups=['backbone', 'head'] lr=[" in out
    assert "[GRAD] params with no grad: []" in out
    assert "3 updates in 3 epochs" in out
    assert main(["diagnose", run, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []
    assert main(["train", run, "--epochs", "3", *AT_ONCE]) == 2
    assert "wanted" in capsys.readouterr().err
    assert main(["train", run, "--epochs", "3", *SHORT, "--resume", "--quiet"]) == 0


def test_a_run_without_an_end_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert main(["train", str(run), "--epochs", "1", *AT_ONCE, "--quiet"]) == 0
    ledger = run / "ledger.jsonl"
    records = ledger.read_text(encoding="utf-8").splitlines()
    ledger.write_text("\n".join(records[:-1]) + "\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["diagnose", str(run), "--json"]) == 1
    assert [f["name"] for f in json.loads(capsys.readouterr().out)["findings"]] == ["died-without-record"]


def test_overfit_says_no_go_with_its_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["overfit", "--scenes", "32", "--epochs", "1", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"nmse_first", "nmse", "angle_median_deg", "updates", "verdict"}
    assert said["verdict"].startswith("no-go: ")


@pytest.mark.parametrize("wrong", [["--preset", "tinny"], ["--epochs", "0"], ["--n-train", "0"], ["--log-every", "0"]])
def test_bad_input_starts_no_run(tmp_path: Path, wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(tmp_path / "run"), *wrong]) == 2
    assert "wanted" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
