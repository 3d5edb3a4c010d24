"""Is a wavelength that is stated wrong seen where measurements tell it from a move, and are right scenes left alone?"""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from fitted_scenes import scenes

from ris_pytorch_pipeline.estimate import PilotMl, Sml, Status
from ris_pytorch_pipeline.estimate.fit import Tangents, groups_of, structure, tangents_of
from ris_pytorch_pipeline.estimate.fit.groups import Groups
from ris_pytorch_pipeline.estimate.fit.residual.structure import STATISTICS
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import (
    Array,
    Line,
    Observation,
    Panel,
    Pose,
    Scenes,
    draw,
    mirrored,
    phases_at,
    planar,
    preset,
    steering_at,
    to_cosines,
)
from ris_pytorch_pipeline.rng import stream

NEAR: dict[str, Any] = {"distance": (0.5, 2.0)}
ASIDE: dict[str, Any] = {"distance": (0.7, 1.2), "azimuth_deg": (35.0, 55.0)}
BENT: dict[str, Any] = {**NEAR, "bend_deg": 180.0, "azimuth_deg": (-180.0, 180.0)}
SEVERAL: dict[str, Any] = {**NEAR, "frequencies": 2, "bandwidth": 0.1, "snapshots": 8}


def longer(array: Array, share: float) -> Array:
    """The same with longer wavelengths."""
    return replace(array, wavelengths=tuple(wavelength * (1 + share) for wavelength in array.wavelengths))


def stated(true: Scenes, share: float) -> Observation:
    """What was measured, with wavelengths that are too long by a share."""
    return replace(true.observation, array=longer(true.observation.array, share))


def at(observation: Observation, positions: torch.Tensor) -> tuple[Observation, Groups, Tangents]:
    """Scaled scenes and their directions."""
    seen = scale(observation).observation
    groups = groups_of(seen, positions)
    return seen, groups, tangents_of(seen, groups, positions)


def number() -> int:
    """Of the statistic."""
    return next(n for n, said in enumerate(STATISTICS) if said.startswith("the wavelength"))


def changed(seen: Observation, groups: Groups, positions: torch.Tensor, step: float) -> torch.Tensor:
    """What sources at these places send at other wavelengths, with the symbols of the groups, group by group."""
    array = longer(seen.array, step)
    response = seen.response(steering_at(to_cosines(positions, array), array).to(seen.codes.dtype))
    signals = groups.amplitudes.repeat_interleave(response.shape[1] // groups.amplitudes.shape[1], dim=1)
    return (response * signals[..., None]).sum(2).reshape(groups.measurements.shape)


@pytest.mark.parametrize("fields", [NEAR, BENT, SEVERAL], ids=["panel", "bent", "two wavelengths"])
@pytest.mark.parametrize("name", ["random", "pilot"])
def test_the_direction_is_the_derivative_of_the_measurements_less_what_moves_explain(
    name: str, fields: dict[str, Any]
) -> None:
    true = scenes(name, sources=2, count=3, **fields)
    places, step = true.truth.positions, 1e-5
    seen, groups, tangents = at(true.observation, places)
    ends = [changed(seen, groups, places, way * step) for way in (1, -1)]
    slope = groups.residual((ends[0] - ends[1]) / (2 * step))
    flat = torch.view_as_real(slope).flatten(1)
    moves = tangents.fitted.double()
    across = flat - ((flat[:, None] @ moves.mT) @ moves)[:, 0]
    across = across / across.norm(dim=-1, keepdim=True)
    assert torch.allclose(across, tangents.scale[:, 0].double(), atol=1e-5)
    assert float((tangents.scale @ tangents.fitted.mT).abs().max()) < 1e-5


@pytest.mark.parametrize("fields", [NEAR, BENT, SEVERAL], ids=["panel", "bent", "two wavelengths"])
def test_phases_are_those_of_the_wave_and_fall_with_the_wavelength(fields: dict[str, Any]) -> None:
    true = scenes(sources=2, count=2, **fields)
    array = true.observation.array
    cosines = to_cosines(true.truth.positions, array)
    phases = phases_at(cosines, array)
    wave = torch.complex(phases.cos(), phases.sin())
    assert torch.allclose(wave, steering_at(cosines, array), atol=1e-12)
    assert torch.allclose(phases_at(cosines, longer(array, 0.25)), phases / 1.25, atol=1e-9)
    assert float(phases.abs().max()) > 2 * math.pi


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_of_far_sources_no_direction_is_left(name: str) -> None:
    true = scenes(name, sources=2, count=3, distance=1e6)
    seen, groups, tangents = at(true.observation, true.truth.positions)
    assert int(tangents.scale.count_nonzero()) == 0
    each = structure(seen, groups, tangents).each
    assert bool(each.isfinite().all())
    assert float(each[:, number()].amin()) >= 0.5


@pytest.mark.parametrize("array", [Panel(horizontal=6, vertical=6, spacing=0.15), Line(count=24, spacing=0.15)])
def test_of_plane_waves_no_direction_is_left(array: Panel | Line) -> None:
    plane = replace(array.array(0.3), wavefront=planar)
    true = scenes("pilot", sources=1, count=3, array=plane, distance=5.0)
    assert int(at(true.observation, true.truth.positions)[2].scale.count_nonzero()) == 0


def test_the_mirrored_side_of_a_flat_array_has_the_same_direction() -> None:
    turned = Panel(horizontal=8, vertical=8, spacing=0.15).array(0.3, pose=Pose(yaw=0.5, pitch=0.2))
    true = scenes(sources=2, count=3, array=turned, azimuth_deg=(-20.0, 60.0), **NEAR)
    seen, places = true.observation, true.truth.positions
    ahead, behind = (at(seen, each)[2].scale for each in (places, mirrored(places, seen.array)))
    assert float(ahead.norm(dim=-1).amin()) == pytest.approx(1.0, abs=1e-4)
    assert torch.allclose(ahead, behind, atol=1e-4)


@pytest.mark.parametrize("fields", [NEAR, {"distance": (0.5, 10.0)}, SEVERAL], ids=["near", "all", "two wavelengths"])
@pytest.mark.parametrize("name", ["random", "pilot"])
def test_right_scenes_have_its_p_values_by_chance(name: str, fields: dict[str, Any]) -> None:
    true = scenes(name, sources=2, count=64, **fields)
    seen, groups, tangents = at(true.observation, true.truth.positions)
    p_value = structure(seen, groups, tangents).each[:, number()]
    assert int((p_value < 0.01).sum()) <= 3
    assert 0.3 < float(p_value.median()) < 0.7


@pytest.mark.parametrize("share", [0.03, -0.03])
@pytest.mark.parametrize("name", ["random", "pilot"])
def test_a_wavelength_that_is_wrong_is_named_where_sources_are_near_and_aside(name: str, share: float) -> None:
    true = scenes(name, sources=2, count=16, snr_db=20.0, **ASIDE)
    estimator = Sml() if name == "random" else PilotMl()
    found = estimator.refine(stated(true, share), true.truth.positions)
    each = structure(*at(stated(true, share), found.positions)).each
    assert int((each[:, number()] < 5e-4).sum()) >= 12  # of 16


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_wavelength_three_percent_wrong_is_a_misfit_and_the_right_one_is_not(seed: int) -> None:
    true = draw(preset("random", sources=1, snr_db=20.0, **ASIDE), 8, stream(seed, "stated wavelength"))
    statuses = [Sml()(stated(true, share), 1).status for share in (0.03, 0.0)]
    wrong, right = (sum(status in {Status.MISFIT, Status.INCOMPLETE} for status in said) for said in statuses)
    assert wrong >= 7
    assert right == 0
    assert statuses[1].count(Status.CONVERGED) == 8
