"""Are the waves of a lattice those of one matrix, and is a large panel within reach of a network?"""

import pytest
import torch

from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
from ris_pytorch_pipeline.nets.plane_waves import LatticeWaves, PlaneWaves, plane_waves, wave_bytes
from ris_pytorch_pipeline.physics import Array, Line, Panel, Points, lags_of
from ris_pytorch_pipeline.rng import stream

CLOUD = Points(torch.randn(40, 3, generator=stream(0, "cloud"), dtype=torch.float64) * 0.3, 0.3)
LATTICES = {
    "panel": Panel(horizontal=5, vertical=4, spacing=0.12).array(0.3),
    "line": Line(count=15, spacing=0.15).array(0.3),
    "two wavelengths": Panel(horizontal=4, vertical=3, spacing=0.15).array((0.3, 0.25)),
}


@pytest.mark.parametrize("array", LATTICES.values(), ids=LATTICES)
def test_the_waves_of_a_lattice_are_those_of_one_matrix(array: Array) -> None:
    grid, lags = search_grid(SearchRegion(), array), lags_of(array)
    one, other = PlaneWaves(grid, array, lags), LatticeWaves(grid, array, (lags.axes[2], lags.axes[1]))
    assert one.lags == other.lags
    energy = torch.randn((3, 2, one.lags), generator=stream(0, "waves"))
    torch.testing.assert_close(one(energy), other(energy), rtol=1e-4, atol=1e-4 * float(one(energy).abs().max()))


def test_a_large_lattice_keeps_its_axes_alone() -> None:
    array = Panel(horizontal=32, vertical=24, spacing=0.15).array(0.3)
    grid, lags = search_grid(SearchRegion(), array), lags_of(array)
    waves = plane_waves(grid, array, lags)
    kept = sum(each.numel() * each.element_size() for each in waves.buffers())
    assert isinstance(waves, LatticeWaves) and kept == wave_bytes(grid, array, lags) < 1e-2 * 8 * len(lags) * grid.size
    cloud = lags_of(CLOUD)
    assert not cloud.axes and isinstance(plane_waves(search_grid(SearchRegion(), CLOUD), CLOUD, cloud), PlaneWaves)
