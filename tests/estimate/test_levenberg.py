"""The batched minimiser on problems whose answer is known."""

import torch
from torch import Tensor

from ris_pytorch_pipeline.estimate.ml.levenberg import Box, Local, minimise


def quadratic(centre: Tensor, curvature: Tensor):
    def evaluate(x: Tensor, rows: Tensor) -> Local:
        away = x - centre[rows]
        gradient = (curvature[rows] @ away.unsqueeze(-1)).squeeze(-1)
        return Local((away * gradient).sum(-1) / 2, gradient, curvature[rows])

    return evaluate


def box(width: int, low: float = -1.0, high: float = 1.0) -> Box:
    ends = torch.full((width,), 1.0, dtype=torch.float64)
    return Box(low * ends, high * ends, 0.3 * ends, 0)


def test_finds_each_scenes_own_minimum() -> None:
    centre = torch.tensor([[0.5, -0.2], [0.1, 0.9], [0.0, 0.0]], dtype=torch.float64)
    curvature = torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64).expand(3, 2, 2)
    end = minimise(
        quadratic(centre, curvature), torch.zeros(3, 2, dtype=torch.float64), box(2), iterations=40, tolerance=1e-12
    )
    torch.testing.assert_close(end.point, centre, rtol=0, atol=1e-5)
    assert end.converged.all()


def test_stops_at_the_edge_of_the_box_and_says_it_converged() -> None:
    centre = torch.tensor([[3.0, 0.2]], dtype=torch.float64)
    curvature = torch.tensor([[[1.0, 0.3], [0.3, 1.0]]], dtype=torch.float64)
    end = minimise(
        quadratic(centre, curvature), torch.zeros(1, 2, dtype=torch.float64), box(2), iterations=40, tolerance=1e-12
    )
    assert end.point[0, 0] == 1.0
    assert abs(float(end.point[0, 1]) - (0.2 + 0.3 * 2.0)) < 1e-5  # the minimum along the edge
    assert end.converged.all()


def test_a_fixed_parameter_stays() -> None:
    centre = torch.tensor([[0.5, 0.5]], dtype=torch.float64)
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    fixed = Box(torch.tensor([0.0, -1.0], dtype=torch.float64), ends, torch.ones(2, dtype=torch.float64), 0)
    evaluate = quadratic(centre, torch.eye(2, dtype=torch.float64)[None])
    end = minimise(evaluate, torch.zeros(1, 2, dtype=torch.float64), fixed, iterations=20, tolerance=1e-12)
    torch.testing.assert_close(end.point, torch.tensor([[0.0, 0.5]], dtype=torch.float64), rtol=0, atol=1e-5)


def test_the_objective_never_rises_and_the_limit_is_reported() -> None:
    seen: list[float] = []

    def bumpy(x: Tensor, rows: Tensor) -> Local:
        value = (5 * x).sin().sum(-1) + x.square().sum(-1)
        gradient = 5 * (5 * x).cos() + 2 * x
        seen.append(float(value[0]))
        return Local(value, gradient, torch.eye(1, dtype=torch.float64).expand(len(rows), 1, 1) * 30)

    start = torch.tensor([[0.6]], dtype=torch.float64)
    end = minimise(bumpy, start, box(1), iterations=3, tolerance=1e-14)
    assert end.value[0] == min(seen)
    assert not end.converged.any()


def test_directions_stay_on_the_disc() -> None:
    wide = torch.tensor([0.99, 0.99, 2.0], dtype=torch.float64)
    corner = Box(-wide, wide, wide, 1)
    inside = corner.clamp(torch.tensor([[0.9, 0.9, 1.0]], dtype=torch.float64))
    assert 1 - 1e-8 <= float(inside[0, :2].square().sum()) < 1
    assert inside[0, 2] == 1.0


def test_a_model_that_bends_down_leaves_a_blocked_parameter_where_it_is() -> None:
    """Its curvature along the step is negative, and over nothing that is infinite: times a step of 0 no number."""
    told = torch.diag(torch.tensor([-9000.0, 1.0], dtype=torch.float64))[None]
    seen: list[Tensor] = []

    def evaluate(x: Tensor, rows: Tensor) -> Local:
        seen.append(x)
        gradient = torch.tensor([[1.0, 1.0]], dtype=torch.float64) + 1e-3 * x
        return Local(x.sum(-1), gradient, told[rows])

    start = torch.tensor([[0.5, -1.0]], dtype=torch.float64)  # the second is at its end and is pulled outwards
    end = minimise(evaluate, start, box(2), iterations=12, tolerance=1e-12)
    assert all(bool(x.isfinite().all()) for x in seen)
    assert bool((end.point == -1.0).all())
