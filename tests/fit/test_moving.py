"""Is a source that moves while it is recorded one source that moves, and are two that rest two?"""

import math
from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.bench import matched
from ris_pytorch_pipeline.estimate import SearchRegion, Sml, Status, search_grid
from ris_pytorch_pipeline.estimate.fit import groups_of
from ris_pytorch_pipeline.estimate.fit.images.moving import MOVING, Resting, _Moving, moving_mates
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import (
    Array,
    Observation,
    Points,
    Scenes,
    chart_at,
    complex_normal,
    direct,
    draw,
    measure,
    preset,
    steering,
    to_cosines,
)
from ris_pytorch_pipeline.rng import stream


def moved(scenes: Scenes, degrees: float) -> Observation:
    """The same scenes with azimuths that move by so many degrees, and noise of the same power."""
    seen, truth = scenes.observation, scenes.truth
    parts = []
    for late, shift in enumerate(torch.linspace(-0.5, 0.5, seen.codes.shape[1]).tolist()):
        at = slice(late, late + 1)
        places = truth.positions + math.radians(degrees) * shift * truth.positions.new_tensor([1.0, 0.0, 0.0])
        parts.append(measure(steering(places, seen.array), truth.symbols[:, at], seen.codes[:, at], seen.channel))
    clean = torch.cat(parts, dim=1)
    noise = complex_normal(tuple(clean.shape), stream(0, "moved")) * truth.noise_variance.sqrt()[:, None, None]
    return replace(seen, measurements=clean + noise)


def coherent(scenes: Scenes) -> Observation:
    """The same scenes with sources that send one sequence, and noise of the same power."""
    seen, truth = scenes.observation, scenes.truth
    factors = complex_normal((len(seen), 1, truth.symbols.shape[-1]), stream(0, "factors"))
    symbols = truth.symbols[..., :1] * factors / factors.abs()
    clean = measure(steering(truth.positions, seen.array), symbols, seen.codes, seen.channel)
    noise = complex_normal(tuple(clean.shape), stream(0, "coherent")) * truth.noise_variance.sqrt()[:, None, None]
    return replace(seen, measurements=clean + noise)


def test_a_source_that_moves_is_one_and_a_misfit() -> None:
    scenes = draw(preset("random", sources=1, snr_db=20.0), 8, stream(0, "moving"))
    found = Sml()(moved(scenes, 8.0))
    assert found.order.tolist() == [1] * 8 and set(found.status) == {Status.MISFIT}
    assert found.fit is not None
    assert sum(said == MOVING for said in found.fit.striking) >= 4
    assert bool(matched(found, scenes.truth).found.all()), "its place is that of the middle of its way"


@pytest.mark.parametrize("alike", [False, True])
def test_two_sources_that_rest_near_each_other_are_two(alike: bool) -> None:
    """Images are replaced by one source that moves only where that explains more: 0 of 500 such scenes each."""
    near = {"azimuth_deg": (-12.0, 12.0), "elevation_deg": (-12.0, 12.0)}
    scenes = draw(preset("random", sources=2, snr_db=(5.0, 20.0), **near), 16, stream(3, "near"))
    seen = coherent(scenes) if alike else scenes.observation
    scaled, found = scale(seen), Sml(fit=False)(seen, 2)
    levels = found.powers * (scaled.channel / scaled.measured)[:, None], found.noise_variance / scaled.measured
    grid = search_grid(SearchRegion(), seen.array)
    assert not bool(moving_mates(scaled.observation, found.positions, levels, grid, 0.0).any())


def moving_scene(array: Array) -> tuple[_Moving, torch.Tensor]:
    """A source that moves beside one that rests, and a place, speed and levels near them."""
    positions = torch.tensor([[[0.3, 0.1, 2.0], [-0.4, 0.0, 3.0]]], dtype=torch.float64)
    sounding, generator = direct(array, 1, 6), stream(2, "slopes")
    y = complex_normal((1, 6, len(array)), generator)
    seen = Observation(
        measurements=y, codes=sounding.codes, channel=sounding.channel, array=array, symbols="random"
    )  # fmt: skip
    cosines = to_cosines(positions, array)[0]
    energies = groups_of(seen, positions).amplitudes[0].abs().square()
    resting = Resting(seen, cosines, torch.tensor([0.5, 0.8]).double(), torch.tensor(0.3).double(), energies)
    start = [0.01, -0.02, 0.4, 0.1, -0.05, 0.03, -0.5, -0.2, -1.0]
    return _Moving(resting, chart_at(cosines, array), cosines), torch.tensor([start], dtype=torch.float64)


@pytest.mark.parametrize("deep", [False, True])
def test_score_of_a_moving_source_is_the_slope_of_its_likelihood(deep: bool) -> None:
    elements = complex_normal((12, 3), stream(1, "elements")).real * 0.3
    array = Points(elements if deep else elements * torch.tensor([0.0, 1.0, 1.0]), 0.3)
    assert array.deep == deep
    moving, x = moving_scene(array)
    local = moving.local(x, torch.arange(1))
    for parameter in range(x.shape[1]):
        step = torch.zeros_like(x)
        step[0, parameter] = 1e-5
        ahead, behind = (moving.local(x + sign * step, torch.arange(1)).value for sign in (1, -1))
        assert float((ahead - behind) / 2e-5) == pytest.approx(float(local.gradient[0, parameter]), rel=1e-4, abs=1e-3)
    assert float(torch.linalg.eigvalsh(local.curvature).amin()) > 0


def test_a_moving_source_at_rest_has_the_likelihood_of_resting_ones() -> None:
    moving, _ = moving_scene(Points(complex_normal((12, 3), stream(1, "elements")).real * 0.3, 0.3))
    resting = moving.resting
    here = moving.chart.coordinates(resting.cosines)[0]
    levels = torch.cat([resting.powers.log(), resting.noise.log()[None]])
    still = torch.cat([here, torch.zeros(3).double(), levels])[None]
    assert float(moving.local(still, torch.arange(1)).value) == pytest.approx(resting.value, rel=1e-12)
