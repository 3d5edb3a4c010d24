"""Is a field of view refused where an array takes some of its directions for others, and there alone?"""

import math

import pytest
import torch

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.physics import Array, Line, Panel, Pose, Scenario, bent, check_told, preset, steering, toward
from ris_pytorch_pipeline.physics.array.field_of_view import cosine_ends

FLAT = Panel(horizontal=5, vertical=4, spacing=0.15)
ANGLES = torch.linspace(0, 1, 61, dtype=torch.float64)


def directions(azimuth: tuple[float, float], elevation: tuple[float, float]) -> torch.Tensor:
    """(direction, 2) over a field, radians."""
    spans = (math.radians(low) + ANGLES * math.radians(high - low) for low, high in (azimuth, elevation))
    return torch.cartesian_prod(*spans)


@pytest.mark.parametrize("azimuth", [(-60.0, 60.0), (100.0, 170.0), (-180.0, 180.0), (-30.0, -30.0)])
@pytest.mark.parametrize("elevation", [(-30.0, 30.0), (10.0, 90.0), (-90.0, -45.0)])
def test_ends_of_the_cosine_are_those_of_all_directions(
    azimuth: tuple[float, float], elevation: tuple[float, float]
) -> None:
    many = toward(directions(azimuth, elevation))
    for seed in range(20):
        axis = torch.randn(3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        axis = axis / axis.norm()
        low, high = cosine_ends(azimuth, elevation, tuple(axis.tolist()))
        along = many @ axis
        assert low <= float(along.min()) + 1e-9 and high >= float(along.max()) - 1e-9
        assert low == pytest.approx(float(along.min()), abs=0.01) and high == pytest.approx(
            float(along.max()), abs=0.01
        )


def takes_two_for_one(azimuth: tuple[float, float], elevation: tuple[float, float], array: Array) -> bool:
    """Whether an array hears the same from two directions of a field that are far apart."""
    angles = directions(azimuth, elevation)[::7]
    places = torch.cat([angles, torch.full((len(angles), 1), 5.0).double()], dim=-1)
    vectors = steering(places, array) / math.sqrt(len(array))
    same = (vectors.conj() @ vectors.mT).abs() > 0.9
    far = (toward(places)[:, None] - toward(places)).norm(dim=-1) > 0.6
    return bool((same & far).any())


@pytest.mark.parametrize("turn", [(0.35, 0.0), (1.57, 0.0), (-2.0, 0.0), (0.0, 1.2), (0.7, -0.6)])
@pytest.mark.parametrize("azimuth", [(-50.0, 50.0), (20.0, 160.0), (-170.0, -70.0), (-180.0, 180.0)])
@pytest.mark.parametrize("elevation", [(-25.0, 25.0), (10.0, 80.0)])
def test_a_field_is_told_where_no_two_of_its_directions_sound_alike(
    turn: tuple[float, float], azimuth: tuple[float, float], elevation: tuple[float, float]
) -> None:
    pose = Pose(yaw=turn[0], pitch=turn[1])
    flat = Panel(horizontal=9, vertical=8, spacing=0.1).array(0.3, pose=pose)
    low, high = cosine_ends(azimuth, elevation, tuple(flat.frame.rotation[:, 0].tolist()))
    if min(-low, high) > 0.4 or low > 0 or high < 0:  # clearly on both sides, or on one
        if takes_two_for_one(azimuth, elevation, flat):
            with pytest.raises(ConfigurationError, match="mirror image"):
                check_told(azimuth, elevation, flat)
        else:
            check_told(azimuth, elevation, flat)
    deep = Array(bent(Panel(horizontal=9, vertical=8, spacing=0.1), 3.0), 0.3, pose=pose)
    assert not takes_two_for_one(azimuth, elevation, deep)
    check_told(azimuth, elevation, deep)


def test_what_a_scenario_says_of_its_field() -> None:
    around = {"azimuth_deg": (-180.0, 180.0), "elevation_deg": (-90.0, 90.0)}
    assert preset("pilot", bend_deg=180.0, **around).azimuth_deg == (-180.0, 180.0)
    assert Scenario(bend_deg=90.0, azimuth_deg=120.0).azimuth_deg == 120.0
    assert Scenario(yaw_deg=90.0, azimuth_deg=(20.0, 160.0)).yaw_deg == 90.0
    with pytest.raises(ConfigurationError, match=r"mirror image.*bend_deg = 180"):
        Scenario(azimuth_deg=(100.0, 170.0))
    with pytest.raises(ConfigurationError, match=r"azimuth 90\.0.*some of it behind"):
        Scenario(yaw_deg=90.0)
    with pytest.raises(ConfigurationError, match="all directions of a cone"):
        Scenario(array=Line(count=9, spacing=0.15).array(0.3), azimuth_deg=(-120.0, 60.0))
    for wrong in ((60.0, -60.0), (0.0, 181.0), math.nan):
        with pytest.raises(ConfigurationError, match="azimuth_deg within ±180"):
            Scenario(bend_deg=180.0, azimuth_deg=wrong)
    with pytest.raises(ConfigurationError, match="a pole"):
        Scenario(bend_deg=180.0, elevation_deg=90.0)
