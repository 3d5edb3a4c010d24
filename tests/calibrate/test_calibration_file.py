"""Does a calibration come back from its file as it was, correct what it should, and refuse everything else?"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from detuned import detuned, phases
from safetensors.torch import save_file

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
from ris_pytorch_pipeline.files import read_tensors, write_tensors

GAINS = phases(36, 0.5)


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    scenes = detuned(GAINS, 20)
    learnt = calibrate(known_scenes(scenes.observation, scenes.truth.positions))
    found = Calibration.of(learnt, scenes.observation, unidentified(learnt, scenes.observation))
    return replace(found, deviation_scale=torch.tensor([1.5, 2.0, 1.0], dtype=torch.float64), scale_places=20)


def test_it_comes_back_as_it_was(calibration: Calibration, tmp_path: Path) -> None:
    save_calibration(tmp_path / "c", calibration)
    back = load_calibration(tmp_path / "c")
    assert back.array.same_as(calibration.array)
    for name in ("elements", "antennas", "deviation_scale"):
        assert torch.equal(vars(back)[name], vars(calibration)[name])
    assert back.scale_places == 20
    assert (back.unidentified, back.shares, back.model) == (calibration.unidentified, calibration.shares, "elements")
    with pytest.raises(SceneFileError, match="which exists"):
        save_calibration(tmp_path / "c", calibration)
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_every_flipped_byte_is_noticed(calibration: Calibration, tmp_path: Path) -> None:
    save_calibration(tmp_path / "c", calibration)
    good = (tmp_path / "c").read_bytes()
    for at in range(0, len(good), 3):
        (tmp_path / "c").write_bytes(good[:at] + bytes([good[at] ^ 2]) + good[at + 1 :])
        with pytest.raises(SceneFileError):
            load_calibration(tmp_path / "c")


def test_a_file_of_an_earlier_version_is_read_with_a_warning(calibration: Calibration, tmp_path: Path) -> None:
    save_calibration(tmp_path / "c", calibration)
    with read_tensors(tmp_path / "c") as file:
        header, tensors = file.metadata["header"], {name: file.tensor(name) for name in file.names}
    save_file(tensors, tmp_path / "old", metadata={"header": header})
    with pytest.warns(UserWarning, match="no digest"):
        assert torch.equal(load_calibration(tmp_path / "old").elements, calibration.elements)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"wavelengths": []}, "wavelengths"),
        ({"wavelengths": [-1.0]}, "wavelengths"),
        ({"pose": {"position": 3}}, "calibration"),
        ({"shares": {"elements": "much"}}, "shares"),
        ({"version": 2}, "version"),
        ({"more": 1}, "more"),
    ],
)
def test_headers_that_cannot_be_are_refused(calibration: Calibration, tmp_path: Path, fields: dict, words: str) -> None:
    save_calibration(tmp_path / "c", calibration)
    with read_tensors(tmp_path / "c") as file:
        header, tensors = json.loads(file.metadata["header"]), {name: file.tensor(name) for name in file.names}
    write_tensors(tmp_path / "c", tensors, json.dumps(header | fields))
    with pytest.raises(SceneFileError, match=words):
        load_calibration(tmp_path / "c")


@pytest.mark.parametrize("name", ["elements", "antennas"])
def test_gains_that_are_all_zero_are_refused(calibration: Calibration, tmp_path: Path, name: str) -> None:
    save_calibration(tmp_path / "c", calibration)
    with read_tensors(tmp_path / "c") as file:
        header, tensors = file.metadata["header"], {each: file.tensor(each) for each in file.names}
    tensors[name][:, 0] = 0  # one that is dead is no reason
    write_tensors(tmp_path / "c", tensors, header)
    load_calibration(tmp_path / "c")
    tensors[name].zero_()
    write_tensors(tmp_path / "c", tensors, header)
    with pytest.raises(SceneFileError, match=f"gains of {name} that are all zero"):
        load_calibration(tmp_path / "c")


def test_links_are_neither_followed_nor_replaced(calibration: Calibration, tmp_path: Path) -> None:
    save_calibration(tmp_path / "c", calibration)
    (tmp_path / "link").symlink_to("c")
    with pytest.raises(SceneFileError, match="link"):
        load_calibration(tmp_path / "link")
    with pytest.raises(SceneFileError, match="link"):
        save_calibration(tmp_path / "link", calibration, overwrite=True)


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
    assert 0.9 < float(scale[0]) < 1.4
