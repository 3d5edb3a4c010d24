"""`ris doctor`, and the checks before `ris train`, as a user runs them."""

import json
from pathlib import Path

import pytest
from running import Run

from ris_pytorch_pipeline.experiment import training_from_toml
from ris_pytorch_pipeline.train import Reporter, Trainer

SMALL = """
[scenario]
horizontal = 5
vertical = 5
antennas = 6
snapshots = 4
sources = [1, 2]
separation = 0.4

[net]
width = 8
blocks = 1
"""
SHORT = ("--epochs", "2", "--n-train", "64", "--n-val", "16")
LINES = {
    "environment", "forward and loss", "backward", "update", "parameter groups", "memory", "planned rates",
    "accumulation", "training, validation", "order of the sources", "known answers", "terms of the loss",
    "gradient of R_blend", "splits", "label ranges", "fields", "labels of the inputs",
}  # fmt: skip


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return str(path)


def test_a_sound_run_passes_every_line(ris: Run, small: str) -> None:
    said = ris("doctor", "--config", small, *SHORT, "--json")
    assert said.code == 0, said.out
    assert {line["name"] for line in said.json["lines"]} == LINES
    assert all(line["passed"] and line["number"] for line in said.json["lines"])
    assert said.json["verdict"] == "Healthy"
    text = ris("doctor", "--config", small, *SHORT, "--seed", "4")
    assert text.code == 0
    assert [line.split()[0] for line in text.out.splitlines()] == ["pass"] * len(LINES)


def test_nothing_is_written_where_a_check_fails(ris: Run, small: str, tmp_path: Path) -> None:
    """Without a weight for the source count, half of the head has no gradient."""
    (tmp_path / "blind.toml").write_text(SMALL + "[loss]\norder = 0.0\n", encoding="utf-8")
    said = ris("doctor", "--config", "blind.toml", *SHORT)
    assert said.code == 1 and "FAIL  backward" in said.out and "RT122 no-gradient" in said.out
    refused = ris("train", "run", "--config", "blind.toml", *SHORT)
    assert refused.code == 1 and "nothing was written" in refused.err
    assert not Path("run").exists()


def test_checks_come_before_training_and_change_nothing(ris: Run, small: str) -> None:
    with_checks = ris("train", "one", "--config", small, *SHORT)
    assert with_checks.code == 0 and with_checks.out.count("pass  ") == len(LINES)
    assert ris("train", "two", "--config", small, *SHORT, "--no-preflight", "--quiet").code == 0
    one, two = (
        [json.loads(line) for line in (Path(run) / "ledger.jsonl").read_text().splitlines()] for run in ("one", "two")
    )
    assert [r["loss"] for r in one if r["event"] == "update"] == [r["loss"] for r in two if r["event"] == "update"]
    beside = {"time": 0, "after": "", "crc": ""}
    assert one[-1] | beside == two[-1] | beside


def test_a_run_that_stops_itself_ends_with_1_and_its_finding(
    ris: Run, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Trainer.__init__

    def broken(self: Trainer, *args: object, **kwargs: object) -> None:
        make(self, *args, **kwargs)  # pyright: ignore[reportArgumentType]
        self.gate.scaler.step = lambda optimizer: None

    monkeypatch.setattr(Trainer, "__init__", broken)
    said = ris("train", "run", "--config", small, "--epochs", "2", "--n-train", "200", "--no-preflight", "--quiet")
    assert said.code == 1 and "RT102 no-update" in said.err and "Next: " in said.err
    assert ris("diagnose", "run").code == 1


def test_bad_input_is_refused(ris: Run) -> None:
    ris("doctor", "--preset", "tinny").refused("tiny")


def test_the_trial_leaves_the_trainer_as_it_was(small: str) -> None:
    trainer = Trainer(training_from_toml(Path(small)), reporter=Reporter(quiet=True))
    before = {name: value.clone() for name, value in trainer.net.state_dict().items()}
    assert all(line.passed for line in trainer.preflight())
    assert all(bool((before[name] == value).all()) for name, value in trainer.net.state_dict().items())
    assert not trainer.optimizer.state and trainer.progress.attempts == trainer.progress.updates == 0
