"""Is it said that a channel of rank one hears one number a snapshot, which an unknown symbol explains anywhere?"""

from dataclasses import replace
from typing import Any

import pytest
import torch

from ris_pytorch_pipeline.bench import matched, region_of
from ris_pytorch_pipeline.estimate import Estimate, PilotMl, Sml, Status
from ris_pytorch_pipeline.estimate.fit.elsewhere import modes
from ris_pytorch_pipeline.physics import Scenes, complex_normal, draw, measure, preset, steering
from ris_pytorch_pipeline.rng import stream

COUNT = 4


def rank_one(symbols: str, snr_db: float) -> Scenes:
    """One source, 8 antennas that all hear the same, 40 snapshots."""
    name = "random" if symbols == "random" else "pilot"
    scenes = draw(preset(name, sources=1, antennas=8, snapshots=40), COUNT, stream(5, "rank one"))
    generator, seen = stream(5, "rank one channel"), scenes.observation
    left, right = (complex_normal((COUNT, size, 1), generator) for size in (8, len(seen.array)))
    channel = (left @ right.mT).to(seen.codes.dtype)
    sent = (1, 40) if symbols == "random" else (1, 1)
    amplitudes = complex_normal((COUNT, sent[1], 1), generator).expand(-1, 40, -1).to(channel.dtype)
    vectors = steering(scenes.truth.positions, seen.array).to(channel.dtype)
    clean = measure(vectors, amplitudes, seen.codes, channel)
    noise = (clean.abs().square().mean((-1, -2), keepdim=True) * 10 ** (-snr_db / 10)).sqrt()
    noisy = clean + noise * complex_normal(tuple(clean.shape), generator)
    return replace(scenes, observation=replace(seen, channel=channel, measurements=noisy))


def said(found: Estimate) -> tuple[tuple[Status, ...], ...]:
    assert found.fit is not None
    return found.fit.findings


@pytest.mark.parametrize("snr_db", [20.0, 60.0])
def test_random_symbols_through_it_are_never_confirmed(snr_db: float) -> None:
    scenes = rank_one("random", snr_db)
    found = Sml()(scenes.observation, 1)
    assert not bool(matched(found, scenes.truth).found.all()), "some scene is located elsewhere"
    assert all(Status.UNTESTED in each for each in said(found))
    assert Status.CONVERGED not in found.status


def test_no_source_found_through_it_is_no_misfit() -> None:
    """The energy that came through the channel has its colour, whatever the model is."""
    found = Sml()(rank_one("random", 20.0).observation)
    assert 0 in found.order.tolist()
    assert all(Status.MISFIT not in each for each in said(found))


def test_pilots_through_it_are_located() -> None:
    scenes = rank_one("pilot", 20.0)
    found = PilotMl()(scenes.observation, 1)
    assert bool(matched(found, scenes.truth).found.all())
    assert all(Status.UNTESTED not in each for each in said(found))


def test_other_channels_are_tested() -> None:
    scenes = draw(preset("random", sources=1, snr_db=20.0), COUNT, stream(5, "full rank"))
    assert all(Status.UNTESTED not in each for each in said(Sml()(scenes.observation, 1)))
    assert int(torch.linalg.matrix_rank(scenes.observation.channel[0])) > 1


def test_two_antennas_behind_one_code_name_other_places() -> None:
    """Two real numbers tell no three coordinates: no answer that is far from the truth is confirmed."""
    scenes = draw(preset("random", codes="ones", antennas=2, sources=1, snr_db=15.0), 16, stream(5, "two antennas"))
    found = Sml()(scenes.observation, 1)
    right = matched(found, scenes.truth).found.all(-1)
    assert not bool(right.all())
    assert all(ok or status != Status.CONVERGED for ok, status in zip(right.tolist(), found.status, strict=True))
    assert any(Status.AMBIGUOUS in each for each in said(found))


LINE = {"horizontal": 15, "vertical": 1, "elevation_deg": 0.0}


@pytest.mark.parametrize(("array", "sought"), [(LINE, True), ({}, False)])
def test_sources_are_sought_elsewhere_once_more_where_the_grid_is_small(
    array: dict[str, Any], sought: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, asked = preset("pilot", sources=1, snr_db=20.0, **array), []
    monkeypatch.setattr(modes, "_sought", lambda *given: asked.append(given) or [])
    PilotMl(region=region_of(scenario))(draw(scenario, 1, stream(5, "small grid")).observation, 1)
    assert bool(asked) == sought
