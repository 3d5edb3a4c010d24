"""Are the presets the scenarios of the specification, and is a scenario refused when it cannot be?"""

import math

import pytest
import torch

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.physics import PRESETS, Impairments, Scenario, draw, ends, identifiable_sources, preset
from ris_pytorch_pipeline.rng import stream

COMMON = {
    "horizontal": 12,
    "vertical": 12,
    "wavelength": 0.3,
    "element_spacing": 0.15,
    "antennas": 16,
    "snapshots": 16,
    "codes": "random",
    "code_bits": 3,
    "symbols": "random",
    "sources": (1, 5),
    "azimuth_deg": (-60.0, 60.0),
    "elevation_deg": (-30.0, 30.0),
    "distance": (0.5, 10.0),
    "distance_law": "uniform",
    "separation": 0.125,
    "snr_db": (-5.0, 20.0),
    "power_db": 0.0,
    "path_loss": False,
    "rician_factor": (0.5, 10.0),
    "impairments": Impairments(),
}
SPECIFIC = {
    "random": {},
    "pilot": {"symbols": "pilot"},
    "seed": {"codes": "dft", "symbols": "gaussian", "path_loss": True, "separation": 0.0},
    "hard": {
        "sources": (1, 8),
        "power_db": (-10.0, 0.0),
        "separation": 0.0,
        "snr_db": (-5.0, 15.0),
        "impairments": Impairments(phase_error_rad=0.2, dead_fraction=0.05, channel_error_db=-20.0, ghost_db=-10.0),
    },
    "sub6": {
        "horizontal": 24,
        "vertical": 24,
        "wavelength": pytest.approx(0.085654988),
        "element_spacing": pytest.approx(0.042827494),
        "snapshots": 32,
    },
    "mmwave": {
        "horizontal": 64,
        "vertical": 64,
        "wavelength": pytest.approx(0.0107068735),
        "element_spacing": pytest.approx(0.00535343675),
        "antennas": 32,
        "snapshots": 32,
        "distance": (1.0, 15.0),
    },
}


@pytest.mark.parametrize("name", PRESETS)
def test_preset_fields(name: str) -> None:
    scenario = preset(name)
    assert {field: getattr(scenario, field) for field in COMMON} == COMMON | SPECIFIC[name]


def test_the_default_is_the_preset_random() -> None:
    assert preset("random") == Scenario()
    assert preset("pilot", sources=3).sources == 3


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_draws(name: str) -> None:
    scenario = preset(name)
    scenes = draw(scenario, 2, stream(1, "presets"), torch.complex64)
    seen = scenes.observation
    assert seen.measurements.shape == (2, scenario.snapshots, scenario.antennas)
    assert seen.codes.shape == (2, scenario.snapshots, scenario.elements)
    assert seen.channel.shape == (2, scenario.antennas, scenario.elements)
    assert scenes.truth.positions.shape == (2, ends(scenario.sources)[1], 3)
    assert seen.symbols == ("random" if scenario.symbols == "random" else "pilot")
    assert seen.most_sources == scenario.most_sources


@pytest.mark.parametrize(
    ("model", "snapshots", "antennas", "elements", "expected"),
    [("pilot", 16, 16, 144, 102), ("random", 16, 16, 144, 127), ("pilot", 11, 1, 256, 4), ("random", 1, 1, 144, 0)],
)
def test_no_more_unknowns_than_equations(
    model: str, snapshots: int, antennas: int, elements: int, expected: int
) -> None:  # fmt: skip
    assert identifiable_sources(model, snapshots, antennas, elements) == expected  # pyright: ignore[reportArgumentType]


def test_fewer_sources_than_elements() -> None:
    assert identifiable_sources("pilot", 16, 16, 4) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("horizontal", 0),
        ("snapshots", -1),
        ("sources", (3, 1)),
        ("sources", 0),
        ("sources", 1000),
        ("code_bits", 0),
        ("distance", (0.0, 1.0)),
        ("distance", (1.0, math.inf)),
        ("azimuth_deg", (-120.0, 0.0)),
        ("elevation_deg", 90.0),
        ("snr_db", math.nan),
        ("rician_factor", -1.0),
        ("rician_factor", math.inf),
        ("separation", math.nan),
        ("wavelength", math.inf),
        ("wavelength", 0.0),
        ("spacing", -0.1),
        ("separation", -0.1),
    ],
)
def test_an_impossible_scenario_is_refused(field: str, value: float | tuple[float, float]) -> None:
    with pytest.raises(ConfigurationError, match=r"wanted .*; got .* Likely cause: .* Next: "):
        preset("random", **{field: value})


def test_a_misspelt_name_gets_its_neighbour() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'pilot'"):
        preset("pilto")
    with pytest.raises(ConfigurationError, match="did you mean 'snapshots'"):
        preset("random", snapshot=3)
