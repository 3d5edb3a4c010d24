"""Is the wave of any array the phase of its true path lengths, and does an array know what it can tell?"""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import (
    Array,
    Line,
    Panel,
    Points,
    Pose,
    bent,
    cartesian_from_positions,
    chart_at,
    chart_of,
    fresnel,
    legacy_fresnel,
    mirrored,
    observability,
    planar,
    spherical,
    steering,
    steering_at,
    to_cosines,
    to_positions,
)
from ris_pytorch_pipeline.rng import stream

PANEL = Panel(horizontal=5, vertical=4, spacing=(0.12, 0.18))
CLOUD = torch.randn(20, 3, generator=stream(0, "cloud"), dtype=torch.float64) * 0.4
ARRAYS = {
    "panel": PANEL.array(0.3),
    "line": Line(count=7, spacing=0.15).array(0.3),
    "vertical line": Points(torch.tensor([[0.0, 0.0, 0.15 * n] for n in range(7)]).double(), 0.3),
    "floor": Points(PANEL.elements()[:, [2, 1, 0]], 0.3),
    "turned": PANEL.array(0.3, pose=Pose(yaw=0.5, pitch=-0.3, roll=0.2)),
    "moved": PANEL.array(0.3, pose=Pose(yaw=-0.4, position=(0.3, -0.2, 0.1))),
    "half cylinder": Points(bent(PANEL, math.pi), 0.3),
    "cloud": Points(CLOUD, 0.3),
    "cloud elsewhere": Points(CLOUD + torch.tensor([0.2, 0.1, -0.3]), 0.3),
}
DIMENSIONS = {"line": 1, "vertical line": 1, "half cylinder": 3, "cloud": 3, "cloud elsewhere": 3}
PLACES = torch.tensor([[0.4, 0.2, 1.5], [-0.7, -0.4, 0.9], [0.1, 0.0, 40.0], [1.2, 0.3, 3.0]], dtype=torch.float64)


def slow_wave(positions: torch.Tensor, array: Array) -> torch.Tensor:
    """exp(-j k (|p - q| - |p|)) from coordinates."""
    places, elements = cartesian_from_positions(positions).numpy(), array.placed.numpy()
    excess = [[np.linalg.norm(p - q) - np.linalg.norm(p) for q in elements] for p in places]
    phase = torch.tensor(excess, dtype=torch.float64) * (-2 * math.pi / array.wavelengths[0])
    return torch.polar(torch.ones_like(phase), phase)


@pytest.mark.parametrize("name", ARRAYS)
def test_the_wave_is_that_of_the_path_lengths(name: str) -> None:
    assert float((steering(PLACES, ARRAYS[name]) - slow_wave(PLACES, ARRAYS[name])).abs().max()) < 1e-12


@pytest.mark.parametrize("name", ["half cylinder", "cloud", "cloud elsewhere"])
def test_a_deep_array_sees_behind_itself(name: str) -> None:
    behind = torch.tensor([[2.5, 0.3, 2.0], [-3.0, -1.2, 1.5]], dtype=torch.float64)
    assert float((steering(behind, ARRAYS[name]) - slow_wave(behind, ARRAYS[name])).abs().max()) < 1e-12


@pytest.mark.parametrize("name", ARRAYS)
def test_dimension_of_an_array(name: str) -> None:
    assert ARRAYS[name].dimension == DIMENSIONS.get(name, 2)


@pytest.mark.parametrize("name", ["panel", "turned", "moved", "half cylinder", "cloud", "cloud elsewhere"])
def test_positions_come_back_from_the_frame(name: str) -> None:
    array = ARRAYS[name]
    seen = PLACES if array.deep or name == "panel" else PLACES[:3]
    back = to_positions(to_cosines(seen, array), array)
    torch.testing.assert_close(steering(back, array), steering(seen, array), rtol=0, atol=1e-9)
    if array.deep or name == "panel":
        torch.testing.assert_close(back, seen, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("wavefront", [spherical, fresnel, legacy_fresnel, planar], ids=lambda w: w.name)
@pytest.mark.parametrize("name", ARRAYS)
def test_derivatives_are_those_of_the_wave(name: str, wavefront) -> None:
    array = replace(ARRAYS[name], wavefront=wavefront)
    cosines = to_cosines(PLACES, array)
    chart = chart_at(cosines, array)
    here = chart.coordinates(cosines)
    a, slopes = chart.steering_with_derivatives(here)
    torch.testing.assert_close(a, steering_at(cosines, array), rtol=0, atol=1e-10)
    for axis in range(3):
        step = torch.zeros(3, dtype=torch.float64)

        def difference(width: float, axis: int = axis, step: torch.Tensor = step) -> torch.Tensor:
            moved = step.clone()
            moved[axis] = width
            ahead, behind = (steering_at(chart.cosines(here + sign * moved), array) for sign in (1, -1))
            return (ahead - behind) / (2 * width)

        richardson = (4 * difference(1e-4) - difference(2e-4)) / 3
        scale = slopes[axis].abs().max().clamp_min(1.0)
        assert float((slopes[axis] - richardson).abs().max() / scale) < 1e-8


@pytest.mark.parametrize("name", ARRAYS)
def test_the_jacobian_is_that_of_the_positions(name: str) -> None:
    array = ARRAYS[name]
    chart, here = chart_of(PLACES[:3], array)
    if chart.turn is not None and not array.deep:
        pytest.skip("behind a flat array positions are those of the mirror image")
    got = chart.jacobian(here)
    for axis in range(3):
        step = torch.zeros(3, dtype=torch.float64)
        step[axis] = 1e-6
        ahead, behind = (to_positions(chart.cosines(here + sign * step), array) for sign in (1, -1))
        slow = (ahead - behind) / 2e-6
        torch.testing.assert_close(got[..., axis], slow, rtol=1e-5, atol=1e-5)


@settings(max_examples=20)
@given(st.floats(-3, 3), st.floats(-1.2, 1.2), st.floats(-3, 3))
def test_turning_array_and_source_together_changes_nothing(yaw: float, pitch: float, roll: float) -> None:
    turn = Pose(yaw=yaw, pitch=pitch, roll=roll).rotation
    place = cartesian_from_positions(PLACES[:1])
    turned_place = place @ turn.mT
    distance = turned_place.norm(dim=-1)
    turned = torch.stack(
        [torch.atan2(turned_place[:, 1], turned_place[:, 0]), torch.asin(turned_place[:, 2] / distance), distance], -1
    )
    first = steering(PLACES[:1], Points(CLOUD, 0.3))
    torch.testing.assert_close(steering(turned, Points(CLOUD @ turn.mT, 0.3)), first, rtol=0, atol=1e-9)
    posed = Array(CLOUD, 0.3, pose=Pose(yaw=yaw, pitch=pitch, roll=roll))
    torch.testing.assert_close(steering(turned, posed), first, rtol=0, atol=1e-9)


def test_one_frequency_of_many_is_the_narrow_wave() -> None:
    wide = PANEL.array([0.28, 0.3, 0.33])
    a, slopes = chart_at(to_cosines(PLACES, wide), wide).steering_with_derivatives(to_cosines(PLACES, wide))
    for index, wavelength in enumerate(wide.wavelengths):
        narrow = PANEL.array(wavelength)
        one, by = chart_at(to_cosines(PLACES, narrow), narrow).steering_with_derivatives(to_cosines(PLACES, narrow))
        torch.testing.assert_close(a[index], one, rtol=0, atol=1e-12)
        torch.testing.assert_close(slopes[index], by, rtol=1e-12, atol=1e-12)


def test_the_mirror_image_sends_the_same_wave() -> None:
    for name in ("floor", "turned", "moved"):
        array = ARRAYS[name]
        image = mirrored(PLACES, array)
        assert float((image - PLACES).abs().max()) > 0.1
        torch.testing.assert_close(
            (steering(image, array).conj() * steering(PLACES, array)).sum(-1).abs(),
            torch.full((4,), float(len(array)), dtype=torch.float64),
        )
        torch.testing.assert_close(mirrored(image, array), PLACES, rtol=1e-9, atol=1e-9)
    with pytest.raises(InputError, match="a flat array"):
        mirrored(PLACES, ARRAYS["cloud"])


def test_what_each_array_can_tell() -> None:
    told = {name: observability(array) for name, array in ARRAYS.items()}
    assert told["line"].observable == ("azimuth", "distance")
    assert told["vertical line"].observable == ("elevation", "distance")
    for name in ("panel", "floor", "half cylinder", "cloud"):
        assert told[name].observable == ("azimuth", "elevation", "distance")
        assert told[name].mirror == (ARRAYS[name].dimension == 2)
        assert told[name].conditioning > 1e-4
    assert observability(replace(ARRAYS["panel"], wavefront=planar)).observable == ("azimuth", "elevation")


def test_an_array_says_what_it_is() -> None:
    assert repr(ARRAYS["line"]) == "Array(7 elements, line, 0.9 m, wavelength 0.3 m)"
    assert ARRAYS["panel"].to(dtype=torch.float32).elements.dtype == torch.float32
    assert ARRAYS["panel"].same_as(Points(PANEL.elements().numpy(), np.float64(0.3)))
    assert not ARRAYS["panel"].same_as(PANEL.array(0.31))


@pytest.mark.parametrize("elements", [[[0.0, 1.0]], [[0.0, 0.0, math.nan]], [0.0, 0.0, 0.0]])
def test_no_array_of_other_things(elements: list) -> None:
    with pytest.raises(InputError, match="elements"):
        Points(elements, 0.3)


def test_a_bent_panel_keeps_the_distance_of_its_columns() -> None:
    elements = bent(Panel(horizontal=60, vertical=1, spacing=0.01), math.pi)
    steps = (elements[1:] - elements[:-1]).norm(dim=-1)
    torch.testing.assert_close(steps, torch.full_like(steps, 0.01), rtol=1e-3, atol=0)
    assert float(elements[30, 0]) > float(elements[0, 0]), "it bulges towards +x"


def test_what_is_made_of_an_array_is_made_once_and_stays_behind_when_it_is_copied() -> None:
    array, made = Panel(horizontal=3, vertical=2, spacing=0.15).array(0.3), []
    first, second = (array.once("sum", lambda: made.append(1) or array.elements.sum()) for _ in range(2))
    assert first is second and made == [1]
    assert array.to(dtype=torch.float32) is array.to(dtype=torch.float32)
    with torch.inference_mode():
        assert not array.once("inside", lambda: array.elements * 2).is_inference()
    assert "_made" not in vars(copy.deepcopy(array)) and len(copy.deepcopy(array)) == 6


def test_a_change_of_precision_passes_gradients() -> None:
    elements = torch.rand(4, 3, dtype=torch.float64, requires_grad=True)
    array = Array(elements, 0.1)
    with torch.no_grad():
        array.to(dtype=torch.float32)
    array.to(dtype=torch.float32).elements.square().sum().backward()
    assert elements.grad is not None and torch.allclose(elements.grad, 2 * elements.detach(), atol=1e-5)


def test_a_frame_takes_no_memory_of_the_square_of_the_elements() -> None:
    array = Panel(horizontal=640, vertical=640, spacing=0.15).array(0.3)
    assert array.frame.dimension == 2
    assert array.frame.identity
    assert Points([[0.0, 0.0, 0.0], [0.0, 0.15, 0.0]], 0.3).frame.dimension == 1
