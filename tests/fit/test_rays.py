"""Is one source of unknown bandwidth counted once, and are two sources that are two counted twice?"""

import math
from dataclasses import replace

import pytest
import torch
from fitted_scenes import scenes

from ris_pytorch_pipeline.estimate import PilotMl, SearchRegion, Sml, Status
from ris_pytorch_pipeline.estimate.fit.images.rays import ray_mates, reach_of
from ris_pytorch_pipeline.estimate.grid import search_grid
from ris_pytorch_pipeline.physics import (
    Array,
    Observation,
    Panel,
    Scenes,
    complex_normal,
    measure,
    steering_at,
    to_cosines,
    to_positions,
)
from ris_pytorch_pipeline.physics.array.layouts import bent
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.shapes import Positions

ARRAY = Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)
STEPS = torch.tensor([1 / 12, 1 / 12], dtype=torch.float64)


def at(u: float, w: float, q: float) -> Positions:
    """A place by its cosines and inverse distance."""
    return to_positions(torch.tensor([[[u, w, q]]], dtype=torch.float64), ARRAY)


def mates(first: Positions, second: Positions, deviation: float = 1e-3, array: Array = ARRAY) -> list[bool]:
    both = torch.cat([first, second], dim=1)
    return ray_mates(both, torch.full_like(both, deviation), array, STEPS)[0].tolist()


def blurred(true: Scenes, carriers: int = 9, bandwidth: float = 0.1) -> Observation:
    """The same sources, each on several carriers with symbols of their own, under the same noise."""
    seen, truth, random = true.observation, true.truth, stream(5, "carriers")
    noise = seen.measurements - measure(
        steering_at(to_cosines(truth.positions, seen.array), seen.array), truth.symbols, seen.codes, seen.channel
    )
    clean = torch.zeros_like(noise)
    for shift in torch.linspace(1 - bandwidth / 2, 1 + bandwidth / 2, carriers).tolist():
        array = replace(seen.array, wavelengths=seen.array.wavelength / shift)
        shape = truth.symbols.shape if seen.symbols == "random" else truth.symbols[:, :1].shape
        symbols = complex_normal(tuple(shape), random) * (truth.powers / carriers).sqrt()[:, None]
        symbols = symbols.expand_as(truth.symbols).contiguous()
        vectors = steering_at(to_cosines(truth.positions, array), array)
        clean = clean + measure(vectors, symbols, seen.codes, seen.channel)
    return replace(seen, measurements=clean + noise)


def test_the_image_at_another_carrier_is_a_mate() -> None:
    assert mates(at(0.6, 0.2, 0.3), at(0.6 * 1.05, 0.2 * 1.05, 0.3)) == [False, True]


@pytest.mark.parametrize("other", [(0.6, 0.28, 0.3), (0.6 * 1.3, 0.2 * 1.3, 0.3), (-0.6, -0.2, 0.3)])
def test_a_source_off_the_ray_is_none(other: tuple[float, float, float]) -> None:
    assert mates(at(0.6, 0.2, 0.3), at(*other)) == [False, False]


def test_a_source_that_may_lie_on_the_ray_within_its_deviations_is_a_mate() -> None:
    near = at(0.6, 0.235, 0.3)
    assert mates(at(0.6, 0.2, 0.3), near) == [False, False]
    assert mates(at(0.6, 0.2, 0.3), near, math.radians(3)) == [False, True]


def test_carriers_in_the_wrong_order_reach_twice_the_bandwidth() -> None:
    waves = replace(ARRAY, wavelengths=tuple(0.3 / f for f in (0.95, 1.0, 1.05)))
    assert reach_of(ARRAY) == pytest.approx(0.1)
    assert reach_of(waves) == pytest.approx(0.2 / 1.05)


@pytest.mark.parametrize("numbers", [(0.4, 1.0, 1.6), (1.0, 3.0), (1.0, 3.0, 9.0)])
def test_carriers_far_apart_make_no_images_of_sources_that_are_not(numbers: tuple[float, ...]) -> None:
    array = replace(ARRAY, wavelengths=tuple(0.3 / f for f in numbers))
    places = torch.cat([at(0.5, 0.1, 0.3), at(-0.3, 0.4, 0.3)], dim=1)
    assert ray_mates(places, torch.full_like(places, 1e-3), array, STEPS).sum() == 0
    assert ray_mates(places[:, [0, 0]], torch.full_like(places, 1e-3), array, STEPS).tolist() == [[False, True]]


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_bandwidth_inside_a_snapshot_makes_no_second_source(symbols: str) -> None:
    true = scenes(symbols=symbols, snr_db=20.0, sources=1, azimuth_deg=(40.0, 55.0))
    estimator = Sml() if symbols == "random" else PilotMl()
    found = estimator(blurred(true))
    assert found.order.tolist() == [1] * len(found)
    assert Status.CONVERGED not in found.status or symbols == "pilot"  # a steady wave of one shape has a place


def test_two_close_sources_of_one_carrier_are_two() -> None:
    places = torch.cat([at(0.5, 0.1, 0.3), at(0.5, 0.2, 0.3)], dim=1)
    assert ray_mates(places, torch.full_like(places, 1e-3), ARRAY, STEPS).sum() == 0


def test_a_pilot_beyond_the_field_is_no_two_sources_at_one_place() -> None:
    true = scenes(symbols="pilot", snr_db=20.0, sources=1, distance=15.0, azimuth_deg=0.0, elevation_deg=0.0)
    found = PilotMl()(true.observation)
    assert found.order.tolist() == [1] * len(found)


def test_an_array_with_depth_has_rays_too() -> None:
    panel = Panel(horizontal=12, vertical=4, spacing=0.15)
    array = Array(bent(panel, math.pi), 0.3)
    places = torch.tensor([[[0.4, 0.1, 2.0], [-0.4, -0.1, 2.0]]], dtype=torch.float64)
    steps = torch.tensor(search_grid(SearchRegion(), array).steps[:-1], dtype=torch.float64)
    found = ray_mates(places, torch.full_like(places, 1e-3), array, steps)
    assert found.tolist() == [[False, False]]
    assert ray_mates(places[:, [0, 0]], torch.full_like(places, 1e-3), array, steps).tolist() == [[False, True]]
