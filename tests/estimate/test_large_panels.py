"""Scans of large panels in outline, against every steering vector of the exact wave."""

import pytest
import torch

from ris_pytorch_pipeline.estimate import PilotMl, SearchRegion, Sml, search_grid
from ris_pytorch_pipeline.estimate.ml.large import outline
from ris_pytorch_pipeline.estimate.ml.large.blocks import block_steering, lattice_of
from ris_pytorch_pipeline.estimate.ml.large.outline import Outline, outline_of
from ris_pytorch_pipeline.estimate.ml.pilots.likelihood import PilotLikelihood
from ris_pytorch_pipeline.estimate.ml.scanning.gridscan import GridScan
from ris_pytorch_pipeline.estimate.ml.search import add_source
from ris_pytorch_pipeline.estimate.ml.stochastic import StochasticLikelihood
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import (
    Array,
    Line,
    Panel,
    Points,
    Pose,
    Scenes,
    bent,
    coded_response,
    draw,
    fresnel,
    preset,
    steering_at,
)
from ris_pytorch_pipeline.rng import stream

PANEL = Panel(horizontal=8, vertical=6, spacing=0.15)
LARGE = Panel(horizontal=40, vertical=24, spacing=0.05)
HOLES = torch.tensor([n for n in range(48) if n not in {0, 11, 30}])
REGULAR = [
    pytest.param(PANEL.array(0.3), id="panel"),
    pytest.param(Panel(horizontal=5, vertical=7, spacing=(0.1, 0.17)).array(0.3), id="two spacings"),
    pytest.param(Line(count=9, spacing=0.15).array(0.3), id="line"),
    pytest.param(Points(PANEL.array(0.3).elements[HOLES], 0.3), id="holes"),
    pytest.param(PANEL.array(0.3, wavefront=fresnel), id="another wavefront"),
    pytest.param(PANEL.array(0.3, pose=Pose(yaw=0.4, pitch=-0.2, position=(1.0, 2.0, 0.5))), id="turned"),
]
UNEVEN = PANEL.array(0.3).elements + 0.01 * torch.randn((48, 3), generator=stream(0, "uneven"), dtype=torch.float64)


def rows_of(array: Array, count: int = 3) -> torch.Tensor:
    return torch.randn((count, len(array)), generator=stream(0, "rows"), dtype=torch.complex128)


@pytest.mark.parametrize("array", REGULAR)
def test_blocks_of_one_element_see_what_every_steering_vector_sees(array: Array) -> None:
    grid = search_grid(SearchRegion(), array)
    steering = block_steering(array, grid, bent=1e-12)
    assert steering is not None
    assert all(group.sizes == (1, 1) for group in steering.groups) or float(grid.q[0]) == 0
    rows = rows_of(array)
    wanted = (rows @ steering_at(grid.points(), array).mT).abs().square()
    torch.testing.assert_close(steering.on_grid(steering.squares(rows)), wanted, rtol=1e-10, atol=1e-10)


def test_blocks_are_plane_waves_on_a_separable_table() -> None:
    """The beams of the blocks against sums over their elements, one by one."""
    array = LARGE.array(0.1)
    steering = block_steering(array, search_grid(SearchRegion(), array))
    assert steering is not None
    group = steering.groups[-1]
    assert max(group.counts) > 1
    (across, up), (wide, high), rows = group.counts, group.sizes, rows_of(array)
    beams = steering._beams(steering.lattice.laid_out(rows), group).view(up, -1, across, len(group.slopes[0]), 3)
    placed, k = rows.view(3, 24, 40), steering.wavenumber
    for v, j, h, i in ((0, 0, 0, 0), (up - 1, 3, across - 1, 7), (up // 2, 5, 1, 2)):
        block = placed[:, v * high : (v + 1) * high, h * wide : (h + 1) * wide]
        y = (torch.arange(block.shape[1], dtype=torch.float64) - (high - 1) / 2) * 0.05 * group.slopes[1][j]
        x = (torch.arange(block.shape[2], dtype=torch.float64) - (wide - 1) / 2) * 0.05 * group.slopes[0][i]
        wave = torch.exp(-1j * k * (y[:, None] + x))
        torch.testing.assert_close(beams[v, j, h, i], (block * wave).sum((1, 2)), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("array", [LARGE.array(0.1), Line(count=100, spacing=0.05).array(0.1)])
def test_a_matched_row_keeps_its_gain_near_and_far(array: Array) -> None:
    grid = search_grid(SearchRegion(), array)
    steering = block_steering(array, grid)
    assert steering is not None
    assert len(steering.groups) > 1
    chosen = torch.randint(grid.size, (60,), generator=stream(0, "matched"))
    rows = steering_at(grid.points()[chosen], array).conj()
    seen = steering.on_grid(steering.squares(rows))[torch.arange(60), chosen] / len(array) ** 2
    assert float(seen.amin()) > 0.8
    assert float(seen.mean()) > 0.88
    assert float(seen.amax()) <= 1 + 1e-9


def test_only_regular_flat_arrays_are_outlined(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lattice_of(Points(UNEVEN, 0.3)) is None
    assert lattice_of(Points(bent(PANEL, 2.0), 0.3)) is None
    assert lattice_of(Points(PANEL.array(0.3).elements[::3], 0.3)) is None
    monkeypatch.setattr(outline, "LARGE", 48)
    assert outline.outlined(PANEL.array(0.3))
    assert not outline.outlined(PANEL.array([0.3, 0.27]))
    assert not outline.outlined(Points(UNEVEN, 0.3))
    assert not outline.outlined(Panel(horizontal=8, vertical=5, spacing=0.15).array(0.3))


def large(name: str, sources: int, scenes: int, snr_db: float) -> Scenes:
    small = {"horizontal": 32, "vertical": 32, "snapshots": 16, "antennas": 16}
    scenario = preset("mmwave", **small, symbols=name, sources=sources, snr_db=snr_db)
    return draw(scenario, scenes, stream(1, "large", sources))


def test_energies_in_outline_follow_the_exact_ones() -> None:
    seen = scale(large("random", 1, 2, 10.0).observation).observation
    grid = search_grid(SearchRegion(), seen.array)
    outlined = outline_of(seen, grid)
    assert isinstance(outlined, Outline)
    points = grid.points()[::40]
    for scene in range(2):
        exact = coded_response(steering_at(points, seen.array), seen.codes[scene], seen.channel[scene])
        exact = exact.abs().square().sum(-1)
        ours = outlined.steering.on_grid(outlined.energy(scene))[:, ::40]
        deviation = (ours.double() - exact).square().mean().sqrt() / exact.mean()
        assert float(deviation) < 0.5 * float(exact.std() / exact.mean())
        assert float(ours.mean() / exact.mean()) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("name", "sources"), [("random", 1), ("random", 3), ("pilot", 1), ("pilot", 3)])
def test_an_outlined_search_ends_where_the_whole_one_does(
    name: str, sources: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the outline misses the refinement recovers: its start lies in the basin of the same optimum."""
    seen = large(name, sources, 8, 10.0).observation
    estimator = (Sml if name == "random" else PilotMl)(fit=False)
    outlined = estimator(seen, sources)
    monkeypatch.setattr(outline, "LARGE", 10**9)
    whole = estimator(seen, sources)
    moved = (outlined.positions - whole.positions).abs()
    assert (moved < 0.01 * whole.deviations).all()


@pytest.mark.parametrize("kind", [StochasticLikelihood, PilotLikelihood])
def test_the_best_points_of_an_outlined_scan_are_exact(
    kind: type[StochasticLikelihood] | type[PilotLikelihood], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "random" if kind is StochasticLikelihood else "pilot"
    seen = scale(large(name, 2, 2, 0.0).observation).observation
    rows = torch.tensor([0, 1, 1])
    ours = kind(seen, SearchRegion())
    given = add_source(ours, rows, ours.nothing(rows), Sml().effort)
    gain, power = ours.scan(rows, given)
    monkeypatch.setattr(outline, "LARGE", 10**9)
    whole = kind(seen, SearchRegion())
    if isinstance(whole, StochasticLikelihood):
        whole.seen = GridScan(whole.observation, whole.seen.steering, left_out=0.0)
    whole_gain, whole_power = whole.scan(rows, given)
    best = gain.argmax(1, keepdim=True)
    torch.testing.assert_close(gain.gather(1, best), whole_gain.gather(1, best), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(power.gather(1, best), whole_power.gather(1, best), rtol=1e-3, atol=1e-3)
    assert (whole_gain.amax(1) <= gain.amax(1) * 1.001).all()
