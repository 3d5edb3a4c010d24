"""Does a network train on scenes with errors that nobody is told of, displaced elements and codes among them?"""

import importlib
import math
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from ris_pytorch_pipeline.experiment import training_preset
from ris_pytorch_pipeline.physics import draw, preset
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.train import Reporter, Trainer


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    return importlib.import_module("gpu")


def test_errors_are_put_together(gpu: ModuleType) -> None:
    scenario = gpu.with_errors(preset("random"), ["hard", "positions", "codes"])
    hidden, hard = scenario.impairments, preset("hard").impairments
    assert replace(hidden, position_error_wavelengths=0.0, unmodelled_code_bits=None) == hard
    assert (hidden.position_error_wavelengths, hidden.unmodelled_code_bits) == (0.03, 2)
    assert scenario.code_bits is None


@pytest.mark.parametrize("names", [["positions"], ["codes"], ["hard", "positions", "codes"]])
def test_the_errors_are_in_the_measurements_and_not_in_what_is_told(gpu: ModuleType, names: list[str]) -> None:
    base = replace(preset("random", sources=2), code_bits=None)
    scenario = gpu.with_errors(base, names)
    clean = replace(scenario, impairments=type(scenario.impairments)())
    seen, without = (draw(each, 2, stream(0, "with errors")).observation for each in (scenario, clean))
    assert bool((seen.array.elements == without.array.elements).all())
    assert not bool((seen.measurements == without.measurements).all())
    assert bool((seen.codes.abs() - 1).abs().max() < 1e-9)


@pytest.mark.parametrize("names", [["positions"], ["codes"], ["hard", "positions", "codes"]])
def test_an_update_is_made(gpu: ModuleType, names: list[str]) -> None:
    experiment = training_preset("tiny", {"plan": {"epochs": 1, "n_train": 4, "n_val": 2, "batch": 4}})
    experiment = replace(experiment, scenario=gpu.with_errors(experiment.scenario, names))
    losses: list[float] = []
    Trainer(
        experiment,
        reporter=Reporter(quiet=True),
        listeners=[lambda event, values: losses.append(values["val"]) if event == "epoch" else None],
    ).fit()
    assert len(losses) == 1 and math.isfinite(losses[0])
