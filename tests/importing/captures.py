"""One small true capture, written the ways that other programs write theirs."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.io import savemat

from ris_pytorch_pipeline.experiment import resolve
from ris_pytorch_pipeline.importing import import_scenes
from ris_pytorch_pipeline.physics import Observation, Scenes, draw
from ris_pytorch_pipeline.rng import stream

SMALL = {"horizontal": 4, "vertical": 3, "antennas": 5, "snapshots": 6, "sources": 1, "snr_db": 25.0, "code_bits": 2}


def capture(symbols: str = "pilot", scenes: int = 3, seed: int = 1, **fields) -> Scenes:
    """Scenes of a 4 x 3 panel at 0.3 m, in complex128."""
    scenario = resolve({"preset": symbols, "scenario": {**SMALL, **fields}}).scenario
    return draw(scenario, scenes, stream(seed, "capture"))


def arrays(scenes: Scenes) -> dict[str, np.ndarray]:
    """Y (antenna, snapshot, scene), states from 1 (snapshot, vertical, horizontal, scene), H, positions in degrees."""
    seen, truth = scenes.observation, scenes.truth
    codes = seen.codes.numpy().reshape(len(seen), -1, 3, 4)
    states = np.round(np.angle(codes) / (2 * np.pi) * 4).astype(int) % 4 + 1
    where = truth.positions[:, 0].numpy()
    return {
        "Y": seen.measurements.numpy().transpose(2, 1, 0),
        "states": states.transpose(1, 2, 3, 0),
        "H": seen.channel.numpy().transpose(1, 2, 0),
        "azimuth": np.rad2deg(where[:, 0]),
        "elevation": np.rad2deg(where[:, 1]),
        "distance": where[:, 2] * 100,
        "q": seen.elements.numpy() * 1e3,
    }


MAPPING = """
file = "{file}"
symbols = "pilot"
base = 1
wavelength = {{ value = 300, unit = "mm" }}
panel = {{ horizontal = 4, vertical = 3, spacing = 0.5, unit = "wavelengths" }}
[measurements]
array = "Y"
axes = ["antenna", "snapshot", "scene"]
[codes]
array = "states"
axes = ["snapshot", "vertical", "horizontal", "scene"]
form = "state"
levels = 4
[channel]
array = "H"
axes = ["antenna", "element", "scene"]
[truth]
azimuth = {{ array = "azimuth", unit = "deg" }}
elevation = {{ array = "elevation", unit = "deg" }}
distance = {{ array = "distance", unit = "cm" }}
"""


def write(folder: Path, kind: str, values: dict[str, Any]) -> str:
    """The arrays in one file of a kind; its name."""
    name = f"capture.{kind}"
    path = folder / name
    if kind == "npz":
        np.savez(path, **values)
    elif kind == "mat":
        savemat(path, values, do_compression=True)
    else:
        with import_module("h5py").File(path, "w", userblock_size=512 if kind == "v73.mat" else 0) as file:
            for key, value in values.items():
                if kind == "v73.mat":  # MATLAB's order, and its compound for complex numbers
                    value = np.atleast_2d(value).T
                    if np.iscomplexobj(value):
                        pair = np.empty(value.shape, dtype=[("real", "<f8"), ("imag", "<f8")])
                        pair["real"], pair["imag"] = np.real(value), np.imag(value)
                        value = pair
                file[key] = value
    return name


def mapped(folder: Path, text: str) -> Path:
    """A mapping in a folder."""
    path = folder / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return path


HEAD = """
file = "capture.npz"
symbols = "pilot"
wavelength = { value = 30, unit = "cm" }
panel = { horizontal = 4, vertical = 3, spacing = 0.15, unit = "m" }
"""
MEASURED = '[measurements]\narray = "Y"\naxes = ["antenna", "snapshot", "scene"]\n'
CODES = '[codes]\narray = "C"\naxes = ["scene", "snapshot", "element"]\n'
CHANNEL = '[channel]\narray = "H"\naxes = ["antenna", "element", "scene"]\n'


def given(folder: Path, changed: dict[str, np.ndarray], *parts: str) -> Observation:
    """What a mapping of these parts makes of a capture in which some arrays were stored otherwise."""
    scenes = capture()
    values = {**arrays(scenes), "C": scenes.observation.codes.numpy()}
    write(folder, "npz", {**values, **changed})
    return import_scenes(mapped(folder, "\n".join([HEAD, *parts]))).observation


def same(got: Observation) -> bool:
    want = capture().observation
    return all(torch.allclose(vars(got)[n], vars(want)[n], atol=1e-9) for n in ("measurements", "codes", "channel"))
