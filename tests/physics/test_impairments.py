"""Does the panel do what the impairments say, behind the estimator's back?"""

import math
from typing import Any

import pytest
import torch

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.physics import Impairments, Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream


def drawn(
    scenes: int = 60, snr_db: float = 10.0, sources: int = 1, code_bits: int | None = 3, **impairments: Any
) -> Scenes:  # fmt: skip
    hidden = Impairments(**impairments)
    scenario = preset("random", sources=sources, snr_db=snr_db, code_bits=code_bits, impairments=hidden)
    return draw(scenario, scenes, stream(1, "impairments"))


def shown(scenes: Scenes) -> torch.Tensor:
    """What the panel did over what it was told, (scene, snapshot, element)."""
    return scenes.truth.applied_codes / scenes.observation.codes


def test_off_means_that_applied_is_given() -> None:
    scenes = drawn()
    assert torch.equal(scenes.truth.applied_codes, scenes.observation.codes)
    assert torch.equal(scenes.truth.applied_channel, scenes.observation.channel)
    assert torch.equal(scenes.truth.applied_elements, scenes.observation.elements.expand(60, -1, -1))


def test_given_codes_do_not_know_of_the_impairments() -> None:
    clean = drawn(phase_error_rad=1e-9)
    broken = drawn(phase_error_rad=0.5, gain_error=0.5, dead_fraction=0.5)
    assert torch.equal(clean.observation.codes, broken.observation.codes)
    assert not torch.allclose(broken.truth.applied_codes, broken.observation.codes)


def test_static_phase_error() -> None:
    error = shown(drawn(phase_error_rad=0.2))
    torch.testing.assert_close(error, error[:, :1].expand_as(error))
    angle = error[:, 0].angle()
    assert float(angle.std()) == pytest.approx(0.2, rel=5 / math.sqrt(2 * angle.numel()))
    assert float(angle.mean()) == pytest.approx(0, abs=5 * 0.2 / math.sqrt(angle.numel()))
    torch.testing.assert_close(error.abs(), torch.ones_like(error.real))


def test_jitter_is_new_in_every_snapshot() -> None:
    angle = shown(drawn(phase_jitter_rad=0.1)).angle()
    assert float(angle.std()) == pytest.approx(0.1, rel=5 / math.sqrt(2 * angle.numel()))
    assert float(angle.mean(1).std()) == pytest.approx(0.1 / math.sqrt(16), rel=0.05)


def test_gain_error_is_uniform_and_static() -> None:
    gain = shown(drawn(gain_error=0.3)).abs()
    torch.testing.assert_close(gain, gain[:, :1].expand_as(gain))
    assert 0.7 <= float(gain.min()) < 0.71
    assert 1.29 < float(gain.max()) <= 1.3
    assert float(gain[:, 0].mean()) == pytest.approx(1, abs=5 * 0.3 / math.sqrt(3 * gain[:, 0].numel()))


def test_dead_elements_stay_dead() -> None:
    alive = shown(drawn(dead_fraction=0.05)).abs() > 0.5
    assert torch.equal(alive, alive[:, :1].expand_as(alive))
    dead = (~alive[:, 0]).double().mean()
    assert float(dead) == pytest.approx(0.05, abs=5 * math.sqrt(0.05 * 0.95 / alive[:, 0].numel()))


@pytest.mark.parametrize("level_db", [-20.0, -10.0])
def test_channel_error_power(level_db: float) -> None:
    scenes = drawn(channel_error_db=level_db)
    error = (scenes.observation.channel - scenes.truth.applied_channel).abs().square()
    expected = 10 ** (level_db / 10)
    assert float(error.mean()) == pytest.approx(expected, rel=5 / math.sqrt(error.numel()))
    assert torch.equal(scenes.truth.applied_codes, scenes.observation.codes)


def test_ghost_power() -> None:
    """A ghost is drawn last, so the same stream without it gives the same scene, up to the power control."""

    def received(scenes: Scenes) -> torch.Tensor:
        return scenes.observation.measurements / scenes.truth.powers.sqrt()[:, None]

    direct = received(drawn(400, snr_db=200.0))
    ghost = received(drawn(400, snr_db=200.0, ghost_db=-10.0)) - direct
    assert float(ghost.abs().square().mean() / direct.abs().square().mean()) == pytest.approx(0.1, rel=0.05)


def test_the_hard_preset_breaks_everything_it_names() -> None:
    scenes = draw(preset("hard"), 20, stream(2, "impairments"))
    assert not torch.equal(scenes.observation.channel, scenes.truth.applied_channel)
    assert bool((shown(scenes) == 0).any())
    assert float(shown(scenes)[shown(scenes) != 0].angle().std()) == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize(
    "bad",
    [
        {"dead_fraction": 1.0},
        {"gain_error": -0.1},
        {"phase_error_rad": -1.0},
        {"ghost_db": -math.inf},
        {"position_error_wavelengths": -0.01},
        {"position_error_wavelengths": 3.0},
        {"position_error_wavelengths": math.nan},
        {"unmodelled_code_bits": 0},
        {"unmodelled_code_bits": 17},
    ],
)
def test_no_impossible_impairments(bad: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(bad))):
        Impairments(**bad)
