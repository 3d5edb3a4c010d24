"""Are sources dropped that another order of the elements explains better, and kept where none does?"""

from dataclasses import replace

import pytest
import torch
from fitted_scenes import conjugated, scenes

from ris_pytorch_pipeline.estimate import PilotMl, Sml, Status
from ris_pytorch_pipeline.estimate.ml.readings import better_readings
from ris_pytorch_pipeline.estimate.normalise import scale

COLUMNS = torch.arange(72).reshape(6, 12).T.reshape(-1)


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_no_source_is_kept_of_elements_in_another_order(symbols: str) -> None:
    true = scenes(symbols=symbols, sources=2, snr_db=20.0, horizontal=12, vertical=6)
    seen = true.observation
    wrong = replace(seen, array=replace(seen.array, elements=seen.array.elements[COLUMNS]))
    found = (Sml() if symbols == "random" else PilotMl())(wrong)
    assert found.order.tolist() == [0] * len(found)
    assert found.status == (Status.MISFIT,) * len(found)


def test_the_better_reading_has_its_name() -> None:
    true = scenes(symbols="pilot", sources=2, snr_db=20.0, horizontal=12, vertical=6)
    seen, truth = true.observation, true.truth
    names = better_readings(
        PilotMl(), scale(conjugated(seen, "channel")), truth.positions, truth.sources, threshold=28.0
    )
    assert set(names) <= {"channel conjugated", "measurements, codes conjugated"}, "the same, said in two ways"
    assert better_readings(PilotMl(), scale(seen), truth.positions, truth.sources, threshold=28.0) == [""] * len(seen)


def test_orders_that_only_turn_the_array_are_not_tried() -> None:
    true = scenes(symbols="pilot", sources=1)
    told = better_readings(
        PilotMl(), scale(true.observation), true.truth.positions, true.truth.sources, threshold=28.0, conjugated=False
    )
    assert told == [""] * len(told)
