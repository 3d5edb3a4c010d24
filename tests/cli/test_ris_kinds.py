"""Are the kinds of the sources carried by every command, from a scenario or a mapping to positions and their bound?"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from running import Run

from ris_pytorch_pipeline.bench import findings_of
from ris_pytorch_pipeline.data import load_scenes, save_scenes, scenes_from_json, truth_at
from ris_pytorch_pipeline.errors import ConfigurationError, InputError, SceneFileError
from ris_pytorch_pipeline.estimate import MixedMl, joined_estimates
from ris_pytorch_pipeline.experiment import TrainingExperiment
from ris_pytorch_pipeline.physics import draw, preset
from ris_pytorch_pipeline.rng import stream

KINDS = ("random", "pilot", "known")
LISTED = '["random", "pilot", "known"]'
SMALL = ("--preset", "random", "--horizontal", "6", "--vertical", "6", "--snr-db", "15", "--symbols")


def test_simulated_scenes_are_located_as_what_they_are(ris: Run, tmp_path: Path) -> None:
    ris("simulate", *SMALL, LISTED, "--scenes", "3", "mixed.safetensors")
    file = load_scenes(tmp_path / "mixed.safetensors")
    assert file.observation.symbols == KINDS and file.truth is not None
    assert file.truth.sources.tolist() == [3, 3, 3]
    found = ris("locate", "mixed.safetensors", "--scene", "all", "--json").json
    assert found["estimator"] == "mixed"
    for scene in found["scenes"]:
        assert tuple(source["symbols"] for source in scene["sources"]) == KINDS
        for source in scene["sources"]:
            assert abs(source["error"]["azimuth_deg"]) < 5 * source["bound"]["azimuth_deg"]
    blind = ris("locate", "mixed.safetensors", "--estimator", "sml", "--sources", "1", "--json").json
    assert blind["estimator"] == "sml", "who does not use kinds takes all for random"
    assert [source["symbols"] for source in blind["scenes"][0]["sources"]] == [None]
    assert {missed["symbols"] for missed in blind["scenes"][0]["missed"]} <= set(KINDS)
    table = ris("locate", "mixed.safetensors").out
    assert all(f" {number}, {kind} " in table for number, kind in enumerate(KINDS))
    ris("locate", "mixed.safetensors", "--sources", "2").refused("3 sources, one for each kind")


def test_a_source_is_judged_by_one_of_its_kind(tmp_path: Path) -> None:
    scenes = draw(preset("random", symbols=KINDS, snr_db=20.0, horizontal=6, vertical=6), 1, stream(2, "judged kinds"))
    save_scenes(tmp_path / "kinds.safetensors", scenes.observation, scenes.truth)
    file = load_scenes(tmp_path / "kinds.safetensors")
    found = MixedMl().refine(scenes.observation, scenes.truth.positions)
    assert [each["symbols"] for each in findings_of(file, found, [0])[0].sources] == list(KINDS)
    exchanged = replace(found, positions=found.positions[:, [1, 0, 2]])
    judged = findings_of(file, exchanged, [0])[0]
    assert [each["truth"] is None for each in judged.sources] == [True, True, False]
    assert [each["symbols"] for each in judged.missed] == ["random", "pilot"]
    untold = replace(exchanged, kinds=None)
    assert not findings_of(file, untold, [0])[0].missed
    assert joined_estimates([found, found[torch.tensor([0])]]).kinds == KINDS
    assert joined_estimates([found, replace(found, kinds=None)]).kinds is None


def test_the_bound_and_a_comparison_of_a_list(ris: Run) -> None:
    assert "azimuth" in ris("bound", *SMALL, LISTED, "--scenes", "4").out
    cells = ris("bench", *SMALL, LISTED, "--scenes", "2", "--methods", "mixed,sml", "--json").json["cells"]
    assert {(cell["method"], cell["sources"]) for cell in cells} == {("mixed", 3), ("sml", 3)}
    ris("bench", *SMALL, LISTED, "--sources", "2").refused("3 sources, one for each of the symbols")
    ris("bound", *SMALL, '["random", "random"]').refused("symbols='random'")


def test_a_mapping_may_name_the_kinds(ris: Run, tmp_path: Path) -> None:
    scenes = draw(preset("random", symbols=KINDS, snr_db=20.0, horizontal=6, vertical=6), 2, stream(1, "kinds"))
    seen = scenes.observation
    assert seen.sequences is not None
    np.savez(
        tmp_path / "capture.npz", y=seen.measurements.numpy(), c=seen.codes.numpy(), h=seen.channel.numpy(),
        s=seen.sequences.numpy(), q=seen.elements.numpy(),
    )  # fmt: skip
    (tmp_path / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    assert "random, pilot, known" in ris("import", "mapping.toml", "own.safetensors").out
    assert load_scenes(tmp_path / "own.safetensors").observation.symbols == KINDS
    found = ris("locate", "own.safetensors", "--json").json["scenes"][0]["sources"]
    wanted = scenes.truth.positions[0, :, 0].rad2deg()
    assert torch.allclose(torch.tensor([s["azimuth_deg"] for s in found]).double(), wanted, atol=2)
    other = MAPPING.replace(LISTED, '["random", "pilot", "pilot"]')
    (tmp_path / "mapping.toml").write_text(other, encoding="utf-8")
    ris("import", "mapping.toml", "other.safetensors").refused("sequences and unknown symbols")


def test_measured_positions_complete_a_truth_of_kinds() -> None:
    scenes = draw(preset("random", symbols=KINDS, snr_db=20.0), 2, stream(1, "truth of kinds"))
    truth = truth_at(scenes.observation, scenes.truth.positions)
    assert torch.allclose(truth.symbols, scenes.truth.symbols, atol=0.4 * float(scenes.truth.symbols.abs().max()))
    assert torch.allclose(truth.noise_variance, scenes.truth.noise_variance, rtol=0.3)
    assert torch.allclose(truth.snr_db, scenes.truth.snr_db, atol=1.5)
    with pytest.raises(InputError, match="each of 3 kinds"):
        truth_at(scenes.observation, scenes.truth.positions[:, :2])


def test_a_network_is_told_no_kinds() -> None:
    with pytest.raises(ConfigurationError, match="nor the kind of each source"):
        TrainingExperiment(scenario=preset("random", symbols=KINDS))
    with pytest.raises(ConfigurationError, match="3 sources, one for each of the symbols"):
        preset("random", symbols=KINDS, sources=2)


def test_kinds_of_a_document() -> None:
    one = {"real": [[[1.0, 0.0], [0.5, 0.5]]], "imag": [[[0.0, 1.0], [0.5, 0.0]]]}
    document = {
        "measurements": one, "codes": one, "channel": one, "elements": [[0, 0, 0], [0, 0.1, 0]], "wavelengths": [0.2],
        "symbols": ["random", "pilot"],
    }  # fmt: skip
    assert scenes_from_json(json.dumps(document), "the body").observation.symbols == ("random", "pilot")
    for wrong in (["random", "guessed"], ["pilot", "pilot"], []):
        with pytest.raises(SceneFileError):
            scenes_from_json(json.dumps({**document, "symbols": wrong}), "the body")


def test_shards_hold_the_kinds(ris: Run, tmp_path: Path) -> None:
    ris("simulate", *SMALL, LISTED, "--shards", "shards", "--split", "train=4")
    shard = next((tmp_path / "shards").rglob("*.safetensors"))
    seen = load_scenes(shard).observation
    assert seen.symbols == KINDS and seen.sequences is not None
    assert replace(seen).symbols == KINDS


MAPPING = f"""
file = "capture.npz"
symbols = {LISTED}
wavelength = {{ value = 0.3, unit = "m" }}
elements = {{ array = "q", axes = ["element", "xyz"], unit = "m" }}
measurements = {{ array = "y", axes = ["scene", "snapshot", "antenna"] }}
codes = {{ array = "c", axes = ["scene", "snapshot", "element"] }}
channel = {{ array = "h", axes = ["scene", "antenna", "element"] }}
sequences = {{ array = "s", axes = ["scene", "snapshot", "source"] }}
"""
