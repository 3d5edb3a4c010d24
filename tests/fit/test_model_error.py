"""Are sources that errors of the model explain told from true ones, and are right scenes left alone?"""

import math
from dataclasses import replace

import pytest
import torch
from fitted_scenes import flipped, scenes

from ris_pytorch_pipeline.estimate.fit.counting.model_error import (
    all_gain,
    energy_by_group,
    error_evidence,
    gain_over_errors,
    sources_share,
)
from ris_pytorch_pipeline.estimate.fit.counting.scatter import Scatter, scatter_of
from ris_pytorch_pipeline.estimate.fit.counting.spare import kept_sources
from ris_pytorch_pipeline.estimate.fit.groups import Groups, groups_of
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Impairments, Observation, Scenes, complex_normal
from ris_pytorch_pipeline.rng import stream

THRESHOLD = 21.0


def weighed(seen: Observation, positions: torch.Tensor, true: Scenes) -> tuple[Scatter, torch.Tensor]:
    """Scatter and powers of sources at given positions; powers as in the truth, equal."""
    scaled = scale(seen)
    groups = groups_of(scaled.observation, positions)
    powers = groups.present.double() / (len(seen.array) * true.truth.sources[:, None])
    return scatter_of(scaled.observation, groups), powers


def kept(scatter: Scatter, powers: torch.Tensor) -> list[int]:
    doubtful = torch.zeros(len(powers)).bool()
    return kept_sources(scatter, powers, THRESHOLD, doubtful)[0].sum(-1).tolist()


def test_true_sources_are_kept() -> None:
    true = scenes(sources=3, count=8)
    scatter, powers = weighed(true.observation, true.truth.positions, true)
    assert kept(scatter, powers) == [3] * 8


def test_places_without_a_source_are_not_kept() -> None:
    true = scenes(sources=1, count=8)
    wrong = true.truth.positions.clone()
    wrong[..., 0] = -wrong[..., 0] + 0.3 * torch.sign(-wrong[..., 0])
    both = torch.cat([true.truth.positions, wrong], dim=1)
    scatter, powers = weighed(true.observation, both, true)
    assert kept(scatter, powers * torch.tensor([1.0, 0.1])) == [1] * 8


@pytest.mark.parametrize("asked", [0.0, 10.0, 20.0, 1e6])
def test_asking_source_by_source_says_the_same_as_all_gains(asked: float) -> None:
    true = scenes(sources=3, count=12)
    scatter, powers = weighed(true.observation, true.truth.positions, true)
    powers = powers * torch.tensor([1.0, 0.3, 0.1])
    share = torch.rand(12, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    share[share > 0.6] = 1.0
    every = (gain_over_errors(scatter, scatter.groups.present, powers) * share > asked).all(-1)
    assert all_gain(scatter, powers, share, asked).tolist() == every.tolist()
    assert 0 < int(every.sum()) < 12 or asked in (0.0, 1e6)


def test_phase_errors_leave_what_follows_the_sources() -> None:
    right = scenes(sources=1, count=8, snr_db=20.0)
    wrong = scenes(sources=1, count=8, snr_db=20.0, impairments=Impairments(phase_error_rad=0.5))
    for true, low, high in ((right, -math.inf, 9.0), (wrong, 9.0, math.inf)):
        scatter, powers = weighed(true.observation, true.truth.positions, true)
        found = error_evidence(scatter, scatter.groups.present, powers)
        assert bool(((found > low) & (found < high)).all())


def test_sources_explain_most_of_a_right_scene_and_little_of_a_wrong_one() -> None:
    true = scenes(sources=1, count=8, snr_db=20.0)
    scatter, _ = weighed(true.observation, true.truth.positions, true)
    assert float(sources_share(scatter, scatter.groups.present).min()) > 0.9
    conjugate = replace(true.observation, codes=true.observation.codes.conj().resolve_conj())
    scatter, _ = weighed(conjugate, true.truth.positions, true)
    assert float(sources_share(scatter, scatter.groups.present).median()) < 0.4


def test_a_flipped_antenna_is_evidence_of_errors() -> None:
    true = scenes(sources=1, count=4, snr_db=20.0)
    scatter, powers = weighed(flipped(true.observation, 3), true.truth.positions, true)
    assert bool((error_evidence(scatter, scatter.groups.present, powers) > 20).all())


def test_energy_by_group_has_mean_one() -> None:
    true = scenes(sources=2, count=4)
    groups = groups_of(scale(true.observation).observation, true.truth.positions)
    energy = energy_by_group(groups)
    assert torch.allclose(energy.mean(-1), torch.ones(4).double())
    assert bool((energy_by_group(groups.keeping(torch.zeros_like(groups.present))) == 1).all())


@pytest.mark.parametrize(("factor", "count"), [(0.3, 1), (None, 2)])
def test_two_sources_with_the_same_symbols_are_one(factor: float | None, count: int) -> None:
    """Orthogonal responses and symbols by hand: the second follows the first, or does not."""
    generator = stream(3, "same symbols")
    first = complex_normal((1, 16, 1), generator)
    second = factor * first if factor is not None else 0.5 * complex_normal((1, 16, 1), generator)
    responses = torch.zeros(1, 16, 2, 12, dtype=torch.complex128)
    responses[:, :, 0, :6], responses[:, :, 1, 6:] = 1.0, 1.0
    clean = (responses * torch.stack([first, second], dim=2)).sum(2)
    noisy = clean + 0.1 * complex_normal((1, 16, 12), generator)
    groups = Groups(noisy, responses, torch.ones(1, 2).bool(), 12)
    scatter = Scatter(groups, torch.ones(1, 1, 12).double(), coherent=False)
    assert kept(scatter, torch.tensor([[1.0, 0.1]]).double()) == [count]
