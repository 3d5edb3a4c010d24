"""Are gains recovered where no position is known, up to what no scene can tell?"""

from dataclasses import replace

import pytest
import torch
from detuned import SMALL, detuned, phases, relative_error

from ris_pytorch_pipeline.calibrate import calibrate_blind, doubts_of
from ris_pytorch_pipeline.calibrate.blind import without_plane
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import PilotMl
from ris_pytorch_pipeline.physics import Impairments, Panel, complex_normal, draw, preset
from ris_pytorch_pipeline.rng import stream

PANEL = Panel(horizontal=6, vertical=6, spacing=0.15).array(0.3)


@pytest.mark.parametrize("slope", [(0.3, 0.0), (-0.5, 0.7), (1.0, -1.0)])
def test_a_plane_is_taken_out_whole(slope: tuple[float, float]) -> None:
    q = PANEL.elements / 0.3
    plane = torch.exp(1j * (slope[0] * q[:, 1] + slope[1] * q[:, 2] + 0.4))
    assert torch.allclose(without_plane(plane, PANEL), torch.ones_like(plane), atol=1e-9)
    gains = phases(36, 0.3)
    assert torch.allclose(without_plane(gains * plane, PANEL), without_plane(gains, PANEL), atol=1e-6)


@pytest.mark.parametrize("seed", range(2))
def test_gains_come_closer_without_any_position(seed: int) -> None:
    gains = without_plane(phases(36, 0.4, seed), PANEL)
    scenes = detuned(gains, 24, seed=seed, distance=[2.0, 10.0])
    got = calibrate_blind(scenes.observation, PilotMl(), 1, ridge=0.03)
    before = relative_error(torch.ones_like(gains), gains)
    after = relative_error(got.elements[0], gains)
    assert before > 0.3 and after < 0.5 * before
    assert any("linear over the array" in sentence for sentence in got.unidentified)
    assert got.shares["elements"] > got.shares["nominal"] + 0.02
    assert got.model == "elements" and not doubts_of(got)


def test_scenes_in_which_no_source_is_found_teach_nothing_and_judge_nothing() -> None:
    gains = without_plane(phases(36, 0.4), PANEL)
    seen = detuned(gains, 24, distance=[2.0, 10.0]).observation
    silent = seen.measurements.clone()
    silent[::8] = complex_normal(silent[::8].shape, stream(0, "silent")).to(silent)
    got = calibrate_blind(replace(seen, measurements=silent), PilotMl(), ridge=0.03)
    assert got.model == "elements"
    assert relative_error(got.elements[0], gains) < 0.5 * relative_error(torch.ones_like(gains), gains)


def test_scenes_that_could_judge_nothing_are_refused() -> None:
    seen = detuned(phases(36, 0.1), 3).observation
    with pytest.raises(InputError, match="at least two scenes to calibrate"):
        calibrate_blind(seen[:1], PilotMl(), 1)
    with pytest.raises(InputError, match="at least two parts"):
        calibrate_blind(seen, PilotMl(), 1, folds=1)
    silent = complex_normal(seen.measurements.shape, stream(0, "silent")).to(seen.measurements)
    with pytest.raises(InputError, match=r"a source is found.*of 3"):
        calibrate_blind(replace(seen, measurements=silent), PilotMl())


@pytest.mark.parametrize("spread", [0.0, 0.4])
def test_gains_that_scenes_do_not_share_are_not_taken(spread: float) -> None:
    """Phases drawn anew for each scene, and no errors at all: fitted gains explain less of held-out scenes."""
    scenario = preset("pilot", **SMALL, impairments=Impairments(phase_error_rad=spread))
    got = calibrate_blind(draw(scenario, 12, stream(0, "scenes")).observation, PilotMl(), 1)
    assert got.shares["elements"] < got.shares["nominal"]
    assert got.model == "nominal"
    assert "none explained held-out scenes better" in " ".join(got.unidentified)
    (doubt,) = doubts_of(got)
    assert "errors that differ from scene to scene" in doubt
