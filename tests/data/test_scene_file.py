"""Do scenes survive a scene file to the last bit, and is every file that is none refused with four parts?"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from jaxtyping import config as jaxtyping_config
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ris_pytorch_pipeline.data import SceneFile, config_digest, load_scenes, save_scenes
from ris_pytorch_pipeline.errors import SceneFileError
from ris_pytorch_pipeline.experiment import Experiment
from ris_pytorch_pipeline.files import write_tensors
from ris_pytorch_pipeline.physics import Impairments, Observation, Panel, Scenes, draw, fresnel, preset
from ris_pytorch_pipeline.rng import stream

SMALL = preset("random", horizontal=4, vertical=3, antennas=5, snapshots=4, sources=(1, 2), separation=0.0)


def drawn(dtype: torch.dtype = torch.complex64, **overrides: Any) -> Scenes:
    return draw(replace(SMALL, **overrides), 3, stream(1, "scene file"), dtype)


def saved(folder: Path, **arguments: Any) -> Path:
    scenes = drawn()
    save_scenes(folder / "scenes.safetensors", scenes.observation, scenes.truth, **arguments)
    return folder / "scenes.safetensors"


def rewritten(path: Path, change: dict[str, Tensor | None], header: dict[str, Any] | None = None) -> Path:
    """The same file with some tensors replaced or left out, and some header keys changed."""
    tensors = load_file(path)
    for name, tensor in change.items():
        tensors.pop(name, None)
        if tensor is not None:
            tensors[name] = tensor.contiguous()
    with safe_open(path, framework="pt") as file:
        values = json.loads(file.metadata()["header"])
    write_tensors(path, tensors, json.dumps(values | (header or {})))
    return path


def same(first: Any, second: Any) -> bool:
    """Equal to the last bit, NaN equal to NaN."""
    names = [name for name in vars(first) if name != "array"]
    pairs = [(getattr(first, name), getattr(second, name)) for name in names]
    pairs += [(first.elements, second.elements)] if "array" in vars(first) else []
    return all(
        (a.dtype == b.dtype and a.shape == b.shape and bool(((a == b) | (a != a) & (b != b)).all()))
        if isinstance(a, Tensor)
        else a == b
        for a, b in pairs
    )


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes and types are not checked at each call, as where a user works."""
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)


def refused(path: Path, *parts: str) -> None:
    with pytest.raises(SceneFileError) as caught:
        load_scenes(path)
    error = caught.value
    assert all((error.wanted, error.got, error.cause, error.move))
    assert str(path) in error.got
    for part in parts:
        assert part in str(error), str(error)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
@pytest.mark.parametrize(
    "impairments",
    [
        Impairments(),
        Impairments(phase_error_rad=0.3, channel_error_db=-10.0),
        Impairments(position_error_wavelengths=0.1),
    ],
)
def test_scenes_come_back(dtype: torch.dtype, impairments: Impairments, tmp_path: Path) -> None:
    scenes = drawn(dtype, impairments=impairments)
    config = Experiment(scenario=SMALL).to_plain()
    header = save_scenes(tmp_path / "s", scenes.observation, scenes.truth, config=config, note="a note")
    again = load_scenes(tmp_path / "s")
    assert again.header == header
    assert (again.header.config, again.header.note) == (config, "a note")
    assert again.header.digest == config_digest(config) == Experiment(scenario=SMALL).digest
    assert again.truth is not None
    assert again.scenes is not None
    assert same(again.observation, scenes.observation)
    assert same(again.truth, scenes.truth)


def test_what_the_panel_did_is_left_out_where_it_equals_the_given(tmp_path: Path) -> None:
    assert not {"truth.applied_codes", "truth.applied_elements"} & load_file(saved(tmp_path)).keys()
    scenes = drawn(impairments=Impairments(phase_error_rad=0.3))
    save_scenes(tmp_path / "hard", scenes.observation, scenes.truth)
    names = load_file(tmp_path / "hard")
    assert "truth.applied_codes" in names
    assert "truth.applied_channel" not in names


def test_measured_scenes_with_one_antenna_need_no_truth(tmp_path: Path) -> None:
    generator = stream(2, "measured")
    elements = Panel(horizontal=8, vertical=8, spacing=0.05).elements()
    observation = Observation(
        measurements=torch.randn(2, 11, 1, dtype=torch.complex64, generator=generator),
        codes=1 - 2 * torch.randint(2, (2, 11, 64), generator=generator).to(torch.complex64),
        channel=torch.randn(2, 1, 64, dtype=torch.complex64, generator=generator),
        elements=elements,
        wavelength=0.1,
        symbols="pilot",
    )
    save_scenes(tmp_path / "measured.safetensors", observation, note="anechoic chamber")
    again = load_scenes(tmp_path / "measured.safetensors")
    assert again.truth is None
    assert again.scenes is None
    assert again.header.config is None
    assert same(again.observation, observation)


def test_views_and_conjugates_are_written_as_values(tmp_path: Path) -> None:
    scenes = drawn()
    given = scenes.observation
    seen = replace(
        given,
        measurements=given.measurements.conj()[:2],
        codes=given.codes[1:],
        channel=given.channel[:1].expand(2, -1, -1),
    )
    save_scenes(tmp_path / "s", seen)
    assert torch.equal(load_scenes(tmp_path / "s").observation.measurements, seen.measurements)


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    path = saved(tmp_path)
    before = path.read_bytes()
    with pytest.raises(SceneFileError, match=r"which exists.*--force"):
        saved(tmp_path)
    assert path.read_bytes() == before
    saved(tmp_path, note="new", overwrite=True)
    assert load_scenes(path).header.note == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("failure", "raised"),
    [(OSError("no space left"), SceneFileError), (KeyboardInterrupt("Ctrl-C"), KeyboardInterrupt)],
)
def test_a_file_that_fails_half_way_leaves_nothing(
    failure: BaseException, raised: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def fails(descriptor: int) -> None:
        raise failure

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(raised, match=str(failure)):
        saved(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneFileError, match="make the folder first"):
        save_scenes(tmp_path / "no" / "s.safetensors", drawn().observation)
    with pytest.raises(SceneFileError):
        save_scenes(tmp_path, drawn().observation, overwrite=True)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "no.safetensors", "no file")
    refused(tmp_path)


@pytest.mark.parametrize("kept", [0, 4, 200, 0.5, 0.999])
def test_a_truncated_file_is_refused(kept: float, tmp_path: Path) -> None:
    path = saved(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if kept < 1 else int(kept)])
    refused(path, "cut short")


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign"
    path.write_text("azimuth,elevation\n1,2\n" * 30)
    refused(path, "a file of another kind")
    save_file({"weight": torch.zeros(3)}, path)
    refused(path, "no scene header")
    save_file({"weight": torch.zeros(3)}, path, metadata={"header": "{not json"})
    refused(path, "no JSON")
    save_file({"weight": torch.zeros(3)}, path, metadata={"header": "[1]"})
    refused(path, "another schema")


def test_a_file_of_version_1_is_still_read(tmp_path: Path) -> None:
    path = saved(tmp_path)
    before = load_scenes(path)
    tensors = load_file(path)
    with safe_open(path, framework="pt") as file:
        values = json.loads(file.metadata()["header"])
    old = {key: value for key, value in values.items() if key not in {"wavelengths", "wavefront", "pose"}}
    old |= {"version": 1, "wavelength": values["wavelengths"][0]}
    save_file(tensors, path, metadata={"header": json.dumps(old)})
    with pytest.warns(UserWarning, match="no digest"):
        again = load_scenes(path)
    assert again.header == before.header
    assert same(again.observation, before.observation)
    assert again.observation.array.wavelengths == before.observation.array.wavelengths


def test_pose_wavelengths_wavefront_and_noise_variance_come_back(tmp_path: Path) -> None:
    scenario = preset("random", frequencies=3, bandwidth=0.1, yaw_deg=20.0, sources=1, horizontal=4, vertical=3)
    drawn = draw(scenario, 2, stream(0, "wide file"))
    seen = replace(
        drawn.observation, array=replace(drawn.observation.array, wavefront=fresnel), noise_variance=[0.1, 0.2]
    )
    save_scenes(tmp_path / "wide.safetensors", seen, drawn.truth)
    again = load_scenes(tmp_path / "wide.safetensors")
    assert same(again.observation, seen) and again.observation.array.same_as(seen.array)
    assert again.observation.array.pose == seen.array.pose
    assert again.truth is not None and torch.equal(again.truth.symbols, drawn.truth.symbols)


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ({"schema": "other"}, "another schema"),
        ({"version": 3}, "another release"),
        ({"extra": 1}, "foreign header keys: extra"),
        ({"wavelengths": [-0.3]}, "a wrong unit"),
        ({"wavelengths": "0.3"}, "a wrong unit"),
        ({"wavelengths": []}, "a wrong unit"),
        ({"wavelengths": [True]}, "a wrong unit"),
        ({"version": 2.0}, "version = 2.0"),
        ({"package": 3}, "package = 3"),
        ({"note": None}, "note = None. Likely cause: a file edited by hand. Next: write a text"),
        ({"symbols": ["pilot", 3]}, "symbols = ['pilot', 3]. Likely cause: a misspelt name"),
        ({"symbols": ["pilot", "pilot"]}, "all sources are of one kind"),
        ({"pose": {"position": [0, 0], "yaw": 0, "pitch": 0, "roll": 0}}, "an array that cannot be"),
        ({"pose": {"position": [0, 0, 0], "yaw": "0", "pitch": 0, "roll": 0}}, "pose.yaw = '0'"),
        ({"digest": 3}, "edited after it was written"),
        ({"wavefront": "round"}, "an array that cannot be"),
        ({"pose": {}}, "an array that cannot be"),
        ({"symbols": "qam"}, "'qam'"),
        ({"config": 3}, "no table"),
        ({"config": {"seed": 1}}, "edited after it was written"),
        ({"digest": "0" * 64}, "edited after it was written"),
    ],
)
def test_another_header_is_refused(header: dict[str, Any], part: str, tmp_path: Path) -> None:
    refused(rewritten(saved(tmp_path), {}, header), part)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"codes": None}, "a tensor 'codes'"),
        ({"truth.powers": None}, "a tensor 'truth.powers'"),
        ({"measurements": torch.zeros(3, 4, 5)}, "(real, imaginary)"),
        ({"measurements": torch.full((3, 4, 5, 2), torch.nan)}, "finite measurements"),
        ({"measurements": torch.zeros(3, 9, 5, 2)}, "not the codebook"),
        ({"elements": torch.zeros(7, 3)}, "elements"),
        ({"truth.positions": torch.zeros(3, 2)}, "truth.positions of shape"),
        ({"truth.snr_db": torch.zeros(4)}, "truth.snr_db of shape"),
        ({"truth.sources": torch.tensor([1, 2, 3])}, "truth.sources"),
        ({"truth.sources": torch.tensor([1.0, 2.0, 1.0])}, "truth.sources"),
        ({"truth.positions": torch.full((3, 2, 3), 2.0)}, "the panel looks along +x"),
        ({"truth.positions": torch.zeros(3, 2, 3)}, "a positive distance"),
        ({"truth.noise_variance": torch.zeros(3)}, "a positive noise variance"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_tensors_are_refused(change: dict[str, Tensor | None], part: str, tmp_path: Path) -> None:
    refused(rewritten(saved(tmp_path), change), part)


def test_the_rewriting_of_these_tests_changes_nothing_by_itself(tmp_path: Path) -> None:
    path = saved(tmp_path)
    before: SceneFile = load_scenes(path)
    after = load_scenes(rewritten(path, {}, {}))
    assert same(before.truth, after.truth)
    assert before.header == after.header
