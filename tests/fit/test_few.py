"""Is nothing confident that few measurements cannot hold, and nothing doubted that they can?"""

from dataclasses import replace

import pytest
import torch
from fitted_scenes import scenes

from ris_pytorch_pipeline.bench import matched
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import PilotMl, Sml, Status
from ris_pytorch_pipeline.estimate.fit.counting.rare_gain import gain_as_rare
from ris_pytorch_pipeline.physics import complex_normal
from ris_pytorch_pipeline.rng import stream


@pytest.mark.parametrize("equations", [3, 6, 40])
def test_noise_gains_as_much_as_rarely_as_is_said(equations: int) -> None:
    """One direction out of n takes a share of noise that is Beta(1, n - 1)."""
    noise = complex_normal((20000, equations), stream(0, "shares of noise"))
    share = noise[:, 0].abs().square() / noise.abs().square().sum(-1)
    gain = -2 * equations * torch.log1p(-share)
    usual, asked = 6.0, gain_as_rare(6.0, 1.0, 1.0, equations, 1.0)
    rare = torch.exp(torch.tensor(-usual / 2))  # P(χ²_2 > τ)
    assert abs(float((gain > asked).double().mean() / rare) - 1) < 0.15
    assert asked > usual


def test_many_measurements_are_asked_for_what_they_were() -> None:
    seen = scenes(count=1, antennas=16, snapshots=16).observation
    assert Sml().needed(seen, 0) == pytest.approx(Sml().threshold, rel=0.01)
    pilots = scenes("pilot", count=1, antennas=16, snapshots=16).observation
    assert PilotMl().needed(pilots, 0) == pytest.approx(PilotMl().threshold, rel=0.01)


@pytest.mark.parametrize(("kind", "antennas", "snapshots"), [("random", 2, 3), ("random", 4, 1), ("pilot", 4, 1)])
def test_a_place_that_fits_by_chance_is_not_confirmed(kind: str, antennas: int, snapshots: int) -> None:
    """Of such scenes a fifth to a half had a place more than five ± off, and were called converged."""
    drawn = scenes(kind, count=24, snr_db=20.0, antennas=antennas, snapshots=snapshots)
    found = (Sml() if kind == "random" else PilotMl())(drawn.observation, 1)
    assert Status.CONVERGED not in found.status
    assert not bool(matched(found, drawn.truth).found.all()), "the scenes are hard enough to go wrong"


def test_eight_measurements_of_a_pilot_hold_one_source() -> None:
    """With the gain that 256 measurements ask for, most of these scenes had two or three."""
    drawn = scenes("pilot", count=24, snr_db=20.0, antennas=1, snapshots=8)
    found = PilotMl()(drawn.observation)
    assert int((found.order == 1).sum()) >= 22
    assert sum(status is Status.CONVERGED for status in found.status) >= 22


@pytest.mark.parametrize("kind", ["random", "pilot"])
def test_codes_of_zeros_hide_no_misfit(kind: str) -> None:
    """Nothing is heard of the sources there, which is no reason to test nothing."""
    drawn = scenes(kind, count=2, snr_db=20.0)
    estimator = Sml() if kind == "random" else PilotMl()
    codes = drawn.observation.codes.clone()
    codes[:, [4, 5]] = 0
    lost = estimator(replace(drawn.observation, codes=codes), 1)
    assert lost.fit is not None
    assert all(Status.MISFIT in said for said in lost.fit.findings)
    measured = drawn.observation.measurements.clone()
    noise = drawn.truth.noise_variance[:, None, None].sqrt()
    measured[:, [4, 5]] = (noise * complex_normal((2, 2, 16), stream(1, "no signal"))).to(measured)
    quiet = estimator(replace(drawn.observation, codes=codes, measurements=measured), 1)
    assert all(status is Status.CONVERGED for status in quiet.status)


def test_fewer_measurements_than_unknowns_are_refused() -> None:
    seen = scenes("pilot", count=1, antennas=1, snapshots=8).observation
    seen = replace(seen, measurements=seen.measurements[:, :2], codes=seen.codes[:, :2])
    with pytest.raises(InputError, match="more measurements than a source has unknowns"):
        PilotMl()(seen, 1)
