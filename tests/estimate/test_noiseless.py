"""Measurements without any noise are located like those with 70 dB of SNR."""

from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.bench.score import match_directions
from ris_pytorch_pipeline.estimate import KnownMl, MixedMl, PilotMl, Sml, Status
from ris_pytorch_pipeline.physics import Scenes, draw, measure, preset, steering_at, to_cosines


def noiseless(name: str, sources: int) -> Scenes:
    scenes = draw(preset(name, sources=sources, snr_db=20.0), 2, torch.Generator().manual_seed(sources))
    seen = scenes.observation
    waves = steering_at(to_cosines(scenes.truth.positions, seen.array), seen.array)
    clean = measure(waves, scenes.truth.symbols, seen.codes, seen.channel)
    return Scenes(observation=replace(seen, measurements=clean), truth=scenes.truth)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("name", "sources"), [("pilot", 1), ("pilot", 2), ("random", 1), ("random", 2)])
def test_sources_without_noise(name: str, sources: int, *, known: bool) -> None:
    scenes = noiseless(name, sources)
    found = (PilotMl() if name == "pilot" else Sml())(scenes.observation, sources if known else None)
    assert found.order.tolist() == [sources] * 2
    assert all(status in {Status.CONVERGED, Status.ITERATION_LIMIT} for status in found.status)
    partner = match_directions(scenes.truth.positions, found.positions)
    placed, deviations = (
        x.gather(1, partner[..., None].expand(-1, -1, 3)) for x in (found.positions, found.deviations)
    )
    assert ((placed - scenes.truth.positions).abs() < 6 * deviations).all()
    assert deviations.max() < 1e-2


def test_refined_without_noise() -> None:
    scenes = noiseless("pilot", 1)
    found = PilotMl().refine(scenes.observation, scenes.truth.positions)
    assert list(found.status) == [Status.CONVERGED] * 2
    assert (found.positions - scenes.truth.positions).abs().max() < 1e-4


@pytest.mark.parametrize("sources", [1, 2])
def test_known_symbols_without_noise(sources: int) -> None:
    scenes = noiseless("random", sources)
    seen = replace(scenes.observation, symbols="known", sequences=scenes.truth.symbols)
    found = KnownMl()(seen)
    assert list(found.status) == [Status.CONVERGED] * 2
    assert ((found.positions - scenes.truth.positions).abs() < 6 * found.deviations).all()
    assert found.deviations.max() < 1e-2


def test_several_kinds_without_noise() -> None:
    scenes = noiseless("random", 2)
    seen = replace(
        scenes.observation, symbols=("random", "known"), sequences=scenes.truth.symbols * torch.tensor([0.0, 1.0])
    )
    found = MixedMl()(seen)
    assert list(found.status) == [Status.CONVERGED] * 2
    assert ((found.positions - scenes.truth.positions).abs() < 6 * found.deviations).all()
