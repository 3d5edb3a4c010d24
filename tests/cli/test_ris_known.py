"""Are symbols that are known used by every command, from a scenario or a mapping to positions and their bound?"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from running import Run

from ris_pytorch_pipeline.data import load_scenes, scenes_from_json
from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.estimate import KnownMl
from ris_pytorch_pipeline.experiment import TrainingExperiment
from ris_pytorch_pipeline.physics import draw, preset, steering
from ris_pytorch_pipeline.rng import stream

SMALL = ("--preset", "random", "--symbols", "known", "--horizontal", "6", "--vertical", "6", "--snr-db", "15")


def test_simulated_scenes_keep_their_sequences(ris: Run, tmp_path: Path) -> None:
    ris("simulate", *SMALL, "--sources", "[1,2]", "--scenes", "4", "known.safetensors")
    file = load_scenes(tmp_path / "known.safetensors")
    seen, truth = file.observation, file.truth
    assert truth is not None and seen.sequences is not None
    sent = truth.symbols / truth.powers.clamp_min(1e-9).sqrt()[:, None]
    assert torch.allclose(seen.sequences, sent.to(seen.sequences), atol=1e-5)
    found = ris("locate", "known.safetensors", "--scene", "all", "--json").json
    assert found["estimator"] == "known"
    assert [scene["order"] for scene in found["scenes"]] == truth.sources.tolist()
    for scene in found["scenes"]:
        for source in scene["sources"]:
            assert abs(source["error"]["azimuth_deg"]) < 5 * source["bound"]["azimuth_deg"]
    blind = ris("locate", "known.safetensors", "--estimator", "sml", "--sources", "1", "--json").json
    assert blind["estimator"] == "sml", "who does not use sequences locates without them"


def test_a_late_sequence_is_named(ris: Run, tmp_path: Path) -> None:
    scenes = draw(preset("random", symbols="known", sources=1, snr_db=20.0), 2, stream(1, "late"))
    seen = scenes.observation
    assert seen.sequences is not None
    np.savez(
        tmp_path / "capture.npz", y=seen.measurements.numpy(), c=seen.codes.numpy(), h=seen.channel.numpy(),
        s=seen.sequences.roll(1, dims=1).numpy()[..., 0], q=seen.elements.numpy(),
    )  # fmt: skip
    (tmp_path / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    out = ris("import", "mapping.toml", "late.safetensors").out
    assert "known, of 1 sources" in out
    outcome = ris("check", "late.safetensors", "--json")
    assert outcome.code == 1
    checked = outcome.json
    assert checked["better"][0] == "sequences one snapshot earlier"


def test_a_pilot_beside_a_known_source_is_a_sequence_of_ones() -> None:
    scenes = draw(preset("random", symbols="known", sources=2, snr_db=15.0), 3, stream(1, "pilot beside"))
    seen, truth = scenes.observation, scenes.truth
    assert seen.sequences is not None
    steady = truth.powers[:, 1].sqrt()[:, None] - truth.symbols[..., 1]  # what makes source 1 a pilot
    waves = steering(truth.positions, seen.array)
    added = seen.response(waves.to(seen.codes.dtype))[:, :, 1] * steady[..., None]
    sequences = torch.stack([seen.sequences[..., 0], torch.ones_like(steady)], dim=-1)
    found = KnownMl()(replace(seen, measurements=seen.measurements + added, sequences=sequences))
    error = (found.positions - truth.positions) / found.deviations
    assert float(error.square().mean().sqrt()) < 1.6


MAPPING = """
file = "capture.npz"
symbols = "known"
wavelength = { value = 0.3, unit = "m" }
elements = { array = "q", axes = ["element", "xyz"], unit = "m" }
measurements = { array = "y", axes = ["scene", "snapshot", "antenna"] }
codes = { array = "c", axes = ["scene", "snapshot", "element"] }
channel = { array = "h", axes = ["scene", "antenna", "element"] }
sequences = { array = "s", axes = ["scene", "snapshot"] }
"""


def test_bound_and_bench_know_them(ris: Run) -> None:
    cells = ris(
        "bench", *SMALL, "--sources", "1", "--scenes", "4", "--methods", "known,sml,genie", "--json"
    ).json["cells"]  # fmt: skip
    assert [cell["method"] for cell in cells] == ["known", "sml", "genie"]
    assert all(cell["success"] == 1 for cell in cells)
    told = ris("bound", *SMALL, "--sources", "2", "--scenes", "8", "--json").json
    random = ris("bound", *SMALL, "--symbols", "random", "--sources", "2", "--scenes", "8", "--json").json
    assert told["azimuth_deg"]["median"] < random["azimuth_deg"]["median"]
    ris("bench", "--preset", "random", "--methods", "known", "--scenes", "1").refused("known symbols")


def test_a_network_is_not_trained_on_them() -> None:
    with pytest.raises(ConfigurationError, match="a network is not told sequences"):
        TrainingExperiment(scenario=preset("random", symbols="known"))


def test_sequences_of_a_document() -> None:
    one = {"real": [[[1.0, 0.0], [0.5, 0.5]]], "imag": [[[0.0, 1.0], [0.5, 0.0]]]}
    sent = {"real": [[[1.0], [0.0]]], "imag": [[[0.0], [1.0]]]}
    document = {
        "measurements": one, "codes": one, "channel": one, "elements": [[0, 0, 0], [0, 0.1, 0]], "wavelengths": [0.2],
        "symbols": "known", "sequences": sent,
    }  # fmt: skip
    seen = scenes_from_json(json.dumps(document), "the body").observation
    assert seen.sequences is not None
    assert seen.sequences.tolist() == [[[1 + 0j], [1j]]]
