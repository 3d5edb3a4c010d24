"""Does a ± of few measurements contain that the noise variance is estimated from what they leave over?"""

import math

import pytest
import torch
from fitted_scenes import scenes

from ris_pytorch_pipeline.bench.stated import stated_of
from ris_pytorch_pipeline.estimate import PilotMl, Sml
from ris_pytorch_pipeline.estimate.fit.certainty.freedom import widening
from ris_pytorch_pipeline.physics import complex_normal
from ris_pytorch_pipeline.rng import stream

DRAWS = 40000


@pytest.mark.parametrize(("antennas", "snapshots"), [(1, 8), (4, 4)])
def test_errors_over_an_estimated_deviation_have_the_variance_that_is_said(antennas: int, snapshots: int) -> None:
    """Least squares: one complex amplitude and three real coordinates along orthogonal directions of white noise."""
    seen = scenes("pilot", count=1, antennas=antennas, snapshots=snapshots).observation
    noise = complex_normal((DRAWS, antennas * snapshots), stream(7, "errors"))
    taken = noise[:, 0].abs().square() + noise[:, 1].real.square() + noise[:, 1].imag.square() + noise[:, 2].real ** 2
    variance = (noise.abs().square().sum(-1) - taken) / (antennas * snapshots - 1)
    spread = float((noise[:, 1].real / (variance / 2).sqrt()).square().mean().sqrt())
    assert widening(seen, 1) == pytest.approx(spread, rel=0.03)


def test_what_is_known_and_what_no_array_tells_takes_nothing_up() -> None:
    seen = scenes("pilot", count=1, antennas=1, snapshots=8).observation
    line = scenes("pilot", count=1, antennas=1, snapshots=8, vertical=1, elevation_deg=0.0).observation
    assert widening(seen, 1) == pytest.approx(math.sqrt(7 / 4.5))
    assert widening(seen, 1, ("elevation",)) == widening(line, 1) == pytest.approx(math.sqrt(7 / 5))


def test_random_symbols_take_a_number_of_every_snapshot() -> None:
    seen = scenes("random", count=1, antennas=4, snapshots=4).observation
    assert widening(seen, 1) == pytest.approx(math.sqrt(12 / 9.5))
    wide = scenes("random", count=1, antennas=4, snapshots=4, frequencies=3, bandwidth=0.1).observation
    assert widening(wide, 1) == pytest.approx(math.sqrt(36 / 33.5))


def test_where_nothing_is_left_over_a_number_is_said() -> None:
    seen = scenes("random", count=1, antennas=2, snapshots=2).observation
    assert widening(seen, 1) == pytest.approx(math.sqrt(2))
    assert math.isfinite(widening(seen, 5))


@pytest.mark.parametrize(("kind", "antennas", "snapshots"), [("pilot", 1, 6), ("pilot", 4, 4), ("random", 2, 8)])
def test_intervals_of_few_measurements_hold_what_they_promise(kind: str, antennas: int, snapshots: int) -> None:
    """Without the factor they held 0.76 to 0.87 of 200 scenes."""
    drawn = scenes(kind, count=160, snr_db=20.0, antennas=antennas, snapshots=snapshots)
    found = (PilotMl if kind == "pilot" else Sml)(fit=False)(drawn.observation, 1)
    said = stated_of(drawn.truth, found)
    assert 0.85 < float(((said.error / said.deviation).abs() < 1.645).double().mean()) < 0.95
    assert torch.equal(found.order, drawn.truth.sources)
