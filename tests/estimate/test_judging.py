"""Does an estimate of any estimator say whether the model explains it, coarse or wrong, one's own or a baseline's?"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
import torch

from ris_pytorch_pipeline.bench.suites.entering import Entering
from ris_pytorch_pipeline.bench.suites.suite import Entrant
from ris_pytorch_pipeline.estimate import (
    CONTENDERS,
    Contender,
    Estimate,
    Estimator,
    Judging,
    KnownMl,
    Omp,
    PilotMl,
    SearchRegion,
    Sml,
    Status,
    contender,
    judged,
    search_grid,
    told,
)
from ris_pytorch_pipeline.estimate.fit import ALARM, groups_of, structure, tangents_of
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Impairments, Observation, Scenes, draw, preset, to_cosines, to_positions
from ris_pytorch_pipeline.rng import stream

REGION = SearchRegion()
BASELINES = ("bp-music", "bp-mvdr", "bp-bartlett", "omp", "sbl")


def drawn(name: str = "pilot", sources: int = 1, count: int = 4, snr_db: float = 20.0, **fields: object) -> Scenes:
    scenario = preset(name, sources=sources, snr_db=snr_db, horizontal=8, vertical=8, **fields)
    return draw(scenario, count, stream(7, f"judging {name} {sources}"))


def baseline(name: str, **fields: object) -> Any:
    """A contender without its warning."""
    return replace(contender(name, REGION), **fields, **({} if name in {"omp", "sbl"} else {"silent": True}))


def estimate_at(positions: torch.Tensor, status: Status = Status.CONVERGED) -> Estimate:
    """What an estimator of one's own returns: places, and nothing else."""
    nothing = torch.full_like(positions, torch.nan)
    return Estimate(
        positions=positions, order=(~positions[..., 0].isnan()).sum(-1), powers=nothing[..., 0], deviations=nothing,
        noise_variance=nothing.new_full((len(positions),), torch.nan), status=(status,) * len(positions),
    )  # fmt: skip


def moved(scenes: Scenes, steps: float) -> torch.Tensor:
    """The true places, moved along u by a part of a grid step, towards the broadside."""
    array = scenes.observation.array
    cosines = to_cosines(scenes.truth.positions, array)
    aside = steps * search_grid(REGION, array).steps[0]
    cosines[..., 0] -= aside * cosines[..., 0].sign()
    return to_positions(cosines, array)


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_a_coarse_place_is_no_misfit_though_its_own_residual_is_not_white(name: str) -> None:
    scenes = drawn(name)
    seen, coarse = scenes.observation, moved(scenes, 0.4)
    observation = scale(seen).observation
    groups = groups_of(observation, coarse)
    left = structure(observation, groups, tangents_of(observation, groups, coarse))
    assert (left.p_value < ALARM).all()
    found = judged(estimate_at(coarse), seen, REGION)
    assert found.fit is not None and found.status == (Status.CONVERGED,) * 4
    assert torch.equal(found.positions, coarse)
    torch.testing.assert_close(found.fit.explained, found.fit.expected, rtol=0, atol=0.05)
    assert (found.fit.p_value > ALARM).all() and (found.fit.evidence > 28).all()


def test_a_place_further_from_its_optimum_than_a_grid_is_fine_is_off() -> None:
    scenes = drawn()
    near, found = (judged(estimate_at(moved(scenes, steps)), scenes.observation, REGION) for steps in (0.7, 0.8))
    assert Status.OFF not in near.status
    assert found.status == (Status.OFF,) * 4 and all(status.cause and status.move for status in found.status)


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_keeps_silent_where_the_model_is_right_and_speaks_where_it_is_not(name: str) -> None:
    right, wrong = drawn(), drawn(impairments=Impairments(phase_error_rad=0.4))
    found = baseline(name)(right.observation, 1)
    assert found.fit is not None and found.status.count(Status.CONVERGED) >= 3
    assert not any(Status.MISFIT in said for said in found.fit.findings)
    other = baseline(name)(wrong.observation, 1)
    assert other.fit is not None and Status.CONVERGED not in other.status
    assert sum(Status.MISFIT in said for said in other.fit.findings) >= 3


@pytest.mark.parametrize("name", [*BASELINES, "modified-music"])
def test_without_the_fit_a_baseline_states_none(name: str) -> None:
    seen = drawn().observation
    with_fit, without = (baseline(name, fit=fit)(seen, 1) for fit in (True, False))
    assert without.fit is None and set(without.status) <= {Status.CONVERGED, Status.ITERATION_LIMIT}
    torch.testing.assert_close(with_fit.positions, without.positions)
    torch.testing.assert_close(with_fit.powers, without.powers)


def test_the_fit_is_source_by_source_as_in_the_estimate() -> None:
    scenes = drawn(sources=2, power_db=(-6.0, 0.0))
    places = scenes.truth.positions
    one, other = (judged(estimate_at(p), scenes.observation, REGION).fit for p in (places, places.flip(1)))
    assert one is not None and other is not None and (one.evidence.diff(dim=1).abs() > 10).any()
    torch.testing.assert_close(one.evidence, other.evidence.flip(1), rtol=1e-3, atol=1e-2)


def test_other_answers_have_the_number_of_the_estimate() -> None:
    """A field that holds the mirror images of sources at positive azimuths alone."""
    scenes, field = drawn(sources=2), SearchRegion(azimuth=(-1.0, 3.1))
    places = scenes.truth.positions
    one, other = (judged(estimate_at(p), scenes.observation, field).fit for p in (places, places.flip(1)))
    assert one is not None and other is not None
    assert any((places[..., 0] > 0).sum(-1) == 1)
    for row, (first, second) in enumerate(zip(one.modes, other.modes, strict=True)):
        ahead = torch.nonzero(places[row, :, 0] > 0).flatten().tolist()
        assert sorted(mode.source for mode in first) == ahead
        assert sorted(1 - mode.source for mode in second) == ahead


@pytest.mark.parametrize("status", [Status.FEWER, Status.ITERATION_LIMIT])
def test_what_the_estimator_said_is_kept(status: Status) -> None:
    scenes = drawn()
    found = judged(estimate_at(scenes.truth.positions, status), scenes.observation, REGION)
    assert found.fit is not None and all(status in said for said in found.fit.findings)


def test_pilots_that_are_called_random_are_a_misfit_that_names_them() -> None:
    scenes = drawn()
    found = judged(estimate_at(scenes.truth.positions), replace(scenes.observation, symbols="random"), REGION)
    assert found.fit is not None and found.status == (Status.MISFIT,) * 4
    assert all("symbols pilot" in words for words in found.fit.striking)


def test_so_are_they_where_their_number_is_told() -> None:
    scenes = drawn()
    found = Sml()(replace(scenes.observation, symbols="random"), scenes.truth.sources)
    assert found.fit is not None and found.status == (Status.MISFIT,) * 4
    assert torch.equal(found.order, scenes.truth.sources)
    assert all("symbols pilot" in words for words in found.fit.striking)


def test_no_source_where_energy_came_through_the_channel_is_said() -> None:
    scenes = drawn()
    nowhere = torch.full_like(scenes.truth.positions, torch.nan)
    found = judged(estimate_at(nowhere, Status.NONE), scenes.observation, REGION)
    assert found.fit is not None and found.order.tolist() == [0] * 4
    assert all({Status.NONE, Status.MISFIT} <= set(said) for said in found.fit.findings)
    assert (found.fit.explained == 0).all() and (found.fit.p_value < ALARM).all()


def test_more_sources_than_the_measurements_identify_are_not_tested() -> None:
    scenes = drawn("random", snapshots=2, antennas=2)
    assert scenes.observation.most_sources == 1
    places = torch.cat([moved(scenes, steps) for steps in (0.0, 2.0, -2.0)], dim=1)
    found = judged(replace(estimate_at(places), powers=torch.ones(4, 3)), scenes.observation, REGION)
    assert found.fit is not None and all(Status.UNTESTED in said for said in found.fit.findings)


def test_scenes_of_every_kind_together_stay_in_their_order() -> None:
    scenes = drawn(sources=2)
    places = scenes.truth.positions.clone()
    places[1] = torch.nan
    places[2, 1] = torch.nan
    found = judged(estimate_at(places), scenes.observation, REGION)
    assert found.fit is not None and found.order.tolist() == [2, 0, 1, 2]
    assert torch.equal(found.fit.evidence.isnan(), places[..., 0].isnan())
    assert found.status[0] is found.status[3] is Status.CONVERGED and found.status[1] is Status.MISFIT
    assert found.status[2] in {Status.MISFIT, Status.INCOMPLETE}


def test_places_behind_a_flat_array_and_single_precision() -> None:
    scenes, round_about = drawn(), SearchRegion(azimuth=(-3.1, 3.1))
    behind = scenes.truth.positions.clone()
    behind[..., 0] = torch.pi - behind[..., 0]
    behind[..., 0] = torch.remainder(behind[..., 0] + torch.pi, 2 * torch.pi) - torch.pi
    found = judged(estimate_at(behind), scenes.observation.to(dtype=torch.complex64), round_about)
    assert found.fit is not None and (found.fit.p_value > ALARM).all()
    assert all(Status.OFF not in said and Status.AMBIGUOUS in said for said in found.fit.findings)
    edge = behind.new_tensor([[[torch.pi / 2, 0.0, 3.0]]]).expand(4, -1, -1)
    assert judged(estimate_at(edge), scenes.observation, round_about).fit is not None


@dataclass(frozen=True, kw_only=True)
class Guess:
    """An estimator of one's own that states places alone."""

    region: SearchRegion
    oversampling: float = 1.0

    def __call__(self, observation: Observation, sources: int | None = None) -> Estimate:
        return Omp(region=self.region, oversampling=self.oversampling, fit=False)(observation, sources)


class Told(Guess):
    """The same, told known symbols."""

    uses_sequences: ClassVar[bool] = True


class Fitting(Guess):
    """The same, with a method `fit` that says nothing of a fit."""

    def fit(self, observation: Observation) -> None:
        """Learn nothing."""


class Plain(Guess):
    """The same, that wants no fit."""

    fit: ClassVar[bool] = False


@pytest.mark.parametrize(("kind", "wrapped"), [(Guess, True), (Told, True), (Fitting, True), (Plain, False)])
def test_an_estimator_of_ones_own_is_judged_too(
    kind: Callable[..., Estimator], wrapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONTENDERS, "mine", Contender(name="mine", build=lambda region: kind(region=region)))
    made = contender("mine", REGION)
    assert isinstance(made, Judging) == wrapped
    scenes = drawn(impairments=Impairments(phase_error_rad=0.4))
    found = made(scenes.observation, 1)
    assert (found.fit is not None) == wrapped == (Status.CONVERGED not in found.status)
    if not wrapped:
        return
    assert made.name == "mine"
    known = draw(preset("random", sources=1, symbols="known"), 1, stream(0, "known")).observation
    assert (told(made, known).symbols == "known") == (kind is Told)


def test_settings_of_a_suite_reach_an_estimator_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONTENDERS, "mine", Contender(name="mine", build=lambda region: Guess(region=region)))
    entering = Entering(read=lambda path: pytest.fail(f"no network is read: {path}"))
    made = entering._estimator(Entrant(estimator="mine", settings={"oversampling": 2.0}), "mine", REGION)
    assert isinstance(made, Judging) and made.estimator == Guess(region=REGION, oversampling=2.0)


@pytest.mark.parametrize(("name", "kind"), [("sml", Sml), ("pilot", PilotMl), ("known", KnownMl), ("omp", Omp)])
def test_what_states_its_own_fit_is_handed_out_as_it_is(name: str, kind: type) -> None:
    assert type(contender(name, REGION)) is kind
    found = PilotMl()(drawn(count=1).observation, 1)
    assert judged(found, drawn(count=1).observation, REGION) is found
