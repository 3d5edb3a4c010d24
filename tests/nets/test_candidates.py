"""Are candidates the local maxima of the map, and does their covariance have the promised trace?"""

import pytest
import torch

from ris_pytorch_pipeline.estimate import SearchGrid
from ris_pytorch_pipeline.nets import candidate_factors, peak_cells, summed_out
from ris_pytorch_pipeline.physics import Panel
from ris_pytorch_pipeline.rng import stream


def test_peaks_are_local_maxima_highest_first() -> None:
    heat = torch.randn(4, 9, 7, generator=stream(0, "heat"))
    cells, scores = peak_cells(heat, 6)
    for scene in range(4):
        maxima = []
        for i in range(9):
            for j in range(7):
                block = heat[scene, max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
                if heat[scene, i, j] == block.max():
                    maxima.append((float(heat[scene, i, j]), i * 7 + j))
        wanted = sorted(maxima, reverse=True)[:6]
        found = [c for c, s in zip(cells[scene].tolist(), scores[scene].tolist(), strict=True) if s > -torch.inf]
        assert found == [cell for _, cell in wanted]


def test_too_few_peaks_are_marked() -> None:
    ramp = torch.arange(12.0).reshape(1, 3, 4)
    _, scores = peak_cells(ramp, 3)
    assert scores[0].tolist() == [11.0, -torch.inf, -torch.inf]


def test_scores_carry_gradients() -> None:
    heat = torch.randn(2, 5, 5, generator=stream(0, "heat")).requires_grad_()
    _, scores = peak_cells(heat, 2)
    scores[~scores.isneginf()].sum().backward()
    assert heat.grad is not None
    assert int((heat.grad != 0).sum()) == int((~scores.isneginf()).sum())


@pytest.mark.parametrize("missing", [False, True])
def test_factors_have_the_trace_that_the_floor_leaves(missing: bool) -> None:
    generator = stream(0, "factors")
    cosines, scores = torch.rand(2, 4, 3, generator=generator) * 0.4, torch.randn(2, 4, generator=generator)
    scores.requires_grad_()
    given = torch.cat([scores[:, :3], torch.full((2, 1), -torch.inf)], dim=1) if missing else scores
    panel = Panel(horizontal=5, vertical=4, spacing=0.15).elements(torch.float32)
    factors = candidate_factors(cosines, given, torch.zeros(2, 4), panel, 0.3, 0.05)
    energy = torch.view_as_real(factors).square().sum(dim=(1, 2, 3))
    torch.testing.assert_close(energy, torch.full((2,), 20 * 0.95))
    factors[:, 0, 0].abs().sum().backward()
    assert scores.grad is not None
    assert bool(torch.isfinite(scores.grad).all())


def test_a_sharp_heat_map_gives_its_own_position() -> None:
    axis = torch.linspace(0, 1, 5)
    grid = SearchGrid(axis, axis, axis, torch.ones(5, 5, dtype=torch.bool))
    heat = torch.full((1, 5, 5, 5), -20.0)
    heat[0, 2, 3, 1] = 10
    offsets = torch.zeros(1, 5, 5, 5, 3)
    offsets[0, 2, 3, 1] = torch.tensor([0.5, -1.0, 0.2])
    columns = summed_out(heat, offsets, torch.zeros(1, 5, 5, 5), grid)
    torch.testing.assert_close(columns.cosines[0, 2, 3], torch.tensor([0.625, 0.5, 0.3]))
    assert columns.heat[0].argmax() == 2 * 5 + 3
