"""Is a pilot behind a panel of which a part does something else one pilot, and are two near each other two?"""

import math
from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.bench import matched
from ris_pytorch_pipeline.estimate import PilotMl, Status
from ris_pytorch_pipeline.estimate.ml.partial import PARTIAL, parts_of
from ris_pytorch_pipeline.physics import Line, Observation, Panel, Points, Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream

COLUMN = torch.arange(144) % 12
BOARDS = {"half": COLUMN < 6, "third": COLUMN >= 8, "quarter": (COLUMN < 6) & (torch.arange(144) < 72)}


def driven_otherwise(scenes: Scenes, board: torch.Tensor) -> Observation:
    """The same measurements, beside codes of which those of a board are a snapshot late."""
    codes = scenes.observation.codes
    return replace(scenes.observation, codes=torch.where(board, codes.roll(1, dims=1), codes))


@pytest.mark.parametrize("board", ["half", "third"])
def test_a_pilot_behind_a_part_of_the_panel_is_one_and_a_misfit(board: str) -> None:
    chosen = preset("pilot", sources=1, snr_db=20.0, rician_factor=1e-3, azimuth_deg=(-40, 40))
    scenes = draw(chosen, 6, stream(0, "partial"))
    found = PilotMl()(driven_otherwise(scenes, BOARDS[board]))
    assert found.order.tolist().count(1) >= 5 and set(found.status) == {Status.MISFIT}
    assert found.fit is not None and found.fit.striking.count(PARTIAL) >= 4


def test_pilots_near_each_other_are_two() -> None:
    scenes = draw(
        preset("pilot", sources=2, snr_db=20.0, separation=0.08, azimuth_deg=(-6, 6), elevation_deg=(-4, 4)), 6,
        stream(1, "near"),
    )  # fmt: skip
    found = PilotMl()(scenes.observation)
    assert found.order.tolist() == [2] * 6 and bool(matched(found, scenes.truth).found.all())
    assert found.fit is not None and PARTIAL not in found.fit.striking


def test_parts_are_all_but_some_elements_and_hold_the_boards() -> None:
    parts = parts_of(Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3))
    assert bool((parts.double().mean(-1) >= 1 / 6).all()) and not parts.all(-1).any()
    for board in BOARDS.values():
        assert (parts == ~board).all(-1).any()


@pytest.mark.parametrize("roll_deg", [20.0, 45.0, -70.0])
def test_parts_of_a_panel_that_is_rolled_hold_the_boards_but_for_a_few_elements(roll_deg: float) -> None:
    panel = Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)
    c, s = math.cos(math.radians(roll_deg)), math.sin(math.radians(roll_deg))
    rolled = panel.elements @ torch.tensor([[1, 0, 0], [0, c, s], [0, -s, c]]).to(panel.elements)
    parts = parts_of(Points(rolled, 0.3))
    for board in BOARDS.values():
        assert int((parts != ~board).sum(-1).min()) <= 6


def test_parts_of_a_line_are_cut_along_it() -> None:
    parts = parts_of(Line(count=12, spacing=0.15).array(0.3))
    assert len(parts) == 20 and bool((parts.long().diff(dim=-1).abs().sum(-1) == 1).all())
