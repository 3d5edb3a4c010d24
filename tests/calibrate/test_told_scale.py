"""Does a scale of ± claim no more than its positions tell?"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module

import pytest
import torch
from detuned import detuned
from scipy.stats import binom, norm

from ris_pytorch_pipeline.calibrate import (
    Calibration,
    coverage,
    doubts_of,
    scale_doubts,
    told_scale,
)
from ris_pytorch_pipeline.calibrate.told_scale import NORMAL, proving_rank
from ris_pytorch_pipeline.estimate import PilotMl
from ris_pytorch_pipeline.rng import stream

TRIALS = 2000


@pytest.fixture(scope="module", autouse=True)
def each_rank_once() -> Iterator[None]:
    """The rank hangs on the number of places alone; SciPy's quantile was most of the time of 70,000 scales."""
    module = import_module("ris_pytorch_pipeline.calibrate.told_scale")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "proving_rank", cache(module.proving_rank))
        yield


def covered(factor: torch.Tensor) -> float:
    """What 90 % intervals hold of normal errors, mean over calibrations with these factors."""
    return float((1 - 2 * norm.sf(NORMAL * factor.numpy())).mean())


def factors(places: int, spread: float, repeats: int = 1) -> torch.Tensor:
    """Of normal errors that are `spread` times the stated ±, alike in the scenes of a position."""
    errors = spread * torch.randn(TRIALS, places, generator=stream(places, "errors"), dtype=torch.float64).abs()
    return torch.stack([told_scale(each.repeat(repeats), places) for each in errors])


@pytest.mark.parametrize("repeats", [1, 7])
@pytest.mark.parametrize("places", [1, 2, 3, 5, 10, 28, 29, 50, 400])
def test_right_scenes_stay_covered(places: int, repeats: int) -> None:
    found = factors(places, 1.0, repeats)
    assert covered(found) >= 0.895
    assert float((found < 1).double().mean()) <= 0.06  # a claim of 95 % confidence, and what 2000 trials tell


@pytest.mark.parametrize("places", [9, 10, 28, 29, 50, 400])
def test_wider_errors_stay_covered(places: int) -> None:
    assert covered(factors(places, 3.0) / 3.0) >= 0.895


def test_fewer_than_nine_cover_what_their_doubt_says() -> None:
    for places in (1, 3, 5, 8):
        said = scale_doubts(torch.ones(3), places)[0]
        assert f"probability {places / (places + 1):.2f}" in said
        assert covered(factors(places, 3.0) / 3.0) >= places / (places + 1) - 0.01


def test_a_wide_deviation_shrinks_where_positions_prove_it() -> None:
    wide = {places: factors(places, 0.3).median().item() for places in (3, 28, 50, 400)}
    assert wide[3] == wide[28] == 1
    assert 0.3 < wide[400] < wide[50] < 0.6
    for places in (50, 400):
        assert covered(factors(places, 0.3) / 0.3) >= 0.9


def test_the_rank_is_the_least_that_proves() -> None:
    for places in range(1, 200):
        sure = binom.cdf(range(places), places, 0.9)  # of each rank
        proves = [rank for rank in range(1, places + 1) if sure[rank - 1] >= 0.95]
        assert proving_rank(places) == (proves[0] if proves else None)


def test_nothing_stated_scales_nothing() -> None:
    assert told_scale(torch.full((12,), torch.nan), 12) == 1
    assert told_scale(torch.tensor([torch.nan] * 30 + [0.1] * 3), 33) == 1  # three ratios, whatever was asked for


def test_right_scenes_stay_covered_after_few_positions() -> None:
    """Real errors of a located panel as intended, calibrated on n of its positions and seen at others."""
    scenes = detuned(torch.ones(36, dtype=torch.complex128), 150, distance=[2.0, 5.0])
    rows = torch.arange(150)
    estimate = PilotMl()(scenes.observation, 1)
    error = estimate.positions - scenes.truth.positions
    for places in (3, 5, 10, 50):
        held = []
        for start in range(0, 150, 50):
            taught = (rows[:places] + start) % 150
            new = torch.tensor(sorted(set(rows.tolist()) - set(taught.tolist())))
            ratios = (error / estimate.deviations)[taught, 0].abs()
            scale = torch.stack([told_scale(column, places) for column in ratios.unbind(-1)])
            assert bool((scale >= (1 if places < 29 else 0.8)).all())
            stated = estimate.deviations[new, 0] * scale
            held += [coverage(error[new, 0, axis], stated[:, axis]) for axis in range(3)]
        assert sum(held) / len(held) >= 0.85


def test_a_calibration_from_three_positions_says_so() -> None:
    nominal = Calibration.nominal(detuned(torch.ones(36, dtype=torch.complex128), 1).observation.array, 6)
    assert doubts_of(nominal) == ()
    said = doubts_of(replace(nominal, scale_places=3))
    assert len(said) == 1
    assert "from 3 positions" in said[0] and "fewer than 29" in said[0] and "never less than 1" in said[0]
    assert doubts_of(replace(nominal, scale_places=50)) == ()
