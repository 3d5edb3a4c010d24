"""Are sources found by panels of any spacing, lines, curved and tilted arrays, at any wavelengths, without a RIS?"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.bounds import stochastic_bound
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import (
    Bartlett,
    Estimate,
    ModifiedMusic,
    PilotMl,
    SearchRegion,
    Sml,
    Status,
    search_grid,
)
from ris_pytorch_pipeline.physics import (
    Array,
    Line,
    Observation,
    Panel,
    Points,
    Pose,
    Sounding,
    bent,
    complex_normal,
    direct,
    fresnel,
    measure,
    mirrored,
    steering,
    steering_at,
    uniform,
)
from ris_pytorch_pipeline.rng import stream

PANEL = Panel(horizontal=8, vertical=8, spacing=0.15)
AROUND = SearchRegion(azimuth=(-math.pi, math.pi))
FLOOR = Points(Panel(horizontal=10, vertical=10, spacing=0.15).elements()[:, [2, 1, 0]], 0.3)


def radians(*places: tuple[float, float, float]) -> Tensor:
    """(azimuth °, elevation °, distance m) of one scene's sources as positions."""
    return torch.tensor([[(math.radians(a), math.radians(e), r) for a, e, r in places]], dtype=torch.float64)


def coded(array: Array, antennas: int = 8, snapshots: int = 12, seed: int = 0) -> Sounding:
    wide = (array.frequencies,) if array.frequencies > 1 else ()
    generator = stream(seed, "sounding")
    phase = uniform(0, 2 * math.pi, (1, *wide, snapshots, len(array)), generator)
    channel = complex_normal((1, *wide, antennas, len(array)), generator)
    return Sounding(array=array, codes=torch.polar(torch.ones_like(phase), phase), channel=channel)


def seen_by(sounding: Sounding, positions: Tensor, symbols: str = "random", snr: float = 100.0) -> tuple[Any, Tensor]:
    """Noisy measurements of sources of unit power, and the noise variance."""
    array, generator = sounding.array, stream(1, "symbols")
    shape = (*sounding.codes.shape[:-1], positions.shape[1])
    amplitudes = complex_normal(shape if symbols == "random" else (*shape[:-2], 1, shape[-1]), generator).expand(shape)
    clean = measure(steering(positions, array), amplitudes, sounding.codes, sounding.channel)
    noise = clean.abs().square().mean() / snr
    observation = Observation(
        measurements=clean + noise.sqrt() * complex_normal(clean.shape, generator),
        codes=sounding.codes, channel=sounding.channel, array=array, symbols=symbols,  # pyright: ignore
    )  # fmt: skip
    return observation, noise[None]


def near(found: Estimate, positions: Tensor, deviations: Tensor, most: float = 5.0) -> bool:
    """Whether every source has an estimate within `most` deviations in each coordinate."""
    gaps = ((found.positions[0, :, None] - positions[0]).abs() / deviations[0]).nan_to_num(0.0).amax(-1)
    return bool((gaps.amin(0) < most).all())


CASES: dict[str, tuple[Array, Tensor, SearchRegion]] = {
    "two spacings": (
        Panel(horizontal=10, vertical=6, spacing=(0.12, 0.18)).array(0.3),
        radians((20, 12, 2.0), (-30, -8, 3.0)),
        SearchRegion(),
    ),
    "tilted": (
        Points(PANEL.elements() @ Pose(yaw=0.35, pitch=0.2, roll=0.1).rotation.mT, 0.3),
        radians((20, 5, 2.0), (-20, 10, 3.0)),
        SearchRegion(),
    ),
    "posed": (
        PANEL.array(0.3, pose=Pose(yaw=-0.5, position=(0.1, 0.2, -0.1))),
        radians((0, 5, 2.0), (-50, 10, 3.0)),
        SearchRegion(),
    ),
    "half cylinder": (
        Points(bent(Panel(horizontal=12, vertical=8, spacing=0.15), math.pi), 0.3),
        radians((50, 5, 2.0), (-40, -10, 3.0)),
        SearchRegion(),
    ),
    "all directions": (
        Points(bent(Panel(horizontal=16, vertical=5, spacing=0.15), 2 * math.pi), 0.3),
        radians((135, 12, 2.0), (-100, -5, 3.0)),
        AROUND,
    ),
    "endfire": (PANEL.array(0.3), radians((82, 5, 2.0), (-20, 0, 3.0)), SearchRegion(azimuth=(-1.55, 1.55))),
    "floor": (FLOOR, radians((20, 15, 2.0), (-40, 20, 2.5)), SearchRegion(elevation=(0.0, 0.5))),
    "ceiling": (FLOOR, radians((20, -15, 2.0)), SearchRegion(elevation=(-0.5, -0.05))),
    "wide": (PANEL.array([0.28, 0.29, 0.3, 0.31]), radians((45, 10, 2.0), (-20, 0, 3.0)), SearchRegion()),
}


@pytest.mark.parametrize("symbols", ["random", "pilot"])
@pytest.mark.parametrize("name", CASES)
def test_sources_are_found_within_their_deviations(name: str, symbols: str) -> None:
    array, positions, region = CASES[name]
    observation, _ = seen_by(coded(array), positions, symbols)
    estimator = Sml(region=region) if symbols == "random" else PilotMl(region=region)
    found = estimator(observation, positions.shape[1])
    assert found.status == (Status.CONVERGED,)
    assert bool(found.deviations.isfinite().all())
    order = (found.positions[0, :, None, 0] - positions[0, :, 0]).abs().argmin(1)
    assert near(found, positions, found.deviations[:, order.argsort()]), (found.positions, positions)


def test_the_number_of_sources_is_found_by_a_wide_and_a_curved_array() -> None:
    for name in ("wide", "half cylinder"):
        array, positions, region = CASES[name]
        assert Sml(region=region)(seen_by(coded(array), positions)[0]).order.tolist() == [2]


def test_a_wavelength_per_snapshot() -> None:
    """16 carriers over 10 %: measurements without a frequency axis, in NumPy, one source and not two."""
    generator, waves = stream(5, "stepped"), 0.3 / np.linspace(0.95, 1.05, 16)
    codes = torch.polar(torch.ones(1, 16, 64).double(), uniform(0, 2 * math.pi, (1, 16, 64), generator))
    channel = complex_normal((1, 8, 64), generator)
    vectors = steering(radians((45, 10, 2.0)), PANEL.array(waves))[:, :, 0]
    clean = (codes * vectors * complex_normal((1, 16, 1), generator)) @ channel.mT
    noisy = clean + 0.1 * clean.abs().square().mean().sqrt() * complex_normal((1, 16, 8), generator)
    arguments = {"measurements": noisy.numpy(), "codes": codes.numpy(), "channel": channel.numpy()}
    given = {"elements": PANEL.elements().numpy(), "wavelength": waves, "symbols": "random"}
    observation = Observation(**arguments, **given)
    assert observation.measurements.shape == (1, 16, 1, 8) and len(observation[[0]]) == 1
    found = Sml()(observation)
    assert found.order.tolist() == [1]
    assert near(found, radians((45, 10, 2.0)), found.deviations)


@pytest.mark.parametrize("axis", ["horizontal", "vertical", "slanted"])
def test_a_line_tells_its_cone_and_says_what_it_does_not(axis: str) -> None:
    along = {"horizontal": [0.0, 1.0, 0.0], "vertical": [0.0, 0.0, 1.0], "slanted": [0.0, 0.6, 0.8]}[axis]
    array = Points(Line(count=24, spacing=0.15).elements()[:, 1:2] * torch.tensor(along).double(), 0.3)
    place = radians((25, 15, 3.0))
    found = Sml()(seen_by(coded(array), place)[0], 1)
    assert found.status == (Status.NOT_OBSERVABLE,)
    assert bool(found.deviations[0, 0, :2].isnan().any()) and bool(found.deviations[0, 0, 2].isfinite())
    match = (steering(found.positions, array).conj() * steering(place, array)).sum().abs() / 24
    assert float(match) > 0.99, "the position reported lies on the true cone"
    if axis == "horizontal":
        cone = math.asin(math.cos(math.radians(15)) * math.sin(math.radians(25)))
        assert abs(float(found.positions[0, 0, 0]) - cone) < 5 * float(found.deviations[0, 0, 0])
        assert float(found.positions[0, 0, 1]) == 0.0


def test_a_line_with_a_known_elevation_is_no_half_answer() -> None:
    array, angle = Line(count=24, spacing=0.15).array(0.3), math.radians(15)
    place = radians((25, 15, 3.0))
    found = Sml(region=SearchRegion(elevation=(angle, angle)))(seen_by(coded(array), place)[0], 1)
    assert found.status == (Status.CONVERGED,)
    assert abs(float(found.positions[0, 0, 0] - place[0, 0, 0])) < 5 * float(found.deviations[0, 0, 0])


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_a_known_elevation_near_the_zenith_is_kept_and_its_azimuth_is_uncertain(symbols: str) -> None:
    """The whole span of azimuths is narrower than a step of the grid, which was empty there."""
    line, positions = Line(count=15, spacing=0.15).array(0.3), radians((17, 87, 4.0))
    observation, _ = seen_by(direct(line, 1, 20), positions, symbols)
    elevation = float(positions[0, 0, 1])
    region = SearchRegion(azimuth=(-1.0, 1.0), elevation=(elevation, elevation))
    found = (Sml(region=region) if symbols == "random" else PilotMl(region=region))(observation, 1)
    assert float(found.positions[0, 0, 1]) == pytest.approx(elevation, abs=1e-12)
    assert near(found, positions, found.deviations.masked_fill(found.deviations == 0, torch.inf))
    assert 0.1 < math.degrees(found.deviations[0, 0, 0]) < 5


def test_more_sources_than_places_are_refused() -> None:
    positions = radians((17, 0, 4.0))
    observation, _ = seen_by(direct(Line(count=15, spacing=0.15).array(0.3), 1, 20), positions, "pilot")
    azimuth, elevation, distance = positions[0, 0].tolist()
    region = SearchRegion(azimuth=(azimuth, azimuth), elevation=(elevation, elevation), distance=(distance, distance))
    with pytest.raises(InputError, match="between 1 and 1 sources"):
        PilotMl(region=region)(observation, 2)


def test_a_line_without_a_ris_reaches_its_bound() -> None:
    sounding = direct(Line(count=15, spacing=0.15).array(0.3), scenes=1, snapshots=100)
    place = radians((20, 0, 4.0), (-35, 0, 7.0))
    observation, noise = seen_by(sounding, place)
    found = Sml(region=SearchRegion(distance=(2.0, 20.0)))(observation, 2)
    bound = stochastic_bound(place, torch.ones(1, 2).double(), noise, observation).deviations
    assert near(found, place, bound)


def test_one_antenna_is_enough() -> None:
    place = radians((20, 5, 2.0))
    found = Sml()(seen_by(coded(PANEL.array(0.3), antennas=1, snapshots=64), place)[0], 1)
    assert near(found, place, found.deviations)


def test_data_made_with_a_fresnel_wave_are_located_with_it() -> None:
    array, place = replace(PANEL.array(0.3), wavefront=fresnel), radians((40, 15, 0.8))
    observation, _ = seen_by(coded(array), place, snr=1000.0)
    told = Sml()(observation, 1)
    exact = Sml()(replace(observation, array=PANEL.array(0.3)), 1)
    assert near(told, place, told.deviations)
    assert not near(exact, place, exact.deviations)


def test_of_two_images_the_one_in_the_region_is_reported() -> None:
    above, below = radians((20, 15, 2.0)), mirrored(radians((20, 15, 2.0)), FLOOR)
    observation, _ = seen_by(coded(FLOOR), above)
    for elevation, place in (((0.05, 0.5), above), ((-0.5, -0.05), below)):
        found = Sml(region=SearchRegion(elevation=elevation))(observation, 1)
        assert near(found, place, found.deviations)


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_a_field_that_holds_both_sides_of_a_flat_array_is_ambiguous(symbols: str) -> None:
    below = radians((20, -15, 2.0))
    observation, _ = seen_by(coded(FLOOR), below, symbols)
    found = (Sml if symbols == "random" else PilotMl)()(observation, 1)
    assert found.status == (Status.AMBIGUOUS,) and found.fit is not None
    (other,) = found.fit.modes[0]
    listed = torch.stack([found.positions[0, 0], torch.tensor(other.position, dtype=torch.float64)])
    assert other.loss == 0.0 and torch.allclose(mirrored(listed, FLOOR), listed.flip(0), atol=1e-6)
    assert float(((listed - below[0]) / found.deviations[0]).abs().amax(-1).amin()) < 5


def test_a_source_in_the_plane_of_an_array_has_no_image() -> None:
    observation, _ = seen_by(coded(FLOOR), radians((20, 0.5, 2.0)))
    found = Sml()(observation, 1)
    assert found.fit is not None and found.fit.modes == ((),)


def test_units_that_cannot_be_are_refused_before_anything_is_allocated() -> None:
    observation, _ = seen_by(coded(PANEL.array(0.3)), radians((20, 5, 2.0)))
    with pytest.raises(InputError, match="millimetres"):
        Sml()(replace(observation, elements=PANEL.elements() * 1000), 1)
    with pytest.raises(InputError, match="frequency given as the wavelength"):
        Sml()(replace(observation, wavelength=3.5e9), 1)


@pytest.mark.parametrize(
    ("factor", "wavelength", "cause"),
    [
        (1000.0, 0.3, "elements in millimetres"),
        (100.0, 0.3, "elements in centimetres"),
        (1 / 0.0254, 0.3, "elements in inches"),
        (1.0, 300.0, "the wavelength in millimetres"),
        (1.0, 999.3e6, "a frequency given as the wavelength, in Hz"),
        (1.0, 999.3, "a frequency given as the wavelength, in MHz"),
        (0.01, 99.93, "a frequency given as the wavelength, in GHz"),
        (0.01, 2094.4, "the wavenumber"),
    ],
)
def test_the_unit_that_explains_the_spacing_is_named(factor: float, wavelength: float, cause: str) -> None:
    observation, _ = seen_by(coded(PANEL.array(0.3)), radians((20, 5, 2.0)))
    with pytest.raises(InputError) as refused:
        Sml()(replace(observation, elements=PANEL.elements() * factor, wavelength=wavelength), 1)
    assert f"Likely cause: {cause}" in str(refused.value)


def test_modified_music_says_that_it_takes_one_wavelength() -> None:
    observation, _ = seen_by(coded(CASES["wide"][0]), radians((20, 5, 2.0)))
    with pytest.raises(InputError, match="one wavelength"):
        ModifiedMusic(silent=True)(observation, 1)


@pytest.mark.parametrize("name", ["tilted", "half cylinder", "all directions", "floor"])
def test_spectra_peak_at_the_sources(name: str) -> None:
    array, positions, region = CASES[name]
    a = steering(positions[:, :1], array)
    found = Bartlett(region=region).locate(a.mT @ a.conj() + 0.01 * torch.eye(len(array)), array, 1)
    torch.testing.assert_close(found.positions, positions[:, :1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_every_direction_of_the_region_is_near_a_grid_point(name: str) -> None:
    array, positions, region = CASES[name]
    grid = search_grid(region, array)
    vectors = steering(positions, replace(array, wavelengths=array.wavelength))
    scan = steering_at(grid.points(), replace(array, wavelengths=array.wavelength))
    match = (vectors[0] @ scan.mH).abs().amax(-1) / len(array)
    assert float(match.min()) > 0.6
