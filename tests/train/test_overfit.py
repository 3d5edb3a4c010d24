"""Does the overfit test use the same scenes twice, and say why it failed?"""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from ris_pytorch_pipeline.data import Reordered, SceneSource
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.experiment import Plan, TrainingExperiment, presets
from ris_pytorch_pipeline.train import Data, Overfit, Reporter, one_batch, overfit
from ris_pytorch_pipeline.train.overfitting import reasons


def test_too_short_a_run_is_a_no_go_with_numbers() -> None:
    experiment = replace(presets.tiny, plan=Plan(epochs=2, batch=4, max_val_batches=1))
    found = overfit(experiment, scenes=8, reporter=Reporter(quiet=True))
    document = json.loads(json.dumps(found.to_plain()))
    assert set(document) == {"nmse_first", "nmse", "angle_median_deg", "updates", "verdict"}
    assert document["updates"] == 4
    assert 0.3 < document["nmse_first"] < 2
    assert document["verdict"].startswith("no-go: NMSE")


@pytest.mark.parametrize("snr_db", [(-5.0, 5.0), 0.0])
def test_scenes_in_noise_alone_are_refused_before_a_training(snr_db, tmp_path: Path) -> None:
    scenario = replace(presets.tiny.scenario, snr_db=snr_db)
    experiment = replace(presets.tiny, scenario=scenario, plan=Plan(epochs=1, batch=4))
    with pytest.raises(ConfigurationError, match=r"a scene above 5 dB.* got 8 scenes with snr_db = "):
        overfit(experiment, scenes=8, directory=tmp_path / "run", reporter=Reporter(quiet=True))
    assert not (tmp_path / "run").exists()


def test_a_number_that_is_not_finite_is_null_in_the_document() -> None:
    found = Overfit(nmse_first=1.0, nmse=math.inf, angle_median_deg=math.nan, updates=3, reasons=("NMSE inf",))
    document = json.loads(json.dumps(found.to_plain(), allow_nan=False))
    assert (document["nmse"], document["angle_median_deg"], document["nmse_first"]) == (None, None, 1.0)


def test_the_scenes_are_drawn_and_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, draw = [], SceneSource.drawn
    monkeypatch.setattr(SceneSource, "drawn", lambda self, index: drawn.append(index) or draw(self, index))
    overfit(replace(presets.tiny, plan=Plan(epochs=1, batch=4)), scenes=8, reporter=Reporter(quiet=True))
    assert sorted(drawn) == [0, 1]


@pytest.mark.parametrize("strange", ["validation", "a later epoch"])
def test_other_scenes_in_training_than_in_validation_are_refused(strange: str, tmp_path: Path) -> None:
    source = SceneSource(scenario=presets.tiny.scenario, split="train", seed=0, scenes=8, batch=4)
    other = replace(source, split="validation")

    def data(experiment: TrainingExperiment) -> Data:
        if strange == "validation":
            return Data(train=lambda epoch: source, validation=other)
        return Data(train=source.epoch, validation=source)

    experiment = replace(presets.tiny, plan=Plan(epochs=2, batch=4))
    with pytest.raises(
        InputError, match=f"got 16 scenes in one of them alone in epoch {1 + (strange != 'validation')}"
    ):
        overfit(experiment, scenes=8, directory=tmp_path / "run", reporter=Reporter(quiet=True), data=data)
    assert not (tmp_path / "run").exists()


def test_the_same_scenes_in_another_order_are_the_same(tmp_path: Path) -> None:
    source = SceneSource(scenario=presets.tiny.scenario, split="train", seed=0, scenes=8, batch=4)

    def data(experiment: TrainingExperiment) -> Data:
        return Data(train=lambda epoch: Reordered(source=source, order=(1, 0)), validation=source)

    experiment = replace(presets.tiny, plan=Plan(epochs=1, batch=4))
    assert overfit(experiment, scenes=8, reporter=Reporter(quiet=True), data=data).updates == 2


def test_one_batch_shows_every_link_of_every_update() -> None:
    lines: list[str] = []
    found = one_batch(replace(presets.tiny, plan=Plan(batch=4, n_train=4)), updates=5, write=lines.append)
    assert found.updates == 5
    for start in ("[LOSS] batch=", "[GRAD] batch=", "[OPT] step ", "[STEP] Δparam ||·||₂ ="):
        assert sum(line.startswith(start) and "backbone" not in line for line in lines) == 5, start
    losses = [float(line.split("total=")[1].split()[0]) for line in lines if line.startswith("[LOSS]")]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((1.0, 0.05, 0.5, 10), []),
        ((1.0, 0.5, 0.5, 10), ["NMSE 0.500 (from 1.000)"]),
        ((1.0, 0.05, 3.0, 10), ["median angle error 3.00°"]),
        ((1.0, math.nan, math.nan, 0), ["no update", "NMSE nan", "angle error nan"]),
    ],
)
def test_each_reason_is_named(values, words) -> None:
    found = reasons(*values)
    assert len(found) == len(words)
    assert all(word in reason for word, reason in zip(words, found, strict=True))
