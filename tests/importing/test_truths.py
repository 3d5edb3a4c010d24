"""Is a truth that does not explain the measurements doubted, with the reading that does?"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from captures import MAPPING, arrays, capture, mapped, write

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import PilotMl
from ris_pytorch_pipeline.importing import doubts_of, import_scenes, note_of_truth

SCENES = capture(scenes=4, horizontal=6, vertical=6, antennas=8, snapshots=16)
SEEN, TRUE = SCENES.observation, SCENES.truth.positions
FOUND = PilotMl()(SEEN, 1)
SIGNS = torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)


def as_told(how: str) -> torch.Tensor:
    azimuth, elevation, distance = TRUE.unbind(-1)
    told = {
        "mirrored": TRUE * SIGNS,
        "exchanged": torch.stack([elevation, azimuth, distance], -1),
        "radians": torch.stack([torch.deg2rad(azimuth), torch.deg2rad(elevation), distance], -1),
        "shuffled": TRUE.roll(1, 0),
        "foreign": torch.stack([0.3 - azimuth.flip(0), elevation + 0.4, distance], -1),
    }
    return told[how]


def test_a_right_truth_is_not_doubted() -> None:
    assert note_of_truth(SEEN, TRUE, FOUND) is None


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("mirrored", "azimuths of the other sign, or columns"),
        ("exchanged", "azimuth and elevation exchanged"),
        ("radians", "radians in place of degrees"),
        ("shuffled", "the positions one scene earlier"),
        ("foreign", "one source elsewhere"),
    ],
)
def test_a_truth_that_explains_little_is_doubted(how: str, words: str) -> None:
    note = note_of_truth(SEEN, as_told(how), FOUND)
    assert note is not None and words in note.what


def test_where_no_place_explains_anything_the_truth_is_not_blamed() -> None:
    wrong = replace(SEEN, codes=SEEN.codes.conj())
    assert note_of_truth(wrong, TRUE, PilotMl()(wrong, 1)) is None


def given(folder: Path, **changed: np.ndarray) -> list[str]:
    write(folder, "npz", {**arrays(capture()), **changed})
    return doubts_of(import_scenes(mapped(folder, MAPPING.format(file="capture.npz"))))


def test_a_dry_run_doubts_a_mirrored_truth(tmp_path: Path) -> None:
    assert given(tmp_path) == []
    azimuth = np.asarray(arrays(capture())["azimuth"])
    doubts = given(tmp_path, azimuth=-azimuth)
    assert len(doubts) == 1 and "azimuths of the other sign" in doubts[0]


@pytest.mark.parametrize(("name", "move"), [("azimuth", "offset = -90"), ("elevation", "scale = -1 and offset = 90")])
def test_angles_from_another_axis_are_refused_with_the_way_out(tmp_path: Path, name: str, move: str) -> None:
    angles = 100 - np.asarray(arrays(capture())[name]) / 10
    with pytest.raises(InputError, match=rf"truth\.{name} within ±90°.*{move}"):
        given(tmp_path, **{name: angles})
