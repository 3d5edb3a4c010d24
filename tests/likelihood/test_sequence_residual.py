"""What the known symbols leave over, its slope and its curvature, against brute force."""

import torch

from ris_pytorch_pipeline.likelihood import sequence_residual
from ris_pytorch_pipeline.physics import chart_of, draw, preset
from ris_pytorch_pipeline.rng import stream


def test_the_slope_is_that_of_the_residual_and_the_curvature_that_of_exact_data() -> None:
    scenes = draw(
        preset("random", symbols="known", sources=2, snr_db=10.0, frequencies=2, bandwidth=0.1), 2, stream(5, "slope")
    )
    seen, sent = scenes.observation, scenes.truth.symbols
    chart, there = chart_of(scenes.truth.positions, seen.array)
    there = there + 1e-3 * torch.arange(6.0).double().reshape(2, 3)

    def left(x: torch.Tensor) -> torch.Tensor:
        return sequence_residual(x, chart, seen, sent, seen.blocks)[0]

    value, slope, curvature = sequence_residual(there, chart, seen, 2j * sent, seen.blocks)
    assert torch.allclose(value, left(there))  # whatever the factors
    step = 1e-6
    for parameter in range(6):
        moved = torch.zeros(6, dtype=torch.float64).index_fill_(0, torch.tensor(parameter), step).reshape(2, 3)
        numeric = (left(there + moved) - left(there - moved)) / (2 * step)
        assert torch.allclose(slope[:, parameter], numeric, rtol=1e-5, atol=1e-5 * float(slope.abs().max()))
    assert torch.allclose(curvature, curvature.mT)
    assert float(torch.linalg.eigvalsh(curvature).min()) > 0


def test_the_curvature_is_that_of_the_residual_where_nothing_is_left_over() -> None:
    scenes = draw(preset("random", symbols="known", sources=1, snr_db=300.0), 1, stream(5, "curve"))
    seen, sent = scenes.observation, scenes.truth.symbols
    chart, there = chart_of(scenes.truth.positions, seen.array)
    _, _, curvature = sequence_residual(there, chart, seen, sent, seen.blocks)
    step = 1e-5
    for parameter in range(3):
        moved = torch.zeros(3, dtype=torch.float64).index_fill_(0, torch.tensor(parameter), step).reshape(1, 3)
        ahead, _, _ = sequence_residual(there + moved, chart, seen, sent, seen.blocks)
        assert torch.allclose(2 * ahead / step**2, curvature[:, parameter, parameter], rtol=1e-3)
