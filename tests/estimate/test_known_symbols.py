"""Symbols that are known: each source keeps its name, reaches the bound, and a wrong sequence is said to be none."""

from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import KnownMl, Omp, PilotMl, SearchRegion, Sml, Status, told
from ris_pytorch_pipeline.estimate.ml.known.sequenced import responses_of
from ris_pytorch_pipeline.likelihood import sequence_scores
from ris_pytorch_pipeline.physics import Observation, Scenes, chart_of, draw, preset
from ris_pytorch_pipeline.rng import stream


def known(sources: int, count: int, snr_db: float = 10.0) -> tuple[Observation, Scenes]:
    scenes = draw(preset("random", sources=sources, snr_db=snr_db), count, stream(3, f"known {sources}"))
    factor = torch.polar(torch.ones(sources, dtype=torch.float64), torch.arange(sources).double())
    seen = replace(scenes.observation, symbols="known", sequences=3.0 * factor * scenes.truth.symbols)
    return seen, scenes


@pytest.mark.parametrize("sources", [1, 3])
def test_errors_are_those_that_are_stated(sources: int) -> None:
    seen, scenes = known(sources, 24)
    found = KnownMl()(seen)
    error = (found.positions - scenes.truth.positions) / found.deviations
    assert 0.75 < float(error.square().mean().sqrt()) < 1.25, "in the order of the sequences"
    assert sum(status is Status.CONVERGED for status in found.status) >= 22
    assert torch.allclose(found.powers, scenes.truth.symbols.abs().square().mean(1), rtol=0.5)


def test_as_many_sequences_as_measurements_are_refused() -> None:
    seen, _ = known(3, 1)
    few = replace(
        seen, measurements=seen.measurements[:, :3, :1], codes=seen.codes[:, :3], channel=seen.channel[:, :1],
        sequences=None if seen.sequences is None else seen.sequences[:, :3],
    )  # fmt: skip
    with pytest.raises(InputError, match="more than 3 measurements"):
        KnownMl()(few)


def test_known_symbols_say_more_than_random_ones() -> None:
    seen, scenes = known(3, 6)
    blind = Sml()(replace(seen, symbols="random", sequences=None), 3)
    own = KnownMl()(seen)
    assert own.deviations.square().mean() < blind.deviations.square().mean()
    assert own.fit is not None and float(own.fit.explained.min()) > 0.8
    del scenes


def test_the_information_is_that_of_a_pilot_where_all_symbols_are_constant() -> None:
    scenes = draw(preset("pilot", sources=2, snr_db=20.0), 3, stream(3, "known pilots"))
    pilots = scenes.observation
    found = KnownMl()(replace(pilots, symbols="known", sequences=torch.ones_like(scenes.truth.symbols)))
    wanted = PilotMl(fit=False)(pilots, 2)
    for scene in range(3):
        first, second = (x.deviations[scene, x.positions[scene, :, 0].argsort()] for x in (found, wanted))
        assert torch.allclose(first, second, rtol=0.02)


def test_a_wrong_sequence_is_no_source() -> None:
    seen, _ = known(1, 4, snr_db=20.0)
    assert seen.sequences is not None
    found = KnownMl()(replace(seen, sequences=seen.sequences.flip(1)))
    assert Status.CONVERGED not in found.status


def test_a_sequence_that_nobody_sends_is_weak_before_it_is_ambiguous() -> None:
    """It fits anywhere: that is no other answer to the scene."""
    seen, _ = known(2, 4, snr_db=20.0)
    assert seen.sequences is not None
    silent = torch.polar(torch.ones(4, 16, 1, dtype=torch.float64), torch.arange(64.0).reshape(4, 16, 1).double() ** 2)
    found = KnownMl()(replace(seen, sequences=torch.cat([seen.sequences, silent.to(seen.sequences)], -1)))
    assert found.fit is not None and {mode.source for modes in found.fit.modes for mode in modes} == {2}
    assert found.status == (Status.WEAK,) * 4


def test_what_does_not_fit_is_refused() -> None:
    seen, scenes = known(2, 2)
    assert seen.sequences is not None
    assert seen[:1].to(dtype=torch.complex64).sequences is not None
    for changes, word in (
        ({"sequences": None}, "sequences with symbols='known'"),
        ({"symbols": "random"}, "pass both, or neither"),
        ({"sequences": seen.sequences[:, :-1]}, "scene, snapshot, source"),
        ({"sequences": 0 * seen.sequences}, "a symbol other than zero"),
        ({"sequences": seen.sequences * torch.tensor([0, 1])}, "move it behind the others"),
        ({"sequences": seen.sequences * torch.tensor([1, torch.nan])}, "symbols='random' for all"),
        ({"symbols": ("known", "random")}, "put each kind in the slot of its sequence"),
    ):
        with pytest.raises(InputError, match=word):
            replace(seen, **changes)
    for estimator in (Sml(), PilotMl(), Omp()):
        with pytest.raises(InputError):
            estimator(seen, 2)
    with pytest.raises(InputError, match="one a sequence"):
        KnownMl()(seen, 3)
    with pytest.raises(InputError, match="symbols='known'"):
        KnownMl()(scenes.observation)


def test_several_wavelengths_have_a_factor_each() -> None:
    scenario = preset("random", symbols="known", sources=2, snr_db=10.0, frequencies=3, bandwidth=0.1)
    scenes = draw(scenario, 12, stream(3, "known and wide"))
    seen = scenes.observation
    assert seen.sequences is not None
    factors = torch.polar(torch.ones(3, 1, 2, dtype=torch.float64), torch.arange(6.0).double().reshape(3, 1, 2))
    found = KnownMl()(replace(seen, sequences=seen.sequences * factors))
    error = (found.positions - scenes.truth.positions) / found.deviations
    assert 0.75 < float(error.square().mean().sqrt()) < 1.25
    bound = scene_bound(scenes).deviations
    assert 0.8 < float((found.deviations / bound).median()) < 1.25
    alone = KnownMl()(first_wavelength(seen))
    assert float((alone.deviations / found.deviations).median()) > 1.4, "three wavelengths say three times as much"


def first_wavelength(seen: Observation) -> Observation:
    assert seen.sequences is not None
    return Observation(
        measurements=seen.measurements[:, 0], codes=seen.codes[:, 0], channel=seen.channel[:, 0], symbols="known",
        sequences=seen.sequences[:, 0], array=replace(seen.array, wavelengths=seen.array.wavelengths[:1]),
    )  # fmt: skip


def test_scenes_of_different_numbers_of_sources() -> None:
    scenes = draw(preset("random", symbols="known", sources=(1, 3), snr_db=15.0), 8, stream(3, "known 1..3"))
    found = KnownMl()(scenes.observation, scenes.truth.sources)
    assert found.order.tolist() == scenes.truth.sources.tolist()
    assert len(set(found.order.tolist())) > 1
    error = ((found.positions - scenes.truth.positions) / found.deviations)[scenes.truth.present]
    assert 0.7 < float(error.square().mean().sqrt()) < 1.3
    again = KnownMl().refine(scenes.observation, scenes.truth.positions)
    near = (again.positions - found.positions).abs() < 0.1 * found.deviations
    assert bool(near[scenes.truth.present].all()), "the search ends where the truth leads to"


def test_who_does_not_use_sequences_is_not_told_them() -> None:
    seen, _ = known(2, 2)
    assert told(KnownMl(), seen).sequences is not None
    assert told(Sml(), seen).symbols == "random"
    assert Sml()(told(Sml(), seen), 2).order.tolist() == [2, 2]
    pilots = draw(preset("pilot"), 1, stream(3, "not known")).observation
    assert told(Sml(), pilots) is pilots


def test_the_sandwich_agrees_with_fisher_where_the_model_holds_and_scores_sum_to_zero() -> None:
    seen, _ = known(2, 8)
    found = KnownMl()(seen)
    assert found.sandwich is not None
    assert 1.0 <= float((found.sandwich / found.deviations).mean()) < 1.2
    chart, coordinates = chart_of(found.positions, seen.array)
    assert seen.sequences is not None
    sent = seen.sequences * responses_of(seen, found.positions).amplitudes[:, 0].unsqueeze(-2)
    scores = sequence_scores(coordinates, chart, seen, sent, seen.blocks)
    assert float((scores.sum(1).abs() / scores.norm(dim=1)).max()) < 0.05


def test_other_answers_are_listed_where_elements_lie_far_apart() -> None:
    wide = preset("random", sources=1, horizontal=6, vertical=6, spacing=0.45, distance=(100.0, 300.0), snr_db=20.0)
    scenes = draw(replace(wide, azimuth_deg=(-20.0, 20.0), elevation_deg=(-5.0, 5.0)), 4, stream(3, "grating"))
    seen = replace(scenes.observation, symbols="known", sequences=scenes.truth.symbols)
    found = KnownMl(region=SearchRegion(distance=(50.0, 500.0)))(seen)
    assert found.fit is not None
    assert sum(len(modes) > 0 for modes in found.fit.modes) >= 2
    assert sum(status is Status.AMBIGUOUS for status in found.status) >= 2
