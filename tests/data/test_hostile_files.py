"""Is every file of a stranger read or refused in four parts, with no file outside its folder and no link followed?"""

import json
import os
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jaxtyping import config as jaxtyping_config
from safetensors.torch import load_file, save_file
from small_shards import SMALL, four_parts, plan
from torch import Tensor

from ris_pytorch_pipeline.data import (
    Shards,
    config_digest,
    load_scenes,
    open_shards,
    save_scenes,
    simulate,
    write_shards,
)
from ris_pytorch_pipeline.errors import ConfigurationError, RisError, SceneFileError
from ris_pytorch_pipeline.files import SEAL, Lock, blank, read_tensors, sealed, write_tensors

MANIFEST = "manifest.json"
VALUES = st.sampled_from(
    [None, True, -1, 0, 1, 2**63, 10**40, 1e308, float("nan"), float("inf"), "", "../x", "\ud800", [], {}]
)  # fmt: skip


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes and types are not checked at each call, as where a user works."""
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenes") / "scene"
    scenes = simulate(SMALL, 3, 0, torch.complex64)
    config = json.loads(json.dumps(asdict(SMALL)))
    save_scenes(path, scenes.observation, scenes.truth, config=config, note="simulated")
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "shards"
    write_shards(folder, plan())
    return folder


def parts_of(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    with read_tensors(path) as file:
        return load_file(path), json.loads(file.metadata["header"])


def changed(value: Any, data: st.DataObject) -> Any:
    """A document with one value replaced, at a place that is drawn."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 9)):
        key = data.draw(st.sampled_from(sorted(value)))
        return value | {key: changed(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        return [changed(value[0], data), *value[1:]]
    return data.draw(VALUES)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_header_is_read_or_refused(data: st.DataObject, scene: Path) -> None:
    tensors, header = parts_of(scene)
    path = scene.with_name("changed")
    write_tensors(path, tensors, json.dumps(changed(header, data)))
    try:
        load_scenes(path)
    except SceneFileError as error:
        four_parts(error)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_manifest_is_read_or_refused(data: st.DataObject, good: Path) -> None:
    whole = (good / MANIFEST).read_bytes()
    values = changed({k: v for k, v in json.loads(whole).items() if k != SEAL}, data)
    try:
        rewrite(good, values)
        shards = open_shards(good)
        assert len(shards.source("train", 4, 4)[0][0]) == 4
    except RisError as error:
        four_parts(error)
    finally:
        (good / MANIFEST).write_bytes(whole)


def rewrite(folder: Path, values: Any) -> None:
    """Write a manifest as its writer would, sealed."""
    if isinstance(values, dict):
        if isinstance(values.get("config"), dict):
            try:
                values["digest"] = config_digest(values["config"])
            except ValueError:
                values["digest"] = "0" * 64
        values = values | {SEAL: blank()}
    (folder / MANIFEST).write_bytes(sealed(json.dumps(values, separators=(",", ":")).encode()))


@pytest.mark.parametrize(
    "name",
    ["../shards/train-00000.safetensors", "x/../train-00000.safetensors", "/dev/zero", "", "train-00001.safetensors"],
)  # fmt: skip
def test_a_manifest_names_no_other_file(name: str, shards: Shards) -> None:
    values = json.loads((shards.folder / MANIFEST).read_text())
    values["shards"]["train"][0]["file"] = name
    rewrite(shards.folder, values)
    with pytest.raises(SceneFileError, match="a missing or foreign key or value"):
        open_shards(shards.folder)


def planted(path: Path, kind: str) -> None:
    """Put something else in the place of a file."""
    moved = path.with_name("moved")
    path.rename(moved)
    if kind == "link":
        path.symlink_to(moved)
    else:
        os.mkfifo(path)


@pytest.mark.parametrize("kind", ["link", "pipe"])
@pytest.mark.parametrize("name", [MANIFEST, "train-00000.safetensors"])
def test_links_and_pipes_are_not_followed(kind: str, name: str, shards: Shards) -> None:
    planted(shards.folder / name, kind)

    def read() -> None:
        opened = open_shards(shards.folder)
        opened.verify()

    with pytest.raises(SceneFileError):
        read()
    with pytest.raises(SceneFileError):
        load_scenes(shards.folder / name) if name != MANIFEST else write_shards(shards.folder, plan())


def test_a_link_in_the_place_of_a_scene_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    scenes = simulate(SMALL, 1, 0, torch.complex64)
    for overwrite in (False, True):
        with pytest.raises(SceneFileError):
            save_scenes(tmp_path / "link", scenes.observation, overwrite=overwrite)
    assert (tmp_path / "mine").read_text() == "mine" and (tmp_path / "link").is_symlink()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: {"measurements": t["measurements"].half()}, "float32 or float64"),
        (lambda t: {"measurements": t["measurements"].bfloat16()}, "float32 or float64"),
        (lambda t: {"truth.positions": t["truth.positions"] > 0}, "float32 or float64"),
        (lambda t: {"extra": torch.tensor(1.0)}, "a scene axis"),
        (lambda t: {"truth.sources": t["truth.sources"].float()}, "int64 or int32"),
        (lambda t: {"codes": t["codes"] * 0}, "codes that are not zero"),
        (lambda t: {"channel": t["channel"] * 0}, "channel that are not zero"),
        (lambda t: {"elements": t["elements"] * 1e30}, "elements of at most"),
        (lambda t: {"measurements": t["measurements"] * 1e30}, "measurements of at most"),
    ],
)
def test_tensors_that_no_measurement_has_are_refused(
    change: Callable[[dict[str, Tensor]], dict[str, Tensor]], words: str, scene: Path, tmp_path: Path
) -> None:
    tensors, header = parts_of(scene)
    write_tensors(tmp_path / "s", tensors | change(tensors), json.dumps(header))
    for part in ((), (1, 3)):
        with pytest.raises(SceneFileError, match=words) as caught:
            load_scenes(tmp_path / "s", *part)
        four_parts(caught.value, str(tmp_path / "s"))


def test_flipped_bytes_of_scenes_and_manifests_are_noticed(scene: Path, shards: Shards, tmp_path: Path) -> None:
    for path, read in ((scene, load_scenes), (shards.folder / MANIFEST, lambda p: open_shards(p.parent))):
        whole, folder = path.read_bytes(), tmp_path / path.name
        folder.mkdir(exist_ok=True)
        for at in range(0, len(whole), max(1, len(whole) // 150)):
            content = bytearray(whole)
            content[at] ^= 0x10
            (folder / path.name).write_bytes(content)
            with pytest.raises(SceneFileError):
                read(folder / path.name)


def test_a_shard_is_verified_when_it_is_first_read(shards: Shards) -> None:
    path = shards.folder / "train-00001.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    source = open_shards(shards.folder).source("train", 22, 4)
    assert len(source[0][0]) == 4
    with pytest.raises(SceneFileError, match="digest does not fit"):
        source[2]


def test_files_of_earlier_versions_are_read_with_a_word(scene: Path, shards: Shards, tmp_path: Path) -> None:
    tensors, header = parts_of(scene)
    save_file(tensors, tmp_path / "old", metadata={"header": json.dumps(header)})
    with pytest.warns(UserWarning, match="no digest of its bytes"):
        assert len(load_scenes(tmp_path / "old").observation) == 3
    values = json.loads((shards.folder / MANIFEST).read_text())
    del values[SEAL]
    (shards.folder / MANIFEST).write_text(json.dumps(values))
    with pytest.warns(UserWarning, match="no digest of its text"):
        open_shards(shards.folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_shards(shards.folder, plan())
    assert SEAL in json.loads((shards.folder / MANIFEST).read_text())


def test_two_simulations_in_one_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    with Lock(folder), pytest.raises(ConfigurationError, match="another run in the same folder"):
        write_shards(folder, plan())


def test_what_a_killed_simulation_left_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    for name in (".manifest.json.4711.part", ".tmpAbCdEf", ".lock"):
        (folder / name).write_bytes(b"{")
    write_shards(folder, plan())
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]
