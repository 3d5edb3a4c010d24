"""May `--azimuth-deg` name any direction that the array of a file sees, wherever that array looks?"""

import math
from pathlib import Path

import pytest
import torch
from running import Run

from ris_pytorch_pipeline.cli.arguments import parse
from ris_pytorch_pipeline.cli.options.scenes.field_of_view import region_in
from ris_pytorch_pipeline.data import save_scenes
from ris_pytorch_pipeline.physics import Array, Observation, Points, measure, steering
from ris_pytorch_pipeline.rng import stream

CORNERS = [((i - 2.5) * 0.05, (j - 2.5) * 0.05) for i in range(6) for j in range(6)]


def turned_file(path: Path, array: Array, azimuth: float, elevation: float) -> None:
    """A pilot block of one source at 2 m, seen by a flat array that does not look along x; no configuration."""
    generator = stream(3, "turned")
    codes = (1 - 2 * torch.randint(2, (1, 32, 36), generator=generator)).to(torch.complex128)
    channel = torch.polar(torch.ones(1, 4, 36).double(), 7 * torch.rand(1, 4, 36, generator=generator).double())
    position = torch.tensor([[[math.radians(azimuth), math.radians(elevation), 2.0]]], dtype=torch.float64)
    vectors = steering(position, array)
    clean = measure(vectors, torch.ones(1, 32, 1, dtype=torch.complex128), codes, channel)
    noise = 0.1 * torch.randn(1, 32, 4, dtype=torch.complex128, generator=generator)
    seen = Observation(measurements=clean + noise, codes=codes, channel=channel, array=array, symbols="pilot")
    save_scenes(path, seen, note="a panel on a wall")


@pytest.mark.parametrize(("plane", "place", "field"), [
    ("xz", (110.0, 10.0), ("--azimuth-deg", "[30, 150]")),
    ("xy", (150.0, 50.0), ("--azimuth-deg", "[100, 170]", "--elevation-deg", "[20, 80]")),
    ("xy", (-150.0, 70.0), ("--azimuth-deg", "[-180, 180]", "--elevation-deg", "[60, 90]")),
])  # fmt: skip
def test_the_field_is_that_of_the_array_in_the_file(
    ris: Run, tmp_path: Path, plane: str, place: tuple[float, float], field: tuple[str, ...]
) -> None:
    elements = [(a, 0.0, b) if plane == "xz" else (a, b, 0.0) for a, b in CORNERS]
    turned_file(tmp_path / "turned.safetensors", Points(torch.tensor(elements, dtype=torch.float64), 0.1), *place)
    for preset in ((), ("--preset", "pilot")):
        command = ("locate", "turned.safetensors", "--sources", "1", "--json", *preset, *field)
        found = ris(*command).json["scenes"][0]
        assert found["status"] == "converged"
        source = found["sources"][0]
        assert (source["azimuth_deg"], source["elevation_deg"]) == pytest.approx(place, abs=0.5)
    ris("check", "turned.safetensors", "--sources", "1", "--json", *field)
    ris("locate", "turned.safetensors", "--azimuth-deg", "[-90, 90]", "--elevation-deg", "[-80, 80]").refused(
        "whose front looks at"
    )


def test_a_service_waits_for_the_array_of_a_request() -> None:
    region = region_in(parse(["serve", "--azimuth-deg", "[-180, 180]"]), {})
    assert region.azimuth == pytest.approx((-math.pi, math.pi))
