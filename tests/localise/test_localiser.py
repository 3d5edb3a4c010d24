"""Does the localiser give what the network proposes, polish it, and refuse what it cannot judge?"""

import math
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from jaxtyping import config as jaxtyping_config
from torch import Tensor

from ris_pytorch_pipeline.covariance import back_projected, blend
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.estimate import Estimate, Estimator, ModifiedMusic, Music, Mvdr, Sml, Spectral, Status
from ris_pytorch_pipeline.localise import Candidates, Localiser, OnCovariance
from ris_pytorch_pipeline.nets import HybridNet, NetConfig, Prediction
from ris_pytorch_pipeline.physics import Observation, Scenes, cosines_from_positions, draw, preset, steering
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.shapes import Counts

SCENARIO = preset("random", sources=(1, 2), snr_db=20.0, separation=0.4, distance=(1.0, 3.0), rician_factor=1.0)
NET = HybridNet(NetConfig(width=8, blocks=1).fitted_to(SCENARIO))


@dataclass(frozen=True)
class Near:
    """A proposer that knows the truth to within an offset, so that what follows it can be tested alone."""

    scenes: Scenes
    offset: float

    @property
    def name(self) -> str:
        return "near"

    def propose(self, prediction: Prediction, observation: Observation, counts: Counts) -> Estimate:
        known = Candidates().propose(prediction, observation, counts)
        positions = self.scenes.truth.positions[:, : known.positions.shape[1]] + self.offset
        return replace(known, positions=positions, order=self.scenes.truth.sources)


def scenes(count: int = 3, kind: str = "random") -> Scenes:
    return draw(replace(SCENARIO, symbols=kind), count, stream(0, "localise"))


def errors(found: Estimate, truth: Tensor) -> Tensor:
    """Distance of each true source to the nearest found one, in (u, w)."""
    a, b = cosines_from_positions(found.positions)[..., :2], cosines_from_positions(truth)[..., :2]
    return (a[:, None] - b[:, :, None]).norm(dim=-1).nan_to_num(torch.inf).amin(-1)[~truth[..., 0].isnan()]


def test_it_is_an_estimator() -> None:
    localiser = Localiser(NET, polish=0)
    assert isinstance(localiser, Estimator)
    assert localiser.name == "hybrid (candidates that explain)"
    assert Localiser(NET, OnCovariance(spectrum=Mvdr())).name == "hybrid (mvdr on R_pred) + 10 updates"


@pytest.mark.parametrize("spectrum", [Music(), Mvdr()], ids=lambda s: s.name)
def test_a_spectral_estimator_stands_for_itself_on_the_predicted_covariance(spectrum: Spectral) -> None:
    seen = scenes().observation
    short, long = (Localiser(NET, estimator=e, polish=3) for e in (spectrum, OnCovariance(spectrum=spectrum)))
    assert short.name == long.name == f"hybrid ({spectrum.name} on R_pred) + 3 updates"
    torch.testing.assert_close(short(seen, 1).positions, long(seen, 1).positions, equal_nan=True)


@pytest.mark.parametrize("wrong", [Sml(), ModifiedMusic(silent=True), "music", Music, Candidates, None])
def test_what_proposes_nothing_is_refused(wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)  # as a user runs it
    with pytest.raises(ConfigurationError, match=r"wanted Explaining\(\), Candidates\(\), .* such as Music\(\); got"):
        Localiser(NET, wrong)


def test_proposals_are_the_first_candidates() -> None:
    drawn = scenes()
    localiser = Localiser(NET, Candidates(), polish=0)
    found, prediction = localiser(drawn.observation, 2), localiser.predict(drawn.observation)
    cosines = cosines_from_positions(found.positions)
    torch.testing.assert_close(cosines, prediction.candidates[:, :2].double(), rtol=1e-4, atol=1e-4)
    assert found.order.tolist() == [2, 2, 2]
    assert set(found.status) == {Status.UNJUDGED}
    assert bool((found.powers[:, :2] >= 0).all())


def test_batches_and_precision_do_not_matter() -> None:
    drawn = scenes()
    localiser = Localiser(NET, polish=0)
    whole, parts = localiser(drawn.observation), replace(localiser, batch=2)(drawn.observation)
    torch.testing.assert_close(parts.positions, whole.positions, rtol=1e-3, atol=1e-3, equal_nan=True)
    single = localiser(drawn.observation.to(dtype=torch.complex64))
    torch.testing.assert_close(single.positions, whole.positions, rtol=1e-2, atol=1e-2, equal_nan=True)


def test_the_number_of_sources_is_the_networks_when_nobody_says() -> None:
    drawn = scenes()
    localiser = Localiser(NET, polish=0)
    wanted = localiser.predict(drawn.observation).order_logits[:, 1:].argmax(-1) + 1
    assert torch.equal(localiser(drawn.observation).order, wanted)


@pytest.mark.parametrize("kind", ["random", "pilot"])
def test_polishing_leads_from_near_to_the_optimum(kind: str) -> None:
    drawn = scenes(kind=kind)
    rough = Localiser(NET, Near(drawn, 0.02), polish=0)(drawn.observation, drawn.truth.sources)
    fine = Localiser(NET, Near(drawn, 0.02), polish=20)(drawn.observation, drawn.truth.sources)
    assert float(errors(fine, drawn.truth.positions).median()) < 0.2 * float(
        errors(rough, drawn.truth.positions).median()
    )
    assert bool(fine.deviations[:, 0].isfinite().all())
    assert torch.equal(fine.order, drawn.truth.sources)


def test_polishing_is_refinement_by_the_likelihood() -> None:
    drawn = scenes()
    near = Near(drawn, 0.02).propose(Localiser(NET).predict(drawn.observation), drawn.observation, drawn.truth.sources)
    slow = Sml(region=NET.config.region).refine(drawn.observation, near.positions, 4)
    fast = Localiser(NET, Near(drawn, 0.02), polish=4)(drawn.observation, drawn.truth.sources)
    torch.testing.assert_close(fast.positions, slow.positions, equal_nan=True)


def test_peaks_of_a_true_covariance_are_the_sources() -> None:
    drawn = scenes()
    sources = drawn.truth.sources
    prediction = Localiser(NET).predict(drawn.observation)
    positions = drawn.truth.positions
    a = steering(positions.where(drawn.truth.present[..., None], torch.ones(3).double()), drawn.observation.array)
    factors = torch.zeros_like(prediction.factors)
    factors[..., :2] = (a * drawn.truth.present[..., None]).mT.to(torch.complex64)
    found = OnCovariance().propose(replace(prediction, factors=factors), drawn.observation, sources)
    assert bool((errors(found, positions) < 1e-3).all())


def test_peaks_are_those_of_the_one_blend() -> None:
    drawn = scenes()
    seen, sources = drawn.observation, drawn.truth.sources
    prediction = Localiser(NET).predict(seen)
    blended = blend(prediction.covariance, back_projected(seen, silent=True), 0.3)
    slow = Mvdr().locate(blended, seen.array, sources)
    with pytest.warns(UserWarning, match="uninformative"):
        fast = OnCovariance(spectrum=Mvdr(), beta=0.3).propose(prediction, seen, sources)
    torch.testing.assert_close(fast.positions, slow.positions, equal_nan=True)
    assert not torch.equal(fast.positions, OnCovariance(spectrum=Mvdr()).propose(prediction, seen, sources).positions)


def test_the_networks_mode_is_left_as_it_was() -> None:
    NET.train()
    Localiser(NET).predict(scenes(1).observation)
    assert NET.training


def test_distances_exist_and_directions_are_in_front() -> None:
    found = Localiser(NET, polish=0)(scenes().observation, 2)
    azimuth, elevation, distance = found.positions.unbind(-1)
    assert bool((distance > 0).all() and distance.isfinite().all())
    assert bool((azimuth.abs() < math.pi / 2).all() and (elevation.abs() < math.pi / 2).all())


def test_another_panel_and_too_many_sources_are_refused() -> None:
    seen = scenes().observation
    with pytest.raises(InputError, match="trained for"):
        Localiser(NET)(replace(seen, wavelength=0.2))
    with pytest.raises(InputError, match="trained for"):
        Localiser(NET)(replace(seen, elements=seen.elements * 2))
    with pytest.raises(InputError, match="in another place or order"):
        Localiser(NET)(replace(seen, elements=seen.elements.flip(0)))
    with pytest.raises(InputError, match="between 1 and 8"):
        Localiser(NET)(seen, 9)


@pytest.mark.parametrize("wrong", [{"polish": -1}, {"batch": 0}])
def test_wrong_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="polish >= 0"):
        replace(Localiser(NET), **wrong)


def test_a_blend_weight_in_percent_is_refused() -> None:
    with pytest.raises(InputError, match="percentage"):
        OnCovariance(beta=30.0)


@dataclass(frozen=True)
class Lost(Near):
    """Proposes a place where no source is."""

    def propose(self, prediction: Prediction, observation: Observation, counts: Counts) -> Estimate:
        known = Candidates().propose(prediction, observation, counts)
        place = torch.tensor([0.9, 0.3, 2.0], dtype=known.positions.dtype)
        return replace(known, positions=place.expand_as(known.positions).clone(), order=counts.clone())


@pytest.mark.parametrize("kind", ["random", "pilot"])
def test_a_scene_in_doubt_is_searched(kind: str) -> None:
    drawn = draw(replace(SCENARIO, symbols=kind, sources=1), 4, stream(0, "doubt"))
    sure, doubting = (Localiser(NET, Lost(drawn, 0.0), doubt=p)(drawn.observation, 1) for p in (0.0, 1.0))
    assert float(errors(doubting, drawn.truth.positions).max()) < 0.02
    assert float(errors(sure, drawn.truth.positions).max()) > 0.1
    assert Localiser(NET, doubt=0.5).name == "hybrid (candidates that explain) + search below 0.5 + 10 updates"


def test_doubt_is_a_probability_and_needs_a_polish() -> None:
    with pytest.raises(ConfigurationError, match="doubt in"):
        Localiser(NET, doubt=-2.0)
    with pytest.raises(ConfigurationError, match="doubt=0, or polish=10"):
        Localiser(NET, polish=0, doubt=0.5)


@dataclass(frozen=True)
class Sparse(Near):
    """Finds one source whatever is asked for."""

    def propose(self, prediction: Prediction, observation: Observation, counts: Counts) -> Estimate:
        known = Candidates().propose(prediction, observation, counts)
        positions = known.positions.clone()
        positions[:, 0], positions[:, 1:] = self.scenes.truth.positions[:, 0] + self.offset, torch.nan
        status = (Status.FEWER,) * len(counts)
        return replace(known, positions=positions, order=torch.ones_like(counts), status=status)


def test_fewer_is_said_of_what_is_answered() -> None:
    drawn = scenes(2)
    found = Localiser(NET, Sparse(drawn, 0.01))(drawn.observation, 2)
    assert found.order.tolist() == [1, 1] and set(found.status) == {Status.FEWER}


def test_a_network_with_nan_is_refused() -> None:
    broken = HybridNet(NET.config)
    with torch.no_grad():
        next(broken.parameters()).fill_(torch.nan)
    with pytest.raises(InputError, match="NaN or infinite values in 2 of 2 scenes"):
        Localiser(broken)(scenes(2).observation)


def test_the_networks_count_stays_within_what_the_measurements_allow() -> None:
    few = draw(replace(SCENARIO, sources=1, snapshots=2, antennas=2), 2, stream(0, "few")).observation
    eager = HybridNet(NET.config).eval()
    with torch.no_grad():
        eager.head.order[2].get_parameter("bias")[-1] = 100.0
    assert few.most_sources == 1 and int(Localiser(eager).predict(few).order_logits[0].argmax()) > 1
    for polish in (0, 10):
        assert Localiser(eager, polish=polish)(few).order.tolist() == [1, 1]
