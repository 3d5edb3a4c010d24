"""Is an array that is written down read as what it is, and are its grating lobes named?"""

import math
from pathlib import Path

import pytest
import torch

from ris_pytorch_pipeline.errors import ConfigurationError, RisError
from ris_pytorch_pipeline.physics import (
    Line,
    Panel,
    Pose,
    ambiguity,
    array_from_file,
    fresnel,
    lobes,
    steering_at,
    to_cosines,
)
from ris_pytorch_pipeline.units import wavelength_of


def written(folder: Path, text: str) -> Path:
    path = folder / "array.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_panel_with_pose_and_frequencies(tmp_path: Path) -> None:
    text = "panel = {horizontal = 4, vertical = 3, spacing = [0.1, 0.2]}\nfrequencies_hz = [1e9, 1.1e9]\n"
    array = array_from_file(
        written(tmp_path, text + 'pose = {yaw_deg = 30, position = [1, 2, 3]}\nwavefront = "fresnel"')
    )
    pose = Pose(yaw=math.radians(30), position=(1.0, 2.0, 3.0))
    waves = [wavelength_of(1e9), wavelength_of(1.1e9)]
    panel = Panel(horizontal=4, vertical=3, spacing=(0.1, 0.2))
    assert array.same_as(panel.array(waves, pose=pose, wavefront=fresnel))


def test_points_from_a_csv(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("# x, y, z in metres\n0,-0.1,0\n0,0.1,0\n", encoding="utf-8")
    array = array_from_file(written(tmp_path, 'csv = "points.csv"\nwavelengths = 0.4'))
    assert array.same_as(Line(count=2, spacing=0.2).array(0.4))


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("1,2", r"line 2 of 'a\.csv': '1,2'"), ("x,y,z", "'x,y,z', where three numbers"),
        ("1,nan,2", "at most 1e.09 m"),
        ("1,2,1e300", "at most 1e.09 m"),
    ],
)  # fmt: skip
def test_the_line_of_a_csv_that_cannot_be_is_named(line: str, part: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"0,0,0\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=part):
        array_from_file(written(tmp_path, 'csv = "a.csv"\nwavelengths = 0.4'))


def test_a_csv_of_too_many_lines_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("0,0,0\n" * (2**20 + 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="1048577 elements"):
        array_from_file(written(tmp_path, 'csv = "a.csv"\nwavelengths = 0.4'))


LINE = "line = {count = 3, spacing = 0.1}\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("panle = 3\nwavelengths = 0.3", "panle"),
        ("line = {count = 3, spacing = 0.1}", "one of wavelengths, frequencies_hz"),
        ("line = {count = 3, spacing = 0.1}\nelements = []\nwavelengths = 1", "line, elements"),
        ("line = {count = 3, spacing = 0.1, cuont = 3}\nwavelengths = 1", "cuont"),
        ("elements = [[0, 0, 0]]\nwavelengths = -1", "wavelengths = -1, where 1 to 65536 positive"),
        (f"{LINE}wavelengths = []", "positive numbers"),
        (f"{LINE}wavelengths = [{'1, ' * 66000}1]", "positive numbers"),
        (f"{LINE}wavelengths = nan", "wavelengths = nan"),
        (f"{LINE}frequencies_hz = [1e9, 0]", r"frequencies_hz = \(1000000000.0, 0\)"),
        (f"{LINE}frequencies_hz = 1e-320", "of no wave"),
        (f"{LINE}frequencies_hz = 1e300", "of no wave"),
        ("elements = [[0, 0, 0], [1e308, 0, 0]]\nwavelengths = 1", "elements: .*at most 1e.09 m"),
        (f"{LINE}wavelengths = 1\npose = {{position = [1e300, 0, 0]}}", "pose.position: "),
        (f"{LINE}wavelengths = 1\npose = {{yaw_deg = inf}}", "angles of the pose that are not finite"),
        ("line = {count = 2000000, spacing = 1}\nwavelengths = 1", "2000000 elements, more than 1048576"),
        ("panel = {horizontal = 2, vertical = 2, spacing = [1]}\nwavelengths = 1", "panel.spacing of 1 numbers"),
        ("elements = ", "Invalid value"),
    ],
)
def test_a_file_that_cannot_be(text: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(RisError, match=part):
        array_from_file(written(tmp_path, text))
    with pytest.raises(ConfigurationError, match="mistyped path"):
        array_from_file(tmp_path / "nothing.toml")


def test_grating_lobes_are_named_and_a_half_wavelength_panel_has_none() -> None:
    place = torch.tensor([[0.3, 0.0, 100.0]], dtype=torch.float64)
    u = torch.linspace(-0.99, 0.99, 397, dtype=torch.float64)
    points = torch.stack([u, torch.zeros_like(u), torch.full_like(u, 0.01)], dim=-1)
    for spacing, count in ((0.15, 0), (0.3, 1)):
        array = Panel(horizontal=8, vertical=8, spacing=spacing).array(0.3)
        found = lobes(to_cosines(place, array), points, array, apart=0.2)
        assert len(found) == count
        for lobe in found:
            assert math.sin(float(lobe.position[0])) == pytest.approx(math.sin(0.3) - 1, abs=0.02)
            assert -0.5 < lobe.level_db <= 0


def test_the_ambiguity_of_codes_is_that_of_the_coded_responses() -> None:
    array = Panel(horizontal=3, vertical=2, spacing=0.15).array([0.3, 0.33])
    points = to_cosines(torch.tensor([[0.3, 0.1, 2.0], [-0.2, 0.2, 3.0]], dtype=torch.float64), array)
    gram = torch.diag(torch.tensor([1.0, 1, 1, 0, 0, 0])).to(torch.complex128)
    few = Panel(horizontal=3, vertical=2, spacing=0.15).elements()[:3]
    level = ambiguity(points[:1], points, array, gram)
    a = steering_at(points, array)[..., :3]
    slow = ((a[:, :1].conj() * a).sum(-1).abs() / len(few)).square().mean(0)
    torch.testing.assert_close(level, slow)
