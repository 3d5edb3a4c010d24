"""Do sources at endfire of a flat array end with a ± that holds, where noise draws them beyond the unit disc?"""

import math

import pytest
import torch

from ris_pytorch_pipeline.bounds import estimated_deviations
from ris_pytorch_pipeline.estimate import PilotMl, SearchRegion, Sml, Status
from ris_pytorch_pipeline.estimate.ml.levenberg import Box, Local, minimise
from ris_pytorch_pipeline.physics import (
    Array,
    Observation,
    Panel,
    Points,
    Sounding,
    chart_of,
    complex_normal,
    measure,
    steering,
    uniform,
)
from ris_pytorch_pipeline.rng import stream

SCENES = 12
ALL = SearchRegion(azimuth=(-1.5705, 1.5705))
ANGLES = torch.linspace(-1.2, 1.2, 24, dtype=torch.float64)
ARC = torch.stack([0.8 * ANGLES.cos(), 0.8 * ANGLES.sin(), 0 * ANGLES], dim=-1)
"""An arc in the plane z = 0: what lies in that plane is at its endfire."""
ARRAYS: dict[str, tuple[Array, tuple[float, float, float]]] = {
    "panel": (Panel(horizontal=10, vertical=10, spacing=0.15).array(0.3), (89.0, 3.0, 3.0)),
    "arc": (Points(ARC - ARC.mean(0), 0.3), (30.0, 1.0, 2.0)),
}


def seen(array: Array, place: tuple[float, float, float], symbols: str) -> Observation:
    generator = stream(3, f"endfire {symbols}")
    phase = uniform(0, 2 * math.pi, (SCENES, 16, len(array)), generator)
    codes = torch.polar(torch.ones_like(phase), phase)
    channel = complex_normal((SCENES, 12, len(array)), generator)
    azimuth, elevation, distance = place
    position = torch.tensor([[[math.radians(azimuth), math.radians(elevation), distance]]], dtype=torch.float64)
    sent = complex_normal((SCENES, 16 if symbols == "random" else 1, 1), generator).expand(-1, 16, -1)
    sounding = Sounding(array=array, codes=codes, channel=channel)
    clean = measure(steering(position, array).expand(SCENES, -1, -1), sent, sounding.codes, sounding.channel)
    noise = (clean.abs().square().mean((-1, -2), keepdim=True) / 20).sqrt()
    return Observation(
        measurements=clean + noise * complex_normal(tuple(clean.shape), generator), codes=codes, channel=channel,
        array=array, symbols=symbols,  # pyright: ignore
    )  # fmt: skip


@pytest.mark.parametrize("symbols", ["random", "pilot"])
@pytest.mark.parametrize("name", ARRAYS)
def test_all_scenes_converge_with_a_deviation_that_holds(name: str, symbols: str) -> None:
    array, place = ARRAYS[name]
    estimator = (Sml if symbols == "random" else PilotMl)(region=ALL)
    found = estimator(seen(array, place, symbols), 1)
    assert Status.ITERATION_LIMIT not in found.status
    error = found.positions[:, 0] - torch.tensor([math.radians(place[0]), math.radians(place[1]), place[2]])
    assert float(found.deviations[:, 0, :2].max()) < math.radians(12)
    usual = (
        found.deviations[:, 0].median(0).values
    )  # a source that noise drew off the rim states less than its way back
    assert bool((error.abs() < 4 * usual).all())
    assert float((error.abs() < 2 * found.deviations[:, 0]).double().mean()) > 0.8
    reach = (found.positions[:, 0, 0].cos() * found.positions[:, 0, 1].cos()) if name == "panel" else None
    assert reach is None or bool((reach < 1e-3).any()), "some source is held on the rim"


def test_an_optimum_outside_the_disc_is_found_on_its_rim() -> None:
    """Against the least of 100 000 points of the circle, with q free."""
    half = torch.tensor([[3.0, 0.4, 0.2], [-0.8, 1.5, 0.3], [0.1, -0.2, 1.0]], dtype=torch.float64)
    bend, goal = 1e4 * half.mT @ half, torch.tensor([0.9, 0.7, 0.4], dtype=torch.float64)

    def value(x: torch.Tensor) -> torch.Tensor:
        return ((x - goal) @ bend * (x - goal)).sum(-1) / 2

    def evaluate(x: torch.Tensor, rows: torch.Tensor) -> Local:
        del rows
        return Local(value(x), (x - goal) @ bend, bend.expand(len(x), 3, 3))

    wide = torch.tensor([2.0, 2.0, 2.0], dtype=torch.float64)
    start = torch.tensor([[0.3, 0.2, 0.1]], dtype=torch.float64)
    end = minimise(evaluate, start, Box(-wide, wide, wide / 10, 1), iterations=60, tolerance=1e-9)
    angle = torch.linspace(0, math.pi / 2, 100_000, dtype=torch.float64)
    circle = torch.stack([angle.cos(), angle.sin(), 0 * angle], dim=-1)
    best_q = goal[2] - ((circle - goal)[:, :2] @ bend[:2, 2]) / bend[2, 2]
    truth = value(torch.cat([circle[:, :2], best_q[:, None]], dim=-1)).min()
    assert bool(end.converged.all())
    assert float(end.value) == pytest.approx(float(truth), rel=1e-4)


def test_away_from_endfire_a_deviation_is_that_of_the_slope() -> None:
    array = Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3)
    information = torch.diag(torch.tensor([1e5, 1e5, 1e3], dtype=torch.float64))
    for degrees, first_order in ((60.0, True), (80.0, True), (89.9, False)):
        position = torch.tensor([[math.radians(degrees), 0.0, 3.0]], dtype=torch.float64)
        chart, coordinates = chart_of(position, array)
        stated = float(estimated_deviations(coordinates, information, chart).azimuth)
        slope = 1e5**-0.5 / math.cos(math.radians(degrees))
        assert stated == pytest.approx(slope) if first_order else stated < slope / 10
    assert stated == pytest.approx(math.sqrt(2 * 1e5**-0.5), rel=0.01), "from the rim one deviation of ρ² moves so far"
