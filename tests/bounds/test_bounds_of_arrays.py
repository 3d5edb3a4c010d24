"""Are the bounds of panels, lines, curved and irregular arrays, narrow and wide, those of a numeric Fisher matrix?"""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.bounds import deterministic_bound, pilot_bound, stochastic_bound
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import (
    Array,
    Line,
    Panel,
    Points,
    Pose,
    Sounding,
    bent,
    complex_normal,
    direct,
    planar,
    steering,
    uniform,
)
from ris_pytorch_pipeline.rng import stream

PANEL = Panel(horizontal=5, vertical=4, spacing=(0.12, 0.18))
ARRAYS = {
    "panel": PANEL.array(0.3),
    "turned": PANEL.array(0.3, pose=Pose(yaw=0.6, pitch=0.2)),
    "moved": PANEL.array(0.3, pose=Pose(yaw=0.6, position=(0.2, 0.3, -0.1))),
    "floor": Points(PANEL.elements()[:, [2, 1, 0]], 0.3),
    "half cylinder": Points(bent(PANEL, math.pi), 0.3),
    "cloud": Points(0.4 * torch.randn(20, 3, generator=stream(0, "cloud"), dtype=torch.float64), 0.3),
    "wide": PANEL.array([0.28, 0.3, 0.33]),
    "wide cloud": Points(0.4 * torch.randn(9, 3, generator=stream(1, "cloud"), dtype=torch.float64), [0.3, 0.34]),
}
PLACES = torch.tensor([[[0.4, 0.2, 1.5], [-0.5, 0.3, 0.9]]], dtype=torch.float64)
NOISE = torch.tensor([0.3], dtype=torch.float64)
POWERS = torch.tensor([[1.0, 0.5]], dtype=torch.float64)


def sounding(array: Array, antennas: int = 6, snapshots: int = 5) -> Sounding:
    wide = (array.frequencies,) if array.frequencies > 1 else ()
    generator = stream(2, "sounding")
    phase = uniform(0, 2 * math.pi, (1, *wide, snapshots, len(array)), generator)
    channel = complex_normal((1, *wide, antennas, len(array)), generator)
    return Sounding(array=array, codes=torch.polar(torch.ones_like(phase), phase), channel=channel)


def responses(x: Tensor, seen: Sounding) -> Tensor:
    """B of every snapshot and frequency, (block, antenna, source), from positions (φ, θ, r)."""
    vectors = steering(x.reshape(1, -1, 3), seen.array)
    codes, channel = seen.by_frequency()
    vectors = vectors if seen.wide else vectors.unsqueeze(1)
    return torch.einsum("fmn,fln,fkn->flmk", channel[0], codes[0], vectors[0]).flatten(0, 1)


def slopes(function, x: Tensor) -> list[Tensor]:
    """Derivatives by Richardson's finite differences."""
    result = []
    for index in range(x.numel()):
        step = torch.zeros_like(x)
        step[index] = 1

        def difference(width: float, step: Tensor = step) -> Tensor:
            return (function(x + width * step) - function(x - width * step)) / (2 * width)

        result.append((4 * difference(2e-4) - difference(4e-4)) / 3)
    return result


def stochastic_slow(seen: Sounding, places: Tensor) -> Tensor:
    count = places.shape[1]

    def covariance(x: Tensor) -> Tensor:
        b, powers = responses(x[: 3 * count], seen), x[3 * count : -1].exp()
        return (b * powers) @ b.mH + x[-1].exp() * torch.eye(b.shape[1], dtype=b.dtype)

    x = torch.cat([places.flatten(), POWERS[0, :count].log(), NOISE.log()])
    inverse = torch.linalg.inv(covariance(x))
    white = torch.stack([inverse @ slope for slope in slopes(covariance, x)])
    return torch.einsum("ilab,jlba->ij", white, white).real


@pytest.mark.parametrize("name", ARRAYS)
def test_stochastic_bound_is_that_of_the_numeric_information(name: str) -> None:
    seen = sounding(ARRAYS[name])
    slow = torch.linalg.inv(stochastic_slow(seen, PLACES)).diagonal()[:6].sqrt().reshape(2, 3)
    got = stochastic_bound(PLACES, POWERS, NOISE, seen).deviations[0]
    torch.testing.assert_close(got, slow, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", ARRAYS)
def test_pilot_bound_is_that_of_the_numeric_information(name: str) -> None:
    seen = sounding(ARRAYS[name])
    count, wide = ARRAYS[name].frequencies, ARRAYS[name].frequencies > 1
    symbols = complex_normal((1, count, 2), stream(3, "symbols"))

    def measured(x: Tensor) -> Tensor:
        b = responses(x[:6], seen).unflatten(0, (count, -1))
        s = torch.complex(*x[6:].reshape(2, count, 1, 2))
        clean = (b * s[:, :, None]).sum(-1).flatten()
        return torch.cat([clean.real, clean.imag])

    x = torch.cat([PLACES.flatten(), symbols.real.flatten(), symbols.imag.flatten()])
    jacobian = torch.stack(slopes(measured, x))
    slow = torch.linalg.inv(2 / NOISE * jacobian @ jacobian.mT).diagonal()[:6].sqrt().reshape(2, 3)
    got = pilot_bound(PLACES, symbols if wide else symbols[:, 0], NOISE, seen).deviations[0]
    torch.testing.assert_close(got, slow, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", ["line", "vertical line"])
def test_a_line_is_bounded_in_what_it_sees_and_nothing_else(name: str) -> None:
    along = torch.arange(7, dtype=torch.float64)[:, None] * 0.15
    axis = torch.tensor([0.0, 1.0, 0.0] if name == "line" else [0.0, 0.0, 1.0], dtype=torch.float64)
    array = Points(along * axis - 0.45 * axis, 0.3)
    seen, place = sounding(array), torch.tensor([[[0.4, 0.0, 1.5]]] if name == "line" else [[[0.0, 0.4, 1.5]]]).double()
    information = stochastic_slow(seen, place)
    kept = [0, 2, 3, 4] if name == "line" else [1, 2, 3, 4]
    slow = torch.linalg.inv(information[kept][:, kept]).diagonal()[:2].sqrt()
    got = stochastic_bound(place, POWERS[:, :1], NOISE, seen).deviations[0, 0]
    torch.testing.assert_close(got[[kept[0], 2]], slow, rtol=1e-6, atol=0)
    assert bool(got[1 - kept[0]].isnan())


def test_a_source_off_the_plane_of_a_line_has_the_bound_of_its_cone() -> None:
    seen = sounding(Line(count=7, spacing=0.15).array(0.3))
    cone = math.asin(math.cos(0.3) * math.sin(0.5))
    off = stochastic_bound(torch.tensor([[[0.5, 0.3, 1.5]]]).double(), POWERS[:, :1], NOISE, seen)
    on = stochastic_bound(torch.tensor([[[cone, 0.0, 1.5]]]).double(), POWERS[:, :1], NOISE, seen)
    torch.testing.assert_close(off.deviations, on.deviations, rtol=1e-7, atol=0, equal_nan=True)


def test_one_wavelength_of_a_wide_sounding_is_the_narrow_bound() -> None:
    narrow = sounding(PANEL.array(0.3))
    twice = Sounding(
        array=PANEL.array([0.3, 0.3]),
        codes=narrow.codes.unsqueeze(1).expand(-1, 2, -1, -1),
        channel=narrow.channel.unsqueeze(1).expand(-1, 2, -1, -1),
    )
    one, two = (stochastic_bound(PLACES, POWERS, NOISE, seen).deviations for seen in (narrow, twice))
    torch.testing.assert_close(two * math.sqrt(2), one, rtol=1e-9, atol=0)


def test_snapshots_that_share_a_code_are_worth_their_number() -> None:
    array = Line(count=8, spacing=0.15).array(0.3)
    seen = direct(array, scenes=1, snapshots=6)
    place = torch.tensor([[[0.3, 0.0, 2.0]]], dtype=torch.float64)
    symbols = complex_normal((1, 6, 1), stream(4, "symbols"))
    apart = replace(seen, codes=seen.codes * torch.polar(torch.ones(6).double(), torch.arange(6.0).double())[:, None])
    for known in ((), ("elevation",)):
        for bound, what in ((stochastic_bound, POWERS[:, :1]), (deterministic_bound, symbols)):
            one, other = (bound(place, what, NOISE, each, known=known).deviations for each in (seen, apart))
            torch.testing.assert_close(one, other, rtol=1e-9, atol=0, equal_nan=True)


def test_a_plane_wave_has_no_bound_in_distance() -> None:
    seen = sounding(replace(PANEL.array(0.3), wavefront=planar))
    deviations = stochastic_bound(PLACES, POWERS, NOISE, seen).deviations
    assert bool(deviations[..., 2].isnan().all()) and bool(deviations[..., :2].isfinite().all())


def test_a_known_elevation_of_a_tilted_panel_is_refused() -> None:
    with pytest.raises(InputError, match="stands upright"):
        stochastic_bound(PLACES, POWERS, NOISE, sounding(ARRAYS["floor"]), known=("elevation",))


def test_a_single_point_has_no_bound() -> None:
    array = Points(np.zeros((1, 3)), 0.3)
    with pytest.raises(InputError, match="full rank"):
        stochastic_bound(PLACES[:, :1], POWERS[:, :1], NOISE, sounding(array))
