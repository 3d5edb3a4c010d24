"""Are batches from shards the ones drawn on the fly, and is every altered, missing or foreign shard refused?"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from jaxtyping import config as jaxtyping_config
from safetensors.torch import load_file
from small_shards import COUNTS, SMALL, drawn, four_parts, plan
from torch import Tensor

from ris_pytorch_pipeline.data import HeldScenes, Shards, content_hashes, open_shards, write_shards
from ris_pytorch_pipeline.data.dataset import Split
from ris_pytorch_pipeline.errors import ConfigurationError, SceneFileError
from ris_pytorch_pipeline.files import read_tensors, write_tensors
from ris_pytorch_pipeline.physics import Impairments, Scenario


def same(first: Any, second: Any) -> bool:
    """Equal to the last bit in every tensor, nested ones included; NaN equals NaN."""
    pairs = [(vars(first)[name], vars(second)[name]) for name in vars(first)]
    return all(
        (a.dtype == b.dtype and a.shape == b.shape and bool(((a == b) | (a != a) & (b != b)).all()))
        if isinstance(a, Tensor)
        else same(a, b)
        if hasattr(a, "__dataclass_fields__")
        else a == b
        for a, b in pairs
    )


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes and types are not checked at each call, as where a user works."""
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)


def rewritten(path: Path, change: Mapping[str, Tensor]) -> None:
    """A scene file with some tensors replaced."""
    with read_tensors(path) as file:
        header = file.metadata["header"]
    write_tensors(path, load_file(path) | dict(change), header)


@pytest.mark.parametrize("scenario", [SMALL, replace(SMALL, impairments=Impairments(phase_error_rad=0.3))])
def test_batches_are_those_drawn_on_the_fly(scenario: Scenario, tmp_path: Path) -> None:
    write_shards(tmp_path / "s", plan(scenario))
    for split, scenes in COUNTS.items():
        read = list(open_shards(tmp_path / "s").source(split, scenes, 4))
        made = list(drawn(split, scenes, 4, scenario))
        assert len(read) == len(made) == -(-scenes // 4)
        for one, two in zip(read, made, strict=True):
            assert same(one[0], two[0])
            assert same(one[1], two[1])


@pytest.mark.parametrize("batch", [1, 3, 5, 8, 20, 22, 30])
def test_a_batch_of_another_size_spans_shards_and_holds_the_same_scenes(batch: int, shards: Shards) -> None:
    source = shards.source("train", 22, batch)
    assert [len(x) for x, _ in source] == [min(batch, 22 - first) for first in range(0, 22, batch)]
    assert content_hashes(source) == content_hashes(drawn("train", 22, 4))
    assert content_hashes(HeldScenes(source)) == content_hashes(source)
    with pytest.raises(IndexError):
        source[len(source)]


def test_a_part_of_a_batch_reads_the_scenes_of_the_part_alone(shards: Shards, monkeypatch) -> None:
    source, whole = shards.source("train", 22, 20), drawn("train", 22, 4)
    spans: list[tuple[int, int]] = []
    read = Shards.scenes
    monkeypatch.setattr(Shards, "scenes", lambda self, split, *span: spans.append(span) or read(self, split, *span))
    inputs, _ = source.part(0, slice(10, 20))
    assert content_hashes([(inputs, None)]) == content_hashes(whole)[10:20]  # type: ignore[arg-type]
    source.part(1, slice(1, 2))
    assert spans == [(10, 20), (21, 22)]


def test_a_source_of_fewer_scenes_takes_the_first(shards: Shards) -> None:
    assert content_hashes(shards.source("train", 9, 4)) == content_hashes(drawn("train", 9, 4))


def test_more_scenes_than_there_are_are_refused(shards: Shards) -> None:
    asked: list[tuple[Split, int, str]] = [
        ("train", 23, "1 to 22 train"),
        ("test", 1, "1 to 0 test"),
        ("train", 0, "got 0"),
    ]
    for split, scenes, part in asked:
        with pytest.raises(ConfigurationError) as caught:
            shards.source(split, scenes, 4)
        four_parts(caught.value, part, str(shards.folder))
    with pytest.raises(ConfigurationError, match="batch >= 1"):
        shards.source("train", 4, 0)


@pytest.mark.parametrize("found", ["missing", "truncated"])
def test_a_missing_or_truncated_shard_is_refused_at_open(found: str, shards: Shards) -> None:
    path = shards.folder / "train-00001.safetensors"
    if found == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(SceneFileError) as caught:
        shards.source("train", 22, 4)
    four_parts(caught.value, str(path), "no such file" if found == "missing" else "bytes", "ris simulate")
    assert len(shards.source("validation", 6, 4)) == 2


def test_an_altered_shard_is_found_by_its_digest(shards: Shards) -> None:
    path = shards.folder / "train-00002.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(SceneFileError) as caught:
        shards.verify()
    four_parts(caught.value, "SHA-256", str(path), "an altered file")


def test_shards_mixed_up_are_refused(tmp_path: Path, shards: Shards) -> None:
    first, second = (shards.folder / f"train-0000{number}.safetensors" for number in (0, 1))
    first.write_bytes(second.read_bytes())
    with pytest.raises(SceneFileError, match="train shard 0 of the manifest"):
        shards.scenes("train", 0, 4)
    write_shards(tmp_path / "other", plan(seed=4))
    first.write_bytes((tmp_path / "other" / first.name).read_bytes())
    with pytest.raises(SceneFileError, match="files mixed up"):
        shards.scenes("train", 0, 4)


@pytest.mark.parametrize(
    ("name", "value"),
    [("measurements", torch.nan), ("channel", torch.inf), ("truth.positions", torch.nan), ("truth.snr_db", torch.nan)],
)
@pytest.mark.usefixtures("unchecked")
def test_a_scene_that_is_not_finite_is_named_when_its_batch_is_read(name: str, value: float, shards: Shards) -> None:
    path = shards.folder / "train-00001.safetensors"
    tensor = load_file(path)[name]
    tensor[5].view(-1)[0] = value
    rewritten(path, {name: tensor})
    source = shards.source("train", 22, 4)
    assert len(source[2][0]) == 4
    with pytest.raises(SceneFileError) as caught:
        source[3]
    four_parts(caught.value, f"finite {name}", str(path), "the first of them scene 5")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"schema": "other"}, "another schema"),
        ({"version": 2}, "another release"),
        ({"extra": 1}, "edited by hand"),
        ({"config": {"seed": 1}}, "edited by hand"),
        ({"shards": {"train": [{"file": "x"}]}}, "missing or foreign key"),
        ({"digest": "0" * 64}, "edited by hand"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_a_foreign_or_edited_manifest_is_refused(change: dict[str, Any], part: str, shards: Shards) -> None:
    path = shards.folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(SceneFileError) as caught:
        open_shards(shards.folder)
    four_parts(caught.value, part, str(path))


def test_a_folder_without_a_manifest_or_with_half_of_one_is_refused(tmp_path: Path, shards: Shards) -> None:
    with pytest.raises(SceneFileError, match="mistyped folder"):
        open_shards(tmp_path)
    path = shards.folder / "manifest.json"
    for text in (path.read_text()[:100], "[]"):
        path.write_text(text)
        with pytest.raises(SceneFileError, match="ris-shards manifest"):
            open_shards(shards.folder)
