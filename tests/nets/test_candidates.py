"""Are candidates the local maxima of the map, and does their covariance have the promised trace?"""

import pytest
import torch

from ris_pytorch_pipeline.estimate import SearchGrid
from ris_pytorch_pipeline.nets import candidate_cells, candidate_factors, summed_out
from ris_pytorch_pipeline.nets.candidates import visible
from ris_pytorch_pipeline.physics import Panel
from ris_pytorch_pipeline.rng import stream


def own_centres(heat: torch.Tensor) -> torch.Tensor:
    """Places of cells that each state their own centre."""
    axes = [torch.arange(float(size)) for size in heat.shape[1:]]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).expand(*heat.shape, 2)


def test_cells_are_picked_one_by_one_and_what_states_the_same_direction_is_left_out() -> None:
    heat = torch.randn(4, 9, 7, generator=stream(0, "heat"))
    places = own_centres(heat) + torch.rand(4, 9, 7, 2, generator=stream(0, "places"))
    cells, scores = candidate_cells(heat, places, 6)
    for scene in range(4):
        left = sorted(((float(h), i) for i, h in enumerate(heat[scene].flatten())), reverse=True)
        flat = places[scene].flatten(0, 1)
        for cell, score in zip(cells[scene].tolist(), scores[scene].tolist(), strict=True):
            assert (score, cell) == left[0]
            left = [(h, i) for h, i in left if float((flat[i] - flat[cell]).norm()) >= 1]


def test_two_sources_in_neighbouring_cells_are_two_candidates() -> None:
    heat = torch.full((1, 5, 5), -9.0)
    heat[0, 2, 1:5] = torch.tensor([2.0, 4.0, 3.0, 1.0])  # the cells at 2 and 3 hold a source, the outer ones see it
    places = own_centres(heat).clone()
    places[0, 2, 1:5] = torch.tensor([[2.0, 1.7], [2.0, 1.7], [2.0, 3.1], [2.0, 3.1]])
    cells, scores = candidate_cells(heat, places, 3)
    assert cells[0, :2].tolist() == [2 * 5 + 2, 2 * 5 + 3] and scores[0].tolist() == [4.0, 3.0, -9.0]


def test_too_few_directions_are_marked() -> None:
    ramp = torch.arange(12.0).reshape(1, 3, 4)
    _, scores = candidate_cells(ramp, torch.zeros(1, 3, 4, 2), 3)
    assert scores[0].tolist() == [11.0, -torch.inf, -torch.inf]


def test_scores_carry_gradients() -> None:
    heat = torch.randn(2, 5, 5, generator=stream(0, "heat")).requires_grad_()
    _, scores = candidate_cells(heat, own_centres(heat), 2)
    scores.sum().backward()
    assert heat.grad is not None
    assert int((heat.grad != 0).sum()) == scores.numel()


@pytest.mark.parametrize("missing", [False, True])
def test_factors_have_the_trace_that_the_floor_leaves(missing: bool) -> None:
    generator = stream(0, "factors")
    cosines, scores = torch.rand(2, 4, 3, generator=generator) * 0.4, torch.randn(2, 4, generator=generator)
    scores.requires_grad_()
    given = torch.cat([scores[:, :3], torch.full((2, 1), -torch.inf)], dim=1) if missing else scores
    panel = Panel(horizontal=5, vertical=4, spacing=0.15).array(0.3)
    factors = candidate_factors(cosines, given, torch.zeros(2, 4), panel, 0.05)
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
    torch.testing.assert_close(columns.places[0, 2, 3], torch.tensor([0.625, 0.5, 0.3]))
    assert columns.heat[0].argmax() == 2 * 5 + 3


def test_directions_that_no_wave_has_are_moved_to_the_nearest_one_and_keep_factors_finite() -> None:
    array = Panel(horizontal=6, vertical=6, spacing=0.15).array(0.3)
    stated = torch.tensor([[[-1.0024, -0.4905, 2.2], [0.6, 0.3, 0.5]]])
    weights = torch.zeros(1, 2), torch.zeros(1, 2), array, 1e-3
    assert candidate_factors(stated, *weights).isnan().any()
    candidates = visible(stated)
    assert candidate_factors(candidates, *weights).isfinite().all()
    torch.testing.assert_close(candidates[0, 0, :2].norm(), torch.tensor(1.0))
    torch.testing.assert_close(candidates[0, 0, 0] / candidates[0, 0, 1], stated[0, 0, 0] / stated[0, 0, 1])
    assert torch.equal(candidates[0, 1], stated[0, 1]) and candidates[0, 0, 2] == stated[0, 0, 2]
