"""Is the share that is expected stated only where the scene tells it?"""

from dataclasses import replace

import pytest

from ris_pytorch_pipeline.estimate import Fit, PilotMl, Sml
from ris_pytorch_pipeline.physics import Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream


def right(name: str, antennas: int, count: int = 6) -> Scenes:
    """One source at 20 dB, behind a channel that comes from all sides."""
    several = {"antennas": antennas, "snapshots": 32, "sources": 1, "rician_factor": 0.01}
    return draw(preset(name, snr_db=20.0, **several), count, stream(3, f"expected/{name}/{antennas}"))


def fit_of(scenes: Scenes) -> Fit:
    found = (PilotMl() if scenes.observation.symbols == "pilot" else Sml())(scenes.observation, 1).fit
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "antennas"), [("pilot", 1), ("pilot", 2), ("pilot", 8), ("random", 4)])
def test_few_antennas_do_not_tell_what_to_expect(name: str, antennas: int) -> None:
    """The share that their colour suggested was off by .05 to .97 in half of such scenes."""
    found = fit_of(right(name, antennas))
    assert bool((found.explained > 0.95).all())
    assert bool(found.expected.isnan().all())


@pytest.mark.parametrize(("name", "antennas"), [("pilot", 1), ("pilot", 8), ("random", 4)])
def test_a_noise_that_is_stated_tells_it(name: str, antennas: int) -> None:
    scenes = right(name, antennas)
    noise = scenes.truth.noise_variance
    found = fit_of(replace(scenes, observation=replace(scenes.observation, noise_variance=noise)))
    assert float((found.explained - found.expected).abs().max()) < 0.02


def test_antennas_that_hear_more_than_others_tell_it() -> None:
    found = fit_of(draw(preset("pilot", sources=1, snr_db=20.0), 12, stream(3, "expected")))
    told = ~found.expected.isnan()
    assert int(told.sum()) > 6
    assert float((found.explained - found.expected)[told].abs().max()) < 0.12
