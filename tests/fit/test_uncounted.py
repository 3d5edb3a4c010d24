"""A misfit for want of one or two pilots that were found and not counted is called so; a search that missed goes on."""

import pytest
import torch
from fitted_scenes import scenes

from ris_pytorch_pipeline.estimate import PilotMl, Status
from ris_pytorch_pipeline.estimate.fit.verdict import ALARM
from ris_pytorch_pipeline.physics import Impairments, Observation, draw, preset
from ris_pytorch_pipeline.rng import stream


def scene(name: str, block: int, number: int) -> Observation:
    """A scene of `benchmarks/residual_alarms.py --seed 1129`."""
    right = preset(name, snr_db=(0.0, 20.0), impairments=Impairments())
    return draw(right, 50, stream(1129, f"null/{name}", block)).observation[torch.tensor([number])]


@pytest.mark.parametrize(("block", "number", "kept"), [(3, 39, 1), (18, 4, 2)])
def test_a_weak_pilot_beside_a_loud_one_is_no_misfit(block: int, number: int, kept: int) -> None:
    """Those that were kept leave a p of a misfit, with the one that was not p is 0.4 and more."""
    found = PilotMl()(scene("seed", block, number))
    assert found.fit is not None
    assert found.order.tolist() == [kept] and found.status == (Status.INCOMPLETE,)
    assert float(found.fit.p_value[0]) < ALARM


def test_another_reading_is_no_better_than_sources_that_the_search_missed() -> None:
    """The search grew to four sources beside the optimum of three, and a Fresnel wave seemed to explain more."""
    found = PilotMl()(scene("pilot", 5, 16))
    assert found.order.tolist() == [3] and found.status == (Status.CONVERGED,)


def test_phase_errors_are_no_source_too_few() -> None:
    wrong = scenes("pilot", count=1, snr_db=20.0, impairments=Impairments(phase_error_rad=0.5))
    assert set(PilotMl()(wrong.observation).status) == {Status.MISFIT}
