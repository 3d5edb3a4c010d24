"""Do volts in place of counts, a path loss in the channel, or codes of another modulus change an answer?"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch

from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import (
    BackProjected,
    Bartlett,
    Estimate,
    ModifiedMusic,
    Music,
    Mvdr,
    Omp,
    PilotMl,
    SearchRegion,
    Sml,
    SparseBayesian,
)
from ris_pytorch_pipeline.estimate.fit.certainty.sandwich import sandwich_information
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.physics import Observation, Points, preset

FIELD = SearchRegion(azimuth=(-0.6, 0.6), elevation=(-0.3, 0.3), distance=(0.5, 4.0))
ESTIMATORS: dict[str, Callable[[], Any]] = {
    "sml": lambda: Sml(region=FIELD),
    "pilot": lambda: PilotMl(region=FIELD),
    "music": lambda: BackProjected(spectral=Music(region=FIELD), silent=True),
    "mvdr": lambda: BackProjected(spectral=Mvdr(region=FIELD), silent=True),
    "bartlett": lambda: BackProjected(spectral=Bartlett(region=FIELD), silent=True),
    "modified": lambda: ModifiedMusic(region=FIELD, silent=True),
    "omp": lambda: Omp(region=FIELD),
    "sbl": lambda: SparseBayesian(region=FIELD, iterations=3),
}
SCALES = {
    "microvolts": ("measurements", 1e-6),
    "nanovolts": ("measurements", 1e-9),
    "counts": ("measurements", 2e7),
    "path loss": ("channel", 3e-7),
    "gain": ("channel", 1e7),
    "lossy elements": ("codes", 1e-6),
    "amplifying elements": ("codes", 1e6),
}


def seen(kind: str, **changes: Any) -> Observation:
    given: dict[str, Any] = {"sources": 1, "snr_db": 20.0, "azimuth_deg": (-30, 30), "elevation_deg": (-15, 15)}
    return simulate(preset(kind, **{**given, **changes}), 2, seed=4).observation


def rescaled(observation: Observation, name: str, factor: float) -> Observation:
    return replace(observation, **{name: factor * vars(observation)[name]})


@cache
def answered(estimator: str) -> tuple[Observation, Estimate]:
    """What an estimator says before units change, once for all changes."""
    drawn = seen("pilot" if estimator == "pilot" else "random", horizontal=6, vertical=4, distance=(0.8, 3.0))
    return drawn, ESTIMATORS[estimator]()(drawn, 1)


@cache
def located(kind: str) -> tuple[Observation, Estimate]:
    """The same of the network of the package."""
    drawn = seen(kind, sources=2, separation=0.3)
    return drawn, Localiser.reference()(drawn, 1)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_an_estimator_answers_the_same_in_other_units(estimator: str, scale: str) -> None:
    drawn, before = answered(estimator)
    after = ESTIMATORS[estimator]()(rescaled(drawn, *SCALES[scale]), 1)
    torch.testing.assert_close(after.positions, before.positions, rtol=1e-4, atol=1e-5)
    assert after.status == before.status
    if before.deviations is not None and after.deviations is not None:
        torch.testing.assert_close(after.deviations, before.deviations, rtol=1e-3, atol=1e-8, equal_nan=True)


@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e4])
@pytest.mark.parametrize("estimator", ["sml", "pilot", "music", "omp"])
def test_an_estimator_answers_the_same_of_light_and_of_long_waves(estimator: str, factor: float) -> None:
    drawn, before = answered(estimator)
    built = ESTIMATORS[estimator]()
    region = replace(FIELD, distance=(0.5 * factor, 4.0 * factor))
    if isinstance(built, BackProjected):
        built = replace(built, spectral=replace(built.spectral, region=region))
    else:
        built = replace(built, region=region)
    array = Points((factor * drawn.elements).numpy(), (factor * drawn.wavelength,))
    after = built(replace(drawn, array=array), 1)
    places = after.positions * torch.tensor([1.0, 1.0, 1 / factor], dtype=torch.float64)
    torch.testing.assert_close(places, before.positions, rtol=1e-4, atol=1e-5)
    assert after.status == before.status


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("kind", ["random", "pilot"])
def test_the_network_of_the_package_answers_the_same_in_other_units(kind: str, scale: str) -> None:
    drawn, before = located(kind)
    after = Localiser.reference()(rescaled(drawn, *SCALES[scale]), 1)
    apart = (after.positions - before.positions).abs()
    assert before.deviations is not None and bool((apart <= 0.1 * before.deviations).all())
    assert after.status == before.status


@pytest.mark.parametrize("name", ["codes", "channel"])
def test_powers_are_in_the_units_of_the_data(name: str) -> None:
    drawn, before = answered("sml")
    after = Sml(region=FIELD)(rescaled(drawn, name, 1e-5), 1)
    assert before.powers is not None and after.powers is not None
    torch.testing.assert_close(1e-10 * after.powers, before.powers, rtol=1e-4, atol=0)
    torch.testing.assert_close(after.noise_variance, before.noise_variance, rtol=1e-4, atol=0)


@pytest.mark.parametrize("factor", [1e170, 1e-170])
def test_numbers_without_a_square_are_refused_by_name(factor: float) -> None:
    drawn = seen("random", horizontal=6, vertical=4)
    for name in ("measurements", "codes", "channel"):
        with pytest.raises(InputError, match=f"{name} (whose mean square|with some energy)"):
            Sml(region=FIELD)(replace(drawn, **{name: factor * vars(drawn)[name]}), 1)


@pytest.mark.parametrize("estimator", ["sml", "pilot"])
@pytest.mark.parametrize("name", ["measurements", "codes", "channel"])
def test_one_huge_number_spoils_its_own_scene_alone(estimator: str, name: str) -> None:
    drawn, before = answered(estimator)
    changed = vars(drawn)[name].clone()
    changed[0, 0, 1] = 1e8
    after = ESTIMATORS[estimator]()(replace(drawn, **{name: changed}), 1)
    torch.testing.assert_close(after.positions[1], before.positions[1], rtol=1e-4, atol=1e-5)
    assert after.status[0].name != "CONVERGED" and after.status[1] == before.status[1]


def test_information_with_a_negative_diagonal_has_no_sandwich() -> None:
    information = torch.stack([torch.diag(torch.tensor([-1e7, 4.0])), torch.eye(2)]).double()
    seen_scores = torch.randn(2, 8, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = sandwich_information(information, seen_scores)
    assert bool(found[0].isnan().all()) and bool(found[1].isfinite().all())
