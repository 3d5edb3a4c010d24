"""Are two coherent sources that interfere found together, and are merged ones noticed?"""

import math

import torch

from ris_pytorch_pipeline.bench import cell_scenes
from ris_pytorch_pipeline.estimate import PilotMl, SearchRegion, search_grid
from ris_pytorch_pipeline.estimate.ml.pilots.pairs import MOST_POINTS, merged_pairs, redetect_pairs
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Line, Observation, complex_normal, measure, preset, steering, uniform
from ris_pytorch_pipeline.rng import stream

ARRAY = Line(count=15, spacing=0.15).array(0.3)
PLACES = torch.tensor([[(math.asin(-0.6), 0.0, 6.0), (math.asin(-0.44), 0.0, 5.0)]]).double()


def close_pilots() -> Observation:
    """Two pilots 1.2 beamwidths apart at 20 dB."""
    generator = stream(0, "close pilots")
    phase = uniform(0, 2 * math.pi, (1, 16, 15), generator)
    codes, channel = torch.polar(torch.ones_like(phase), phase), complex_normal((1, 16, 15), generator)
    symbols = torch.polar(torch.ones(1, 1, 2).double(), uniform(0, 2 * math.pi, (1, 1, 2), generator)).expand(1, 16, 2)
    clean = measure(steering(PLACES, ARRAY), symbols, codes, channel)
    noise = 0.1 * clean.abs().square().mean().sqrt() * complex_normal(clean.shape, generator)
    return Observation(measurements=clean + noise, codes=codes, channel=channel, array=ARRAY, symbols="pilot")


def test_a_merged_pair_is_noticed_and_taken_apart() -> None:
    estimator, region = PilotMl(), SearchRegion()
    likelihood, rows = estimator.likelihood(scale(close_pilots()).observation), torch.arange(1)
    merged = likelihood.start_at(rows, torch.tensor([[[-0.52, 0.0, 0.18], [-0.521, 0.0, 0.181]]]).double())
    merged = likelihood.refine(rows, merged, iterations=0, tolerance=1e-2)
    assert merged_pairs(likelihood, merged).tolist() == [True]
    apart = redetect_pairs(likelihood, rows, merged, search_grid(region, ARRAY), estimator.effort)
    assert merged_pairs(likelihood, apart).tolist() == [False]
    assert torch.allclose(apart.cosines[0, :, 0].sort().values, torch.tensor([-0.6, -0.44]).double(), atol=0.02)


def test_a_small_grid_is_made_finer_and_pairs_stay_few() -> None:
    likelihood = PilotMl().likelihood(scale(close_pilots()).observation)
    coarse = search_grid(SearchRegion(), ARRAY)
    assert coarse.size < MOST_POINTS
    assert likelihood.grid.size > 2 * coarse.size


def test_close_pilots_are_found_by_the_search() -> None:
    found = PilotMl()(close_pilots(), 2)
    assert torch.allclose(found.positions[0, :, 0].sin().sort().values, torch.tensor([-0.6, -0.44]).double(), atol=0.02)


def test_a_pair_that_is_not_the_best_on_the_grid_is_found() -> None:
    """A scene in which the grid's best pair leads to an optimum that is 48 nats above the right one."""
    line = preset("pilot", sources=2, snr_db=10.0, horizontal=15, vertical=1, elevation_deg=0.0)
    scene = cell_scenes(line, 64, 0, 1)[[55]]
    found = PilotMl()(scene.observation, 2).positions[0]
    error = found[found[:, 0].argsort()] - scene.truth.positions[0, [1, 0]]
    assert bool((error[:, 0].abs() < 0.01).all() and (error[:, 2].abs() < 1).all())
