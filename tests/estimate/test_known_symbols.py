"""Symbols that are known: each source keeps its name, reaches the bound, and a wrong sequence is said to be none."""

from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import KnownMl, Omp, PilotMl, Sml, Status
from ris_pytorch_pipeline.physics import Observation, Scenes, draw, preset
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


def test_what_does_not_fit_is_refused() -> None:
    seen, scenes = known(2, 2)
    assert seen.sequences is not None
    assert seen[:1].to(dtype=torch.complex64).sequences is not None
    for changes, word in (
        ({"sequences": None}, "sequences with symbols='known'"),
        ({"symbols": "random"}, "pass both, or neither"),
        ({"sequences": seen.sequences[:, :-1]}, "scene, snapshot, source"),
        ({"sequences": 0 * seen.sequences}, "a symbol other than zero"),
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
