"""Is what a line hears compared with what it can tell: the cone of a source, and not a height that it cannot see?"""

import math

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

import ris_pytorch_pipeline as ris
from ris_pytorch_pipeline.bench import match_directions, stated_of, sweep
from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import Line, Panel, Pose, Scenes, as_told, steering

LINE = ris.preset("pilot", horizontal=15, vertical=1, sources=2, snr_db=20.0)


def drawn(count: int = 6) -> Scenes:
    return ris.simulate(LINE, scenes=count, seed=3)


def places(count: int = 8) -> Float[Tensor, "place 3"]:
    draw = torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return draw * torch.tensor([1.6, 1.0, 4.0]) + torch.tensor([-0.8, -0.5, 1.0])


@pytest.mark.parametrize("pose", [Pose(), Pose(roll=0.7), Pose(yaw=0.3, pitch=-0.4, roll=1.2)])
def test_a_line_hears_the_same_of_a_place_and_of_where_it_is_told_to_be(pose: Pose) -> None:
    line = Line(count=15, spacing=0.15).array(0.3, pose=pose)
    told, hidden = as_told(places(), line)
    torch.testing.assert_close(steering(told, line), steering(places(), line), rtol=0, atol=1e-9)
    assert bool(hidden.any(-1).all()), "a cone leaves some coordinate open"
    torch.testing.assert_close(as_told(told, line)[0], told)


def test_a_panel_tells_every_place_as_it_is() -> None:
    told, hidden = as_told(places(), Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3))
    assert torch.equal(told, places()) and not bool(hidden.any())


def test_an_estimate_of_a_line_is_matched_on_its_cones() -> None:
    scenes = drawn()
    estimate = ris.PilotMl()(scenes.observation, sources=2)
    assert not bool((match_directions(scenes.truth.positions, estimate.positions) >= 0).all()), (
        "heights keep them apart"
    )
    found = ris.matched(estimate, scenes)
    assert bool(found.found.all()) and found.error[..., 1].isnan().all()
    assert float((found.error / found.deviations)[..., 0].abs().max()) < 5
    assert stated_of(scenes, estimate).coverage(0.9)[0].high > 0.9


def test_the_truth_alone_does_not_say_what_a_line_tells() -> None:
    scenes = drawn()
    with pytest.raises(InputError, match="pass `scenes`"):
        ris.matched(ris.PilotMl()(scenes.observation, sources=2), scenes.truth)


def test_a_benchmark_of_a_line_counts_what_it_finds() -> None:
    (cell,) = sweep(LINE, ["pilot"], [2], [20.0], scenes=8, seed=0, known_order=True)
    assert cell.success.value == 1 and 0.5 < cell.rmse_over_crb["azimuth"].value < 2
    assert math.isnan(cell.rmse_over_crb["elevation"].value)


def test_a_table_says_what_the_errors_of_a_line_are(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "line.safetensors")
    assert main(f"simulate {path} --preset pilot --horizontal 15 --vertical 1 --sources 2 --scenes 1".split()) == 0
    assert main(["locate", path, "--sources", "2"]) == 0
    told = capsys.readouterr().out
    assert "errors of a line are those of the cone that it sees" in told and "missed" not in told
