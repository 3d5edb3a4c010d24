"""Does a JSON document give the scenes that a file gives, and is everything else refused in four parts?"""

import json
from typing import Any

import pytest
import torch

from ris_pytorch_pipeline.data import load_scenes, save_scenes, scenes_from_json
from ris_pytorch_pipeline.errors import SceneFileError
from ris_pytorch_pipeline.files import Content
from ris_pytorch_pipeline.physics import Observation, Panel, Pose
from ris_pytorch_pipeline.rng import stream


def seen() -> Observation:
    generator = stream(5, "document")
    shapes = {"measurements": (2, 4, 3), "codes": (2, 4, 6), "channel": (2, 3, 6)}
    values = {n: torch.randn(s, dtype=torch.complex128, generator=generator) for n, s in shapes.items()}
    array = Panel(horizontal=3, vertical=2, spacing=0.05).array(0.1, pose=Pose(yaw=0.25))
    return Observation(**values, array=array, symbols="pilot", noise_variance=[0.5, 0.25])


def document(observation: Observation) -> dict[str, Any]:
    assert observation.noise_variance is not None
    parts = {name: vars(observation)[name] for name in ("measurements", "codes", "channel")}
    return {
        **{name: {"real": x.real.tolist(), "imag": x.imag.tolist()} for name, x in parts.items()},
        "elements": observation.elements.tolist(),
        "wavelengths": list(observation.array.wavelengths),
        "symbols": observation.symbols,
        "noise_variance": observation.noise_variance.tolist(),
        "pose": {"yaw": 0.25},
    }


def refused(values: Any, *parts: str) -> None:
    text = values if isinstance(values, bytes) else json.dumps(values).encode()
    with pytest.raises(SceneFileError) as error:
        scenes_from_json(text, "the body")
    for part in ("wanted ", "; got ", ". Likely cause: ", ". Next: ", *parts):
        assert part in str(error.value)


def test_a_document_a_file_and_its_bytes_are_the_same_scenes(tmp_path: Any) -> None:
    save_scenes(tmp_path / "s", seen())
    read = load_scenes(tmp_path / "s")
    for other in (
        scenes_from_json(json.dumps(document(seen())), "the body"),
        load_scenes(Content("the body", (tmp_path / "s").read_bytes())),
    ):
        for name in ("measurements", "codes", "channel", "elements", "noise_variance"):
            assert torch.equal(getattr(other.observation, name), getattr(read.observation, name)), name
        assert other.observation.array.pose == read.observation.array.pose == Pose(yaw=0.25)
        assert other.header.wavelengths == read.header.wavelengths and other.observation.symbols == "pilot"
        assert other.truth is None


def test_bytes_that_were_changed_are_refused(tmp_path: Any) -> None:
    save_scenes(tmp_path / "s", seen())
    content = bytearray((tmp_path / "s").read_bytes())
    content[-3] ^= 1
    with pytest.raises(SceneFileError, match="the body: its digest does not fit"):
        load_scenes(Content("the body", bytes(content)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"codes": None}, "codes without imag, real"),
        ({"code": 1}, "and with code too many"),
        ({"measurements": {"real": [[[1.0]]], "imag": [[[1.0, 2.0]]]}}, "(1, 1, 1) and (1, 1, 2)"),
        ({"measurements": {"real": [[[1.0], [1.0, 2.0]]], "imag": [[[1.0]]]}}, "nested lists of numbers"),
        ({"measurements": {"real": [[[True]]], "imag": [[[False]]]}}, "truth values"),
        ({"measurements": {"real": [1.0], "imag": [2.0]}}, "with a scene axis"),
        ({"measurements": {"real": [[["x"]]], "imag": [[["y"]]]}}, "nested lists of numbers"),
        ({"measurements": {"real": [[[1.0]]] * 2, "imag": [[[1.0]]] * 2}}, "one code per snapshot"),
        ({"elements": [[0, 0, 0], [0, 0]]}, "nested lists of numbers"),
        ({"elements": [[0, 0, 1e9]]}, "at most 1e+06"),
        ({"wavelengths": [0]}, "wavelengths [0]"),
        ({"wavelengths": [0.1, "x"]}, "wavelengths = "),
        ({"symbols": "none"}, "symbols 'none'"),
        ({"wavefront": "cubic"}, "an array that cannot be"),
        ({"pose": {"yaw": "inf"}}, "pose.yaw = 'inf'"),
        ({"pose": {"yam": 1}}, "yam too many"),
        ({"pose": {"position": [0, 1]}}, "an array that cannot be"),
        ({"noise_variance": [1.0, -1.0]}, "a positive noise variance"),
    ],
)
def test_a_document_that_is_none_is_refused(change: dict[str, Any], said: str) -> None:
    refused({**document(seen()), **change}, said)


@pytest.mark.parametrize(
    "text", [b"", b"[1]", b"\xff\xfe", b'{"a": NaN}', b"[" * 200_000, b'{"a":1,"a":2}', b"1" * 5000]
)
def test_text_that_is_no_document_is_refused(text: bytes) -> None:
    refused(text, "a JSON table with measurements")
