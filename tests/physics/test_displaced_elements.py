"""Do waves meet the elements where they are, and do estimators go on believing the array?"""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import (
    Array,
    Impairments,
    Line,
    Panel,
    Pose,
    Scenes,
    cartesian_from_positions,
    draw,
    fresnel,
    measure,
    preset,
    scenario_array,
    steering,
)
from ris_pytorch_pipeline.rng import stream

SPREAD = 0.05
FLAT = Panel(horizontal=4, vertical=3, spacing=0.15).array(0.3)
ARRAYS = {
    "flat": FLAT,
    "turned": replace(FLAT, pose=Pose(position=(0.2, -0.1, 0.3), yaw=0.4, pitch=-0.2, roll=0.1)),
    "off centre": replace(FLAT, elements=FLAT.elements + torch.tensor([0.0, 0.7, -0.4])),
    "line": Line(count=9, spacing=0.15).array(0.3),
    "wide": replace(FLAT, wavelengths=(0.31, 0.29)),
}
POSITIONS = torch.tensor([[[0.3, 0.2, 0.8], [-0.5, -0.1, 4.0]], [[0.9, 0.3, 2.0], [0.1, 0.0, 60.0]]]).double()


def shifted(array: Array, spread: float) -> torch.Tensor:
    noise = torch.randn((2, len(array), 3), generator=stream(4, "displaced"), dtype=torch.float64)
    return array.elements.double() + spread * noise


def by_distances(positions: torch.Tensor, elements: torch.Tensor, array: Array) -> torch.Tensor:
    """exp(-j k0 (|p - q_n| - |p|)) with lengths of vectors in the world: right, and full of cancellation."""
    world = elements @ array.pose.rotation.mT + torch.tensor(array.pose.position, dtype=torch.float64)
    places = cartesian_from_positions(positions)
    ways = (places[:, :, None] - world[:, None]).norm(dim=-1) - places.norm(dim=-1)[..., None]
    parts = [torch.polar(torch.ones_like(ways), -2 * math.pi / x * ways) for x in array.wavelengths]
    return torch.stack(parts, dim=1) if len(parts) > 1 else parts[0]


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("spread", [0.0, 0.02])
def test_the_wave_is_that_of_the_distances(name: str, spread: float) -> None:
    array = ARRAYS[name].to(dtype=torch.float64)
    elements = shifted(array, spread)
    wave = steering(POSITIONS, array, elements=elements)
    torch.testing.assert_close(wave, by_distances(POSITIONS, elements, array), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ARRAYS)
def test_elements_in_their_places_give_the_wave_of_the_array(name: str) -> None:
    array = ARRAYS[name].to(dtype=torch.float64)
    for told in (array, replace(array, wavefront=fresnel)):
        if told.dimension == 1:
            continue  # an approximation of a line is that of its cone
        wave = steering(POSITIONS, told, elements=shifted(told, 0.0))
        torch.testing.assert_close(wave, steering(POSITIONS, told), rtol=0, atol=1e-11)


def test_the_taper_is_the_distance_to_the_element_that_is_there() -> None:
    array = FLAT.to(dtype=torch.float64)
    elements = shifted(array, 0.02)
    ratio = (cartesian_from_positions(POSITIONS)[:, :, None] - elements[:, None]).norm(dim=-1) / POSITIONS[..., 2:]
    tapered = steering(POSITIONS, array, taper=True, elements=elements)
    torch.testing.assert_close(tapered.abs(), 1 / ratio)


def test_a_position_behind_the_panel_is_refused_all_the_same() -> None:
    with pytest.raises(InputError, match="behind"):
        steering(torch.tensor([[[2.0, 0.0, 1.0]]]), FLAT, elements=FLAT.elements[None])


def scenes_of(scenes: int = 6, **changes: Any) -> Scenes:
    given = {"position_error_wavelengths": SPREAD, **changes.pop("impairments", {})}
    scenario = preset("random", **({"sources": 2, "snr_db": 10.0} | changes), impairments=Impairments(**given))
    return draw(scenario, scenes, stream(5, "displaced"))


def test_estimators_are_told_where_the_elements_should_be() -> None:
    scenes = scenes_of()
    assert torch.equal(scenes.observation.elements, scenario_array(preset("random")).elements)


@pytest.mark.parametrize("bandwidth", [0.0, 0.1])
def test_displacements_are_normal_on_each_axis_and_new_in_each_scene(bandwidth: float) -> None:
    """In shortest wavelengths, as what an element is off by matters most there."""
    scenes = scenes_of(100, bandwidth=bandwidth, frequencies=2 if bandwidth else 1, snapshots=4)
    array = scenes.observation.array
    assert array.wavelength == min(array.wavelengths)
    off = (scenes.truth.applied_elements - array.elements) / array.wavelength
    limit = 5 / math.sqrt(off[..., 0].numel())
    for axis in off.unbind(-1):
        assert float(axis.std()) == pytest.approx(SPREAD, rel=limit)
        assert float(axis.mean()) == pytest.approx(0, abs=limit * SPREAD)
    flat = off.flatten(1)
    alike = flat @ flat.mT / flat.shape[1] / SPREAD**2 - torch.eye(100)
    assert float(alike.abs().max()) < 0.4


@pytest.mark.parametrize("changes", [{}, {"bend_deg": 120.0, "yaw_deg": 20.0}, {"frequencies": 2, "bandwidth": 0.1}])
def test_displaced_elements_enter_the_measurements_exactly(changes: dict[str, Any]) -> None:
    scenes = scenes_of(snr_db=200.0, **changes)
    truth, array = scenes.truth, scenes.observation.array
    waves = by_distances(truth.positions, truth.applied_elements, array)
    exact = measure(waves, truth.symbols, truth.applied_codes, truth.applied_channel)
    torch.testing.assert_close(scenes.observation.measurements, exact, rtol=1e-8, atol=1e-7)


def test_a_ghost_meets_the_same_elements() -> None:
    """Its wave is a steering vector of the elements that are there, so a single source and ghost span two of them."""
    scenes = scenes_of(200, snr_db=200.0, sources=1, impairments={"ghost_db": 0.0})
    truth = scenes.truth
    direct = by_distances(truth.positions, truth.applied_elements, scenes.observation.array)
    rest = scenes.observation.measurements - measure(direct, truth.symbols, truth.applied_codes, truth.applied_channel)
    power = rest.abs().square().mean() / scenes.observation.measurements.abs().square().mean()
    assert float(power) == pytest.approx(0.5, abs=0.05)


def test_they_are_drawn_last_so_that_all_else_stays_as_it_was() -> None:
    plain, moved = (
        draw(
            preset("random", impairments=Impairments(ghost_db=-10.0, position_error_wavelengths=spread)),
            4,
            stream(6, "displaced"),
        )
        for spread in (0.0, 1e-12)
    )
    assert torch.equal(plain.observation.codes, moved.observation.codes)
    assert torch.equal(plain.observation.channel, moved.observation.channel)
    assert torch.equal(plain.truth.positions.nan_to_num(), moved.truth.positions.nan_to_num())
    torch.testing.assert_close(plain.observation.measurements, moved.observation.measurements, rtol=0, atol=1e-7)
    assert not torch.equal(plain.truth.applied_elements, moved.truth.applied_elements)


def test_some_rows_are_those_of_all() -> None:
    scenario = preset("random", impairments=Impairments(position_error_wavelengths=SPREAD))
    whole, part = (draw(scenario, 6, stream(7, "rows"), rows=rows) for rows in (slice(None), slice(2, 4)))
    assert torch.equal(whole.truth.applied_elements[2:4], part.truth.applied_elements)
    assert torch.equal(whole.observation.measurements[2:4], part.observation.measurements)
