"""Is what sources leave over tested as it should be: white noise passes, each kind of structure is named?"""

import math
from dataclasses import replace

import pytest
import torch
from fitted_scenes import flipped, scenes

from ris_pytorch_pipeline.estimate import PilotMl, Sml
from ris_pytorch_pipeline.estimate.fit import groups_of, structure, tangents_of
from ris_pytorch_pipeline.estimate.fit.residual.structure import KNOWN_NOISE, SENTENCES, STATISTICS
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Impairments, Observation, Scenes


def residual_of(observation: Observation, truth: Scenes) -> tuple[torch.Tensor, list[str]]:
    """p-values with the sources at their true places, and what is most striking."""
    seen = scale(observation).observation
    positions = truth.truth.positions
    groups = groups_of(seen, positions)
    found = structure(seen, groups, tangents_of(seen, groups, positions))
    return found.p_value, [SENTENCES[i] for i in found.cause.tolist()]


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_white_noise_passes(name: str) -> None:
    true = scenes(name, sources=3, count=64)
    p_value, _ = residual_of(true.observation, true)
    assert int((p_value < 0.01).sum()) <= 2
    assert float(p_value.median()) > 0.2


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_a_flipped_antenna_is_named(name: str) -> None:
    true = scenes(name, sources=2)
    p_value, words = residual_of(flipped(true.observation, 3), true)
    assert bool((p_value < 1e-6).all())
    assert set(words) <= {STATISTICS[1], STATISTICS[3]}


def test_phase_errors_follow_the_codes_and_the_sources() -> None:
    true = scenes("pilot", impairments=Impairments(phase_error_rad=0.5))
    p_value, words = residual_of(true.observation, true)
    assert bool((p_value < 1e-4).all())
    assert set(words) <= {STATISTICS[2], STATISTICS[4], STATISTICS[3]}


def test_known_noise_is_tested_by_chi_squared() -> None:
    true = scenes(count=8)
    right = replace(true.observation, noise_variance=true.truth.noise_variance)
    assert bool((residual_of(right, true)[0] > 1e-3).all())
    for factor, said in zip((0.5, 2.0), KNOWN_NOISE, strict=True):
        p_value, words = residual_of(replace(right, noise_variance=true.truth.noise_variance * factor), true)
        assert bool((p_value < 1e-6).all())
        assert set(words) == {said}


def test_the_p_value_depends_on_its_scene_alone() -> None:
    true = scenes(count=6)
    every, _ = residual_of(true.observation, true)
    one, _ = residual_of(true.observation[[4]], true[[4]])
    assert float(one) == pytest.approx(float(every[4]), abs=1e-4)


def test_the_expected_share_is_that_of_the_snr() -> None:
    found = Sml().refine(*_seen("random", 20.0))
    assert found.fit is not None
    wanted = 1 - (1 - 1 / 16) / (1 + 10**2)
    assert found.fit.explained.mean() == pytest.approx(wanted, abs=0.01)
    told = found.fit.expected[~found.fit.expected.isnan()]
    assert len(told) > 4
    assert told.median() == pytest.approx(wanted, abs=0.05)


def test_a_pilot_explains_what_its_span_holds() -> None:
    found = PilotMl().refine(*_seen("pilot", 10.0))
    assert found.fit is not None
    assert found.fit.explained.mean() == pytest.approx(1 / (1 + 0.1), abs=0.02)
    assert not math.isnan(float(found.fit.evidence.sum()))


def _seen(name: str, snr_db: float) -> tuple[Observation, torch.Tensor]:
    true = scenes(name, count=8, snr_db=snr_db)
    return true.observation, true.truth.positions
