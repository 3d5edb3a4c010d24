"""The field of view and its grid."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
from ris_pytorch_pipeline.physics import Panel, cosines_from_positions

ARRAY = Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)


@given(
    st.floats(-60, 60), st.floats(-30, 30), st.floats(0.5, 10)
)  # fmt: skip
def test_every_source_in_view_is_within_a_step_of_the_grid(azimuth: float, elevation: float, distance: float) -> None:
    grid = search_grid(SearchRegion(), ARRAY)
    position = torch.tensor([[math.radians(azimuth), math.radians(elevation), distance]], dtype=torch.float64)
    away = (grid.points() - cosines_from_positions(position)).abs() / torch.tensor(grid.step, dtype=torch.float64)
    nearest = away.amax(-1).min()
    assert nearest <= 0.76  # half a step, or a little more where the edge of the view cuts the grid


def test_grid_is_half_a_beamwidth_and_half_a_depth_of_focus() -> None:
    u, w, q = search_grid(SearchRegion(), ARRAY).step
    assert u <= 1 / 12
    assert w <= 1 / 12
    assert 0.15 < q < 0.22


def test_oversampling_divides_the_steps() -> None:
    coarse, fine = (search_grid(SearchRegion(), ARRAY, k) for k in (1.0, 2.0))
    assert fine.points().shape[0] > 6 * coarse.points().shape[0]


def test_volume_puts_values_back_on_the_axes() -> None:
    grid = search_grid(SearchRegion(), ARRAY)
    points = grid.points()
    volume = grid.volume(points[:, 0] + 10 * points[:, 1] + 100 * points[:, 2], fill=torch.nan)
    assert volume.shape == grid.shape
    i, j = (int(x) for x in torch.nonzero(grid.valid)[31])
    assert volume[i, j, 3] == grid.u[i] + 10 * grid.w[j] + 100 * grid.q[3]
    assert torch.equal(volume[..., 0].isnan(), ~grid.valid)


def test_equal_ends_fix_a_coordinate() -> None:
    region = SearchRegion(elevation=(0.0, 0.0), distance=(8.3, 8.3))
    assert region.fixed == ("elevation", "distance")
    points = search_grid(region, ARRAY).points()
    assert points[:, 1].unique().tolist() == [0.0]
    assert points[:, 2].unique().tolist() == pytest.approx([1 / 8.3])


@pytest.mark.parametrize("zenith", [math.pi / 2, -math.pi / 2, math.pi / 2 - 1e-9])
def test_a_known_elevation_at_the_zenith_is_refused_and_a_span_to_it_is_not(zenith: float) -> None:
    with pytest.raises(InputError, match=r"inside \(-π/2, π/2\).*has no azimuth"):
        SearchRegion(elevation=(zenith, zenith))
    assert not SearchRegion(elevation=(min(zenith, 0.0), max(zenith, 0.0))).fixed


@pytest.mark.parametrize("elevation", [0.0, -0.7, 1.2, 1.5697])
@pytest.mark.parametrize("azimuth", [-59.0, 3.0, 60.0])
def test_of_a_known_elevation_the_grid_is_that_of_its_cone(azimuth: float, elevation: float) -> None:
    """Every azimuth is within a step, and no point lies outside the span, however near the zenith it is."""
    grid = search_grid(SearchRegion(elevation=(elevation, elevation)), ARRAY)
    u = grid.points()[:, 0]
    widest = math.cos(elevation)
    assert float(u.abs().amax()) <= widest * math.sin(math.radians(60)) + 1e-12
    assert float((u - widest * math.sin(math.radians(azimuth))).abs().amin()) <= 0.51 * grid.steps[0]


@pytest.mark.parametrize(
    "wrong",
    [{"azimuth": (-60.0, 60.0)}, {"distance": (0.0, 5.0)}, {"elevation": (0.3, -0.3)}, {"distance": (5.0, math.inf)}],
)
def test_an_impossible_region_is_refused(wrong: dict) -> None:
    with pytest.raises(InputError, match="low, high"):
        SearchRegion(**wrong)
