"""Does the alarm accuse estimators that saw the truth, and never a sound one, however many cells are looked at?"""

import math
from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.bench import Family, Score, alarm, score
from ris_pytorch_pipeline.bench.below_bound import FEWEST_SCENES, audible, chance_of
from ris_pytorch_pipeline.estimate import SearchRegion
from ris_pytorch_pipeline.rng import stream

MANY = Family(tests=45)


def sums_of(scenes: int, factor: float, kind: str, seed: int) -> torch.Tensor:
    """Σ (error/bound)² over three sources a scene: independent, all alike, or with the tails of Student's t₅."""
    generator = stream(seed, f"alarm/{kind}")
    error = torch.randn(scenes, 3, generator=generator, dtype=torch.float64)
    if kind == "alike":
        error = error[:, :1].expand(-1, 3)
    if kind == "tails":
        chi = torch.randn(scenes, 3, 5, generator=generator, dtype=torch.float64).square().sum(-1) / 5
        error = error / chi.sqrt() * math.sqrt(3 / 5)
    return (factor * error).square().sum(-1)


@pytest.mark.parametrize("kind", ["independent", "alike", "tails"])
@pytest.mark.parametrize("scenes", [FEWEST_SCENES, 200])
def test_no_sound_estimator_is_accused_in_three_hundred_comparisons(kind: str, scenes: int) -> None:
    weights = torch.full((scenes,), 3.0, dtype=torch.float64)
    chances = [chance_of(sums_of(scenes, 1.0, kind, seed), weights) for seed in range(300)]
    assert min(chances) * MANY.tests * 3 > 0.01


@pytest.mark.parametrize("kind", ["independent", "alike", "tails"])
def test_half_the_bound_is_accused_in_a_large_comparison(kind: str) -> None:
    weights = torch.full((200,), 3.0, dtype=torch.float64)
    chances = [chance_of(sums_of(200, 0.5, kind, seed), weights) for seed in range(40)]
    assert sum(chance * MANY.tests * 3 < 0.01 for chance in chances) >= 38


def test_errors_of_nothing_at_all_are_impossible() -> None:
    assert chance_of(torch.zeros(30).double(), torch.ones(30).double()) == 0.0


def scored(trial, estimate) -> Score:
    return score(trial.scenes.truth, trial.bound, estimate)


def test_a_comparison_of_more_cells_asks_for_more(trial, gaussian, guess) -> None:
    slightly = scored(trial, guess(gaussian(0.72)))
    assert alarm(slightly) is not None
    assert alarm(slightly, Family(tests=10**6)) is None
    found = alarm(scored(trial, guess(gaussian(0.4))), MANY)
    assert found is not None and "45 cells" in found and "120 scenes" in found


def test_a_source_near_the_edge_of_the_field_is_not_heard(trial, gaussian, guess) -> None:
    """An estimate that may not leave the field is nearer to a source on its border than the bound says."""
    scores = scored(trial, guess(gaussian(1.0)))
    wide = SearchRegion(azimuth=(-1.5, 1.5), elevation=(-1.5, 1.5), distance=(1e-3, 1e6))
    assert torch.equal(audible(scores, None), audible(scores, wide))
    border = replace(wide, azimuth=(-1.5, float(scores.true[0, 0, 0])))
    assert not bool(audible(scores, border)[0, 0, 0])
    assert bool(audible(scores, wide)[0, 0, 0])
