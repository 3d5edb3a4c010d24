"""Does the page `own-measurements` lead from a .mat to an answer when one follows it?"""

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from captures import CHANNEL, CODES, MEASURED, arrays, capture
from jaxtyping import config as jaxtyping_config
from scipy.io import savemat

from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.experiment import resolve
from ris_pytorch_pipeline.importing import Imported, import_scenes
from ris_pytorch_pipeline.physics import draw
from ris_pytorch_pipeline.rng import stream

PAGE = (Path(__file__).parents[2] / "docs" / "own-measurements.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """The capture of the page in an empty folder; where the transmitter was, in degrees, degrees and metres."""
    fields = {"sources": 1, "snr_db": 15, "distance": [2, 5], "wavelength": 0.299792458, "spacing": 0.15}
    scenario = resolve({"preset": "pilot", "scenario": fields}).scenario
    scenes = draw(scenario, 3, stream(0, "page"))
    seen = scenes.observation
    states = np.round(np.angle(seen.codes.numpy()) / (2 * np.pi) * 8).astype(int) % 8 + 1
    savemat(tmp_path / "capture.mat", {
        "Y": seen.measurements.numpy().transpose(2, 1, 0), "H": seen.channel.numpy().transpose(1, 2, 0),
        "state": states.reshape(3, 16, 12, 12).transpose(1, 2, 3, 0),
    })  # fmt: skip
    (tmp_path / "mapping.toml").write_text(blocks("toml")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)
    return scenes.truth.positions[:, 0].numpy() * np.array([180 / np.pi, 180 / np.pi, 1])


def test_the_mapping_is_short() -> None:
    text = blocks("toml")[0]
    assert tomllib.loads(text) and len(text.strip().splitlines()) < 20


def test_the_page_leads_to_an_answer(lab: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dry, write, locate = [line.split() for line in blocks("sh")[0].strip().splitlines()]
    assert {dry[0], write[0], locate[0]} == {"ris"}
    assert main(dry[1:]) == 0
    table = capsys.readouterr().out
    assert "3 scenes; nothing written" in table and "doubt" not in table and "0.500 wavelengths" in table
    assert max(map(len, table.splitlines())) <= 80
    assert sorted(path.name for path in tmp_path.iterdir()) == ["capture.mat", "mapping.toml"]
    assert main(write[1:]) == 0
    capsys.readouterr()
    assert main([*locate[1:], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["scenes"]
    assert len(found) == 3
    for scene, where in zip(found, lab, strict=True):
        assert len(scene["sources"]) == 1
        (source,) = scene["sources"]
        found = np.array([source[name] for name in ("azimuth_deg", "elevation_deg", "distance_m")])
        plus_minus = np.array([source["std"][name] for name in ("azimuth_deg", "elevation_deg", "distance_m")])
        assert (np.abs(found - where) < 4 * plus_minus).all() and (plus_minus < [0.5, 0.5, 1]).all()


@pytest.mark.parametrize("options", [["--json"], ["--dry-run", "--json"]])
def test_json_says_what_was_understood(lab, capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    assert main(["import", "mapping.toml", "out.safetensors", *options]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["scenes"] == 3 and said["understood"]["scenes"]["value"] == "3" and said["doubts"] == []
    assert (said["file"] is None) == ("--dry-run" in options) == (not Path("out.safetensors").exists())


def test_nothing_is_written_over_or_nowhere(lab, capsys: pytest.CaptureFixture[str]) -> None:
    Path("here").write_text("precious")
    assert main(["import", "mapping.toml", "here"]) == 2
    assert main(["import", "mapping.toml"]) == 2
    assert "--dry-run" in capsys.readouterr().err
    assert Path("here").read_text() == "precious"


def imported(folder: Path, words: str, *parts: str, **stored: np.ndarray) -> Imported:
    """A small capture by a mapping of the page's block with these words, and by these parts."""
    block = next(block for block in blocks("toml") if words in block)
    head = 'file = "a.npz"\nsymbols = "pilot"\nwavelength = { value = 30, unit = "cm" }\n'
    values = {**arrays(capture()), "C": capture().observation.codes.numpy(), **stored}
    np.savez(folder / "a.npz", **values)  # pyright: ignore[reportArgumentType]
    (folder / "mapping.toml").write_text("\n".join([head, *parts, MEASURED, CHANNEL, block]), encoding="utf-8")
    return import_scenes(folder / "mapping.toml")


def test_the_table_of_states_of_the_page_is_read(tmp_path: Path) -> None:
    state = np.arange(3 * 6 * 12).reshape(3, 6, 12) % 4
    panel = 'panel = { horizontal = 4, vertical = 3, spacing = 15, unit = "cm" }'
    codes = imported(tmp_path, "codebook = [0, 84", panel, state=state).observation.codes
    np.testing.assert_allclose(codes.numpy(), np.exp(1j * np.deg2rad(np.array([0, 84, 176, 271]))[state]))


def test_the_frames_of_the_page_are_read(tmp_path: Path) -> None:
    held = arrays(capture())
    angles = {"bearing": 90 - held["azimuth"], "polar": 90 - held["elevation"], "range": held["distance"]}
    stored = {name: np.asarray(value)[:, None] for name, value in angles.items()}
    found = imported(tmp_path, "pick = { xyz", CODES, **stored, q=held["q"][:, [1, 2, 0]])
    assert found.truth is not None
    torch.testing.assert_close(found.truth.positions, capture().truth.positions)
    torch.testing.assert_close(found.observation.elements, capture().observation.elements)
