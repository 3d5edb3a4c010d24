"""`ris train`, `ris overfit` and the diagnosis of what they leave, as a user runs them."""

import json
import sys
from pathlib import Path

import pytest
import torch

from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.cli.commands.train import limited
from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.physics import Scenario, preset
from ris_pytorch_pipeline.train import Trainer, WatchConfig

SHORT = ["--n-train", "32", "--n-val", "16"]
REFUSED = [
    *(["--preset", "tinny"], ["--epochs", "0"], ["--n-train", "0"], ["--log-every", "0"], ["--memory-limit", "0"]),
    *(["--tolerate", "RT101"], ["--tolerate", "RT999=1"], ["--tolerate", "RT101=-2"]),
]
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
    assert [json.loads(record)["event"] for record in records[-2:]] == ["verdict", "end"]
    ledger.write_text("\n".join(records[:-2]) + "\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["diagnose", str(run), "--json"]) == 1
    assert [f["name"] for f in json.loads(capsys.readouterr().out)["findings"]] == ["died-without-record"]


def test_what_is_tolerated_reaches_the_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[WatchConfig] = []
    monkeypatch.setattr(Trainer, "fit", lambda self, **_: given.append(self.watching.config) or self.progress)
    options = ["--tolerate", "RT101=3", "--tolerate", "RT203=-1", "--watch", "full"]
    assert main(["train", str(tmp_path / "run"), *AT_ONCE, *options]) == 0
    assert given == [WatchConfig(preset="full", tolerate={"RT101": 3, "RT203": -1})]


def test_a_scenario_of_ones_own_is_trained_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Scenario] = []
    monkeypatch.setattr(Trainer, "fit", lambda self, **_: given.append(self.experiment.scenario) or self.progress)
    (tmp_path / "own.toml").write_text('preset = "lab"\n[presets.lab]\npreset = "pilot"\nhorizontal = 6\n')
    assert main(["train", str(tmp_path / "run"), *AT_ONCE, "--config", str(tmp_path / "own.toml")]) == 0
    assert given == [preset("pilot", horizontal=6)]


@pytest.mark.skipif(sys.platform != "linux", reason="no limit on address space elsewhere")
def test_memory_beyond_the_limit_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Trainer, "fit", lambda self, **_: torch.zeros(10**9))
    assert main(["train", str(tmp_path / "run"), *AT_ONCE, "--memory-limit", "200"]) == 1
    assert "at most 200.0 MB more memory" in capsys.readouterr().err
    torch.zeros(10**8)  # the limit is gone


def test_a_memory_limit_is_refused_for_a_gpu() -> None:
    with pytest.raises(ConfigurationError, match="ris doctor"):
        limited(200, "cuda")


def test_overfit_says_no_go_with_its_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["overfit", "--scenes", "32", "--epochs", "1", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"nmse_first", "nmse", "angle_median_deg", "updates", "verdict"}
    assert said["verdict"].startswith("no-go: ")


@pytest.mark.parametrize("wrong", REFUSED)
def test_bad_input_starts_no_run(tmp_path: Path, wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(tmp_path / "run"), *wrong]) == 2
    assert "wanted" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
