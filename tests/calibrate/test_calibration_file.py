"""Does a calibration come back from its file as it was, correct what it should, and refuse everything else?"""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from detuned import detuned, phases

from ris_pytorch_pipeline.calibrate import (
    Calibration,
    Choice,
    calibrate,
    coverage,
    deviation_scale,
    known_scenes,
    load_calibration,
    save_calibration,
    unidentified,
)
from ris_pytorch_pipeline.data import save_scenes
from ris_pytorch_pipeline.errors import InputError, SceneFileError
from ris_pytorch_pipeline.estimate import PilotMl

GAINS = phases(36, 0.5)


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    scenes = detuned(GAINS, 20)
    learnt = calibrate(known_scenes(scenes.observation, scenes.truth.positions))
    found = Calibration.of(learnt, scenes.observation, unidentified(learnt, scenes.observation))
    return replace(found, deviation_scale=torch.tensor([1.5, 2.0, 1.0], dtype=torch.float64))


def test_it_comes_back_as_it_was(calibration: Calibration, tmp_path: Path) -> None:
    save_calibration(tmp_path / "c", calibration)
    back = load_calibration(tmp_path / "c")
    assert back.array.same_as(calibration.array)
    for name in ("elements", "antennas", "deviation_scale"):
        assert torch.equal(vars(back)[name], vars(calibration)[name])
    assert (back.unidentified, back.shares, back.model) == (calibration.unidentified, calibration.shares, "elements")
    with pytest.raises(SceneFileError, match="which exists"):
        save_calibration(tmp_path / "c", calibration)
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_unseen_scenes_are_located_better(calibration: Calibration) -> None:
    scenes = detuned(GAINS, 30, seed=7)
    errors = []
    for seen in (scenes.observation, calibration.applied(scenes.observation)):
        estimate = PilotMl()(seen, 1)
        errors.append((estimate.positions - scenes.truth.positions)[:, 0, 0].square().mean().sqrt())
    assert errors[1] < 0.3 * errors[0]
    assert torch.allclose(calibration.widened(estimate).deviations[..., 1], 2 * estimate.deviations[..., 1])


def test_nominal_changes_nothing() -> None:
    seen = detuned(GAINS, 2).observation
    same = Calibration.nominal(seen.array, 6).applied(seen)
    assert torch.equal(same.channel, seen.channel) and torch.equal(same.codes, seen.codes)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"horizontal": 4}, "calibrated Array"),
        ({"spacing": 0.14}, "calibrated Array"),
        ({"antennas": 4}, "with 6 antennas"),
        ({"wavelength": 0.29}, "another frequency"),
    ],
)
def test_other_hardware_is_refused(calibration: Calibration, fields: dict, words: str) -> None:
    gains = torch.ones(24 if "horizontal" in fields else 36, dtype=torch.complex128)
    with pytest.raises(InputError, match=words):
        calibration.applied(detuned(gains, 2, **fields).observation)


def test_other_files_are_refused(tmp_path: Path, calibration: Calibration) -> None:
    save_scenes(tmp_path / "scenes", detuned(GAINS, 2).observation)
    save_calibration(tmp_path / "whole", calibration)
    (tmp_path / "cut").write_bytes((tmp_path / "whole").read_bytes()[:-40])
    (tmp_path / "text").write_text("no calibration")
    for name in ("scenes", "cut", "text", "absent"):
        with pytest.raises(SceneFileError, match=r"wanted .*calibration"):
            load_calibration(tmp_path / name)


def test_the_scale_of_a_deviation_covers_new_scenes() -> None:
    """±, stretched by what half of the scenes showed, covers the other half; unstretched it does not."""
    scenes = detuned(GAINS, 60, seed=3, distance=[2.0, 5.0])
    taught, new = scenes[torch.arange(0, 60, 2)], scenes[torch.arange(1, 60, 2)]
    scale, _ = deviation_scale(taught.observation, taught.truth.positions, Choice(), PilotMl())
    assert float(scale[0]) > 2
    estimate = PilotMl()(new.observation, 1)
    error = (estimate.positions - new.truth.positions)[:, 0, 0]
    deviation = estimate.deviations[:, 0, 0]
    assert coverage(error, deviation) < 0.6
    assert 0.8 <= coverage(error, deviation * scale[0])


def test_sound_hardware_needs_no_scale() -> None:
    scenes = detuned(torch.ones(36, dtype=torch.complex128), 60, distance=[2.0, 5.0])
    scale, _ = deviation_scale(scenes.observation, scenes.truth.positions, Choice(), PilotMl())
    assert 0.75 < float(scale[0]) < 1.4
