"""Has the Rician channel the power and the factor it says?"""

import math

import pytest
import torch

from ris_pytorch_pipeline.physics import Panel, complex_normal, rician_channel, uniform
from ris_pytorch_pipeline.rng import stream

PANEL = Panel(horizontal=6, vertical=6, spacing=0.15)


def channels(factor: float, scenes: int = 400, name: str = "channel") -> torch.Tensor:
    return rician_channel(torch.full((scenes,), factor).double(), 8, PANEL.array(0.3), stream(1, name))


@pytest.mark.parametrize("factor", [0.0, 0.5, 3.0, 10.0, 1000.0])
def test_mean_power_is_one_at_every_factor(factor: float) -> None:
    power = channels(factor).abs().square()
    spread = math.sqrt(1 + 2 * factor) / (1 + factor)  # standard deviation of |H|² of one entry
    assert float(power.mean()) == pytest.approx(1, abs=5 * spread / math.sqrt(power.numel()))


@pytest.mark.parametrize("factor", [0.5, 3.0, 10.0])
def test_line_of_sight_over_scatter_is_the_factor(factor: float) -> None:
    sight = channels(math.inf)
    whole = channels(factor)  # the same stream, so the same line of sight
    scatter = whole - math.sqrt(factor / (1 + factor)) * sight
    assert float(scatter.abs().square().mean()) == pytest.approx(1 / (1 + factor), rel=0.02)
    overlap = (sight.conj() * whole).mean().real
    assert float(overlap) == pytest.approx(math.sqrt(factor / (1 + factor)), rel=0.02)


def test_line_of_sight_is_unit_modulus_and_rank_one() -> None:
    sight = channels(math.inf, scenes=5)
    torch.testing.assert_close(sight.abs(), torch.ones_like(sight.real), rtol=0, atol=1e-12)
    values = torch.linalg.svdvals(sight)
    torch.testing.assert_close(values[:, 0], torch.full((5,), math.sqrt(8 * 36)).double())
    assert float(values[:, 1].max()) < 1e-10


def test_each_scene_has_its_own_factor() -> None:
    mixed = rician_channel(torch.tensor([0.0, math.inf]).double(), 8, PANEL.array(0.3), stream(2, "channel"))
    assert float((mixed[0].abs() - 1).abs().max()) > 0.3
    assert float((mixed[1].abs() - 1).abs().max()) < 1e-12


def test_complex_normal_has_unit_power_and_is_circular() -> None:
    x = complex_normal((200_000,), stream(3, "noise"))
    limit = 5 / math.sqrt(x.numel())
    assert x.dtype == torch.complex128
    assert abs(complex(x.mean())) < limit
    assert float(x.abs().square().mean()) == pytest.approx(1, abs=limit)
    assert abs(complex(x.square().mean())) < math.sqrt(2) * limit


def test_uniform_fills_its_span() -> None:
    x = uniform(-2.0, 3.0, (100_000,), stream(4, "uniform"))
    assert -2 <= float(x.min()) < -1.99
    assert 2.99 < float(x.max()) < 3
    assert float(x.mean()) == pytest.approx(0.5, abs=5 * 5 / math.sqrt(12 * x.numel()))
    assert float(uniform(1.5, 1.5, (3,), stream(4, "uniform")).std()) == 0
