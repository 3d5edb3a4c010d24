"""Sources of several kinds: each is found as what it is, at the bound, and what does not hold is said."""

from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.bench import matched
from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import (
    KnownMl,
    MixedMl,
    Omp,
    PilotMl,
    SearchEffort,
    SearchRegion,
    Sml,
    Status,
    contender,
    likelihood_for,
    told,
)
from ris_pytorch_pipeline.physics import Scenes, SourceKind, kinds_of, preset

KINDS: tuple[SourceKind, ...] = ("random", "pilot", "known")
SMALL = {"horizontal": 8, "vertical": 8, "separation": 0.3, "snr_db": 10.0}


def drawn(scenes: int, kinds: tuple[SourceKind, ...] = KINDS, **changes: object) -> Scenes:
    return simulate(preset("random", symbols=kinds, **(SMALL | changes)), scenes, seed=4)


def test_each_kind_reaches_its_bound_and_random_symbols_do_not() -> None:
    scenes = drawn(16)
    found = MixedMl()(scenes.observation)
    own = matched(found, scenes.truth, KINDS)
    bound = scene_bound(scenes).deviations
    assert bool(own.found.all()), "every source is where its kind says"
    ratio = float((own.error / bound).square().mean().sqrt())
    assert 0.9 < ratio < 1.25
    blind = matched(Sml(fit=False)(scenes.observation.untold(), 3), scenes.truth)
    assert float((blind.error / bound).square().mean().sqrt()) > 1.15 * ratio
    assert sum(status is Status.CONVERGED for status in found.status) >= 15
    assert 0.8 < float((own.deviations / bound).median()) < 1.25
    assert found.fit is not None and int(found.fit.expected.isnan().sum()) < 8
    assert float((found.fit.explained - found.fit.expected).abs().nanmean()) < 0.05
    assert torch.allclose(found.noise_variance, scenes.truth.noise_variance, rtol=0.4)


@pytest.mark.parametrize("kinds", [("known", "random"), ("pilot", "known"), ("random", "pilot", "random", "pilot")])
def test_any_mixture_is_found(kinds: tuple[SourceKind, ...]) -> None:
    scenes = drawn(4, kinds, snr_db=15.0)
    found = MixedMl()(scenes.observation)
    own = matched(found, scenes.truth, kinds)
    assert bool(own.found.all())
    assert float((own.error / own.deviations).abs().max()) < 5
    for kind in ("random", "pilot"):
        mine = found.powers[:, [k for k, each in enumerate(kinds) if each == kind]]
        assert bool((mine.diff(dim=1) <= 0).all()), "the stronger of one kind comes first"


def test_the_optimum_is_that_from_the_truth() -> None:
    scenes = drawn(4)
    from_there = MixedMl().refine(scenes.observation, scenes.truth.positions)
    assert torch.allclose(MixedMl()(scenes.observation).positions, from_there.positions, rtol=1e-3)


def test_several_wavelengths_and_a_line() -> None:
    wide = drawn(3, frequencies=3, bandwidth=0.1, snr_db=15.0)
    own = matched(MixedMl()(wide.observation), wide.truth, KINDS)
    assert float((own.error / own.deviations).abs().max()) < 5
    line = drawn(3, ("random", "pilot"), horizontal=15, vertical=1, snapshots=32, snr_db=15.0, separation=0.4)
    found = MixedMl()(line.observation)
    assert bool(found.deviations[..., 1].isnan().all()), "a line does not tell the elevation"
    error = matched(found, line, ("random", "pilot")).error / matched(found, line, ("random", "pilot")).deviations
    assert float(error[..., 0].abs().max()) < 5


def test_scenes_without_noise_have_an_answer() -> None:
    scenes = drawn(1, snr_db=200.0)
    found = MixedMl()(scenes.observation)
    assert float((found.positions - scenes.truth.positions).abs().max()) < 1e-2


def test_a_wrong_model_is_said_to_be_one() -> None:
    seen = drawn(2, snr_db=15.0).observation
    wrong = (
        replace(seen, codes=seen.codes.conj().resolve_conj()),
        replace(seen, symbols=("random", "pilot"), sequences=None),
        replace(seen, symbols=("pilot", "pilot", "known")),
    )
    for each in wrong:
        assert Status.CONVERGED not in MixedMl(effort=SearchEffort(rounds=2))(each).status


def test_a_kind_that_nobody_sends_is_weak_before_it_is_ambiguous() -> None:
    seen = drawn(2, kinds=("pilot", "known"), snr_db=20.0).observation
    assert seen.sequences is not None
    ones = seen.sequences.new_ones(2, 16, 1)
    found = MixedMl(effort=SearchEffort(rounds=2))(
        replace(seen, symbols=KINDS, sequences=torch.cat([ones, seen.sequences], -1))
    )
    assert found.fit is not None and any(found.fit.modes)
    assert found.status == (Status.WEAK,) * 2


def test_what_does_not_fit_is_refused() -> None:
    scenes = drawn(2)
    seen = scenes.observation
    assert seen.sequences is not None
    kept = seen.sequences[..., 0], seen.sequences[..., 1]
    assert float(kept[0].abs().max()) == 0 and bool((kept[1] == 1).all()), "nothing of random ones, ones of pilots"
    for changes, word in (
        ({"sequences": None}, "one of the two left out"),
        ({"symbols": ("random", "random")}, "symbols='random'"),
        ({"symbols": ("random", "pilot")}, "pass both, or neither"),
        ({"symbols": ("random", "known")}, "of 2 sources, as many as kinds"),
        ({"symbols": ("random", "known", "pilot")}, "the slot of source 2, which is 'pilot'"),
        ({"sequences": 0 * seen.sequences}, "other than zero of the known source 2"),
        ({"sequences": seen.sequences + 0.5}, "or ones, in the slot of source 0"),
    ):
        with pytest.raises(InputError, match=word):
            replace(seen, **changes)
    with pytest.raises(InputError, match="misspelt"):
        kinds_of(["random", "pilot", "guessed"])
    for estimator in (Sml(), PilotMl(), KnownMl(), Omp()):
        with pytest.raises(InputError):
            estimator(seen)
    with pytest.raises(InputError, match="one for each kind"):
        MixedMl()(seen, 2)
    with pytest.raises(InputError, match="use Sml, PilotMl or KnownMl"):
        MixedMl()(seen.untold())
    large = replace(drawn(1, ("random", "pilot"), horizontal=40, vertical=40).observation)
    with pytest.raises(InputError, match="fewer than 1024 elements"):
        MixedMl()(large)


def test_who_does_not_use_kinds_is_told_none() -> None:
    seen = drawn(1).observation
    assert told(Sml(), seen).symbols == "random"
    assert told(contender(likelihood_for(seen.symbols), SearchRegion()), seen) is seen
    assert kinds_of(["random", "pilot"]) == ("random", "pilot")
    again = seen[:1].to(dtype=torch.complex64)
    assert again.symbols == KINDS and again.sequences is not None
