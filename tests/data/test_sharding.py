"""Are shards written whole, only once, and never over anything else?"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_shards import FILES, SMALL, contents, four_parts, plan

from ris_pytorch_pipeline.data import SceneSource, Shards, open_shards, write_shards
from ris_pytorch_pipeline.data.sharded import sharding
from ris_pytorch_pipeline.data.sharded.manifest_schema import check_manifest
from ris_pytorch_pipeline.errors import ConfigurationError, InfeasibleError, InputError, SceneFileError
from ris_pytorch_pipeline.physics import Hardware, Impairments, Sounding, preset
from ris_pytorch_pipeline.units import storage


def test_the_manifest_says_what_is_there(shards: Shards) -> None:
    values = json.loads((shards.folder / "manifest.json").read_text())
    assert (values["schema"], values["version"]) == ("ris-shards", 1)
    config = values["config"]
    assert (config["seed"], config["precision"], config["batch"], config["per_shard"]) == (3, "complex64", 4, 8)
    assert config["splits"]["validation"] == {"scenes": 6, "stream": "scenes/validation"}
    assert config["scenario"]["snapshots"] == 4
    assert [shard["scenes"] for shard in values["shards"]["train"]] == [8, 8, 6]
    listed = [shard for held in values["shards"].values() for shard in held]
    assert {shard["file"]: shard["bytes"] for shard in listed} == {
        f"{name}.safetensors": (shards.folder / f"{name}.safetensors").stat().st_size for name in FILES
    }
    assert len({shard["sha256"] for shard in listed}) == 4
    assert sorted(contents(shards.folder)) == ["manifest.json", *(f"{name}.safetensors" for name in FILES)]
    shards.verify()


def test_the_size_of_a_scene_is_foretold(tmp_path: Path) -> None:
    errors = Impairments(position_error_wavelengths=0.1, unmodelled_code_bits=2)
    hidden = preset("random", code_bits=None, impairments=errors)
    for number, scenario in enumerate((preset("random"), preset("hard"), hidden)):
        write_shards(tmp_path / str(number), plan(scenario, splits={"test": 16}, batch=16, per_shard=16))
        size = (tmp_path / str(number) / "test-00000.safetensors").stat().st_size
        assert 16 * sharding.scene_bytes(scenario) == pytest.approx(size, rel=0.01)
    assert plan(preset("random"), batch=32, per_shard=None).shard_scenes % 32 == 0


@pytest.mark.parametrize("told", [True, False])
def test_the_size_of_a_scene_behind_hardware_is_foretold(tmp_path: Path, told: bool) -> None:
    def turned(sounding: Sounding) -> Sounding:
        return replace(sounding, codes=1j * sounding.codes, channel=2 * sounding.channel)

    own, behind = Hardware(real=turned, told=told), {"calibration": "gains@0", "told": told}
    changes = {"splits": {"test": 16}, "batch": 16, "per_shard": 16, "hardware": own, "behind": behind}
    done = write_shards(tmp_path, plan(preset("random"), **changes))
    size = (tmp_path / "test-00000.safetensors").stat().st_size
    assert 16 * sharding.scene_bytes(preset("random"), own) == pytest.approx(size, rel=0.01)
    held = open_shards(tmp_path).scenes("test", 0, 16)
    assert torch.equal(held.truth.applied_codes, held.observation.codes) is told
    assert done.manifest.behind == f" behind gains@0{'' if told else ', untold'}"


def test_hardware_and_what_the_manifest_says_of_it_go_together() -> None:
    with pytest.raises(ConfigurationError, match=r"`hardware` and `behind` together; got one of them"):
        plan(behind={"calibration": "gains@0", "told": True})
    config = plan().manifest().to_plain()["config"]
    assert "behind" not in config
    values = plan().manifest().to_plain()
    told = {"calibration": "gains@0", "told": True}
    for behind in (told, None):
        assert check_manifest({**values, "config": {**config, "behind": behind}}).config.seed == 3
    for wrong in ("gains", {"calibration": "gains@0"}, {**told, "told": 1}, {**told, "more": 1}):
        with pytest.raises(ValueError, match="behind"):
            check_manifest({**values, "config": {**config, "behind": wrong}})


def test_an_interrupted_simulation_goes_on(tmp_path: Path, shards: Shards) -> None:
    folder, whole = tmp_path / "again", contents(shards.folder)

    def interrupt(done: int, total: int, split: str) -> None:
        assert (total, split) == (28, "train")
        if done == 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shards(folder, plan(), interrupt)
    assert sorted(contents(folder)) == ["manifest.json", "train-00000.safetensors", "train-00001.safetensors"]
    with pytest.raises(SceneFileError, match=r"3 complete train shards; got 2 in .*interrupted"):
        open_shards(folder).source("train", 22, 4)
    (folder / ".train-00002.safetensors.77.part").write_bytes(b"half")
    done = write_shards(folder, plan())
    assert (done.kept, done.written) == (2, 2)
    assert contents(folder) == whole
    done = write_shards(folder, plan())
    assert (done.kept, done.written) == (4, 0)
    assert done.manifest == shards.manifest
    assert contents(folder) == whole


def test_a_folder_from_before_a_field_was_added_goes_on(tmp_path: Path) -> None:
    """Its shards keep the words of its manifest, so that those written now lie beside those written then."""
    full = plan()
    hidden = {key: value for key, value in full.config["impairments"].items() if key != "position_error_wavelengths"}
    older = replace(full, config={**full.config, "impairments": hidden})
    write_shards(tmp_path, older)
    whole = contents(tmp_path)
    (tmp_path / "validation-00000.safetensors").unlink()
    done = write_shards(tmp_path, full)
    assert (done.kept, done.written) == (3, 1)
    assert contents(tmp_path) == whole
    assert len(open_shards(tmp_path).scenes("validation", 0, 6)) == 6
    moved = replace(SMALL, impairments=Impairments(position_error_wavelengths=0.1))
    with pytest.raises(SceneFileError, match=r"position_error_wavelengths: 0.0, 0.1"):
        write_shards(tmp_path, plan(moved))


def test_a_spoilt_shard_is_written_anew(shards: Shards) -> None:
    whole = contents(shards.folder)
    (shards.folder / "train-00001.safetensors").write_bytes(whole["train-00001.safetensors"][:-1] + b"x")
    (shards.folder / "validation-00000.safetensors").unlink()
    done = write_shards(shards.folder, plan())
    assert (done.kept, done.written) == (2, 2)
    assert contents(shards.folder) == whole


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"seed": 4}, "seed: 3, 4"),
        ({"splits": {"train": 23, "validation": 6}}, "splits.train.scenes: 22, 23"),
        ({"splits": {"train": 22}}, "splits.validation"),
        ({"batch": 2}, "batch: 4, 2"),
        ({"per_shard": 4}, "per_shard: 8, 4"),
        ({"scenario": replace(SMALL, snapshots=5)}, "scenario.snapshots: 4, 5"),
    ],
)
def test_another_configuration_in_the_same_folder_is_refused(
    changes: dict[str, Any], part: str, shards: Shards
) -> None:  # fmt: skip
    before = contents(shards.folder)
    with pytest.raises(SceneFileError) as caught:
        write_shards(shards.folder, plan(**changes))
    four_parts(caught.value, part, "pick another folder")
    assert contents(shards.folder) == before


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "train-00000.safetensors").write_text("precious")
    for place in (tmp_path, tmp_path / "train-00000.safetensors"):
        with pytest.raises(SceneFileError, match="something else"):
            write_shards(place, plan())
    assert contents(tmp_path) == {"train-00000.safetensors": b"precious"}


def test_a_disk_too_small_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InfeasibleError) as caught:
        write_shards(tmp_path / "s", plan(splits={"train": 10**15}))
    four_parts(caught.value, f"{storage(10**15 * sharding.scene_bytes(SMALL))} free in")
    assert not list(tmp_path.iterdir())


def test_a_scene_in_two_splits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = SceneSource.drawn
    monkeypatch.setattr(SceneSource, "drawn", lambda self, index: honest(replace(self, split="train"), index))
    with pytest.raises(InputError) as caught:
        write_shards(tmp_path / "s", plan())
    four_parts(caught.value, "scene 0 of", "validation-00000", "a second time")
    assert json.loads((tmp_path / "s" / "manifest.json").read_text())["shards"]["validation"] == []


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"splits": {}}, "at least one split"),
        ({"splits": {"train": 0}}, "train >= 1"),
        ({"batch": 0}, "batch >= 1"),
        ({"per_shard": 6}, "a multiple of the batch"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigurationError, match=part):
        plan(**changes)
