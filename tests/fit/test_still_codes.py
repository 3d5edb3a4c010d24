"""Is the place that little tells sought everywhere, and is it said where nothing can tell it?"""

import pytest
import torch

from ris_pytorch_pipeline.bench import matched
from ris_pytorch_pipeline.estimate import PilotMl, SearchRegion, Sml, Status
from ris_pytorch_pipeline.physics import Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream

COUNT = 24


def before(antennas: int, symbols: str = "random") -> Scenes:
    """One source at 15 dB through codes that do not vary."""
    still = preset(symbols, codes="ones", antennas=antennas, sources=1, snr_db=15.0)
    return draw(still, COUNT, stream(5, f"still codes {symbols} {antennas}"))


@pytest.mark.parametrize("symbols", ["random", "pilot"])
@pytest.mark.parametrize("antennas", [3, 4])
def test_as_many_numbers_to_spare_as_coordinates_are_no_test(symbols: str, antennas: int) -> None:
    """Three antennas hear four real numbers of three coordinates, and 17 of 24 scenes go wrong; four hear six."""
    drawn = before(antennas, symbols)
    found = (Sml if symbols == "random" else PilotMl)()(drawn.observation, 1)
    assert found.fit is not None
    if antennas == 3:
        assert not bool(matched(found, drawn.truth).found.all()), "the scenes are hard enough to go wrong"
    assert all(Status.UNTESTED in said for said in found.fit.findings)
    assert Status.CONVERGED not in found.status


def test_coordinates_that_are_known_spare_numbers() -> None:
    drawn = before(4)
    found = Sml(region=SearchRegion(distance=(5.0, 5.0)))(drawn.observation[torch.arange(2)], 1)
    assert found.fit is not None
    assert all(Status.UNTESTED not in said for said in found.fit.findings)


def test_eight_numbers_tell_a_place_that_is_sought_everywhere() -> None:
    """With six candidates on the grid in place of 48, none beyond seven numbers, a fifth of such scenes was far off."""
    drawn = before(5)
    found = Sml()(drawn.observation, 1)
    right = matched(found, drawn.truth).found.all(-1)
    assert int(right.sum()) >= COUNT - 1
    assert all(ok or status != Status.CONVERGED for ok, status in zip(right.tolist(), found.status, strict=True))


def test_many_looks_are_not_doubted() -> None:
    found = Sml()(before(16).observation, 1)
    assert sum(status is Status.CONVERGED for status in found.status) >= COUNT - 1
