"""Are coverage, sharpness and scores of a stated ± those of their definitions?"""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from scipy import integrate, stats

from ris_pytorch_pipeline.bench import Stated, crps, stated_of
from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.estimate import Sml
from ris_pytorch_pipeline.physics import preset

N = 20000
ERRORS = torch.randn(N, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize(("error", "deviation"), [(0.0, 1.0), (1.3, 0.4), (-0.7, 2.0)])
def test_crps_is_its_integral(error: float, deviation: float) -> None:
    def squared(x: float) -> float:
        return float(stats.norm.cdf(x, scale=deviation) - (x >= error)) ** 2

    ends = (-30.0, min(error, 0.0), max(error, 0.0), 30.0)
    wanted = sum(integrate.quad(squared, a, b, limit=200)[0] for a, b in itertools.pairwise(ends) if a < b)
    got = crps(torch.tensor(error, dtype=torch.float64), torch.tensor(deviation, dtype=torch.float64))
    assert float(got) == pytest.approx(wanted, rel=1e-6)


def test_what_is_right_covers_and_scores_best() -> None:
    right = Stated(ERRORS, torch.ones_like(ERRORS))
    for promised in (0.5, 0.9):
        for held in right.coverage(promised):
            assert abs(held.value - promised) < 4 * math.sqrt(promised * (1 - promised) / N)
    for factor in (0.5, 2.0):
        other = Stated(ERRORS, torch.full_like(ERRORS, factor))
        assert all(a < b for a, b in zip(right.crps(), other.crps(), strict=True))
        assert all(a < b for a, b in zip(right.nll(), other.nll(), strict=True))
        assert other.sharpness()[0] == pytest.approx(factor * right.sharpness()[0])


def test_what_states_nothing_is_not_judged() -> None:
    half = torch.where(torch.arange(N)[:, None] % 2 == 0, torch.ones_like(ERRORS), torch.nan)
    assert Stated(ERRORS, half).coverage(0.5)[0].value == pytest.approx(
        Stated(ERRORS[::2], torch.ones_like(ERRORS[::2])).coverage(0.5)[0].value
    )


def test_pairs_are_those_of_the_truth_in_inverse_distance() -> None:
    scenes = simulate(preset("random", horizontal=6, vertical=6, sources=2, snr_db=25.0), 12, seed=4)
    found = Sml(fit=False)(scenes.observation, 2)
    stated = stated_of(scenes.truth, found)
    assert len(stated.error) >= 18
    assert float((stated.error / stated.deviation).square().mean().sqrt()) == pytest.approx(1, abs=0.5)
    turned = replace(
        found, positions=found.positions.flip(1), deviations=found.deviations.flip(1), powers=found.powers.flip(1)
    )
    assert torch.allclose(stated_of(scenes.truth, turned).error, stated.error)
    doubled = stated_of(scenes.truth, found, 2 * found.deviations)
    assert torch.allclose(doubled.deviation, 2 * stated.deviation)
