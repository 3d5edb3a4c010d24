"""Do errors of the panel move a source as far as is said, and does the sandwich ± know of them?"""

import torch
from fitted_scenes import scenes

from ris_pytorch_pipeline.estimate import Sml
from ris_pytorch_pipeline.estimate.fit.certainty.panel_error import panel_deviations
from ris_pytorch_pipeline.physics import Impairments, Panel, chart_of
from ris_pytorch_pipeline.rng import stream

ARRAY = Panel(horizontal=8, vertical=6, spacing=0.15).array(0.3)
PLACE = torch.tensor([[[0.4, 0.2, 1.5]]], dtype=torch.float64)


def test_phase_errors_move_a_fitted_wave_as_far_as_is_said() -> None:
    size, draws = 0.02, 400
    chart, coordinates = chart_of(PLACE, ARRAY)
    wave, slope = (x[0] for x in chart.steering_with_derivatives(coordinates))
    error = size * torch.randn(draws, wave.shape[-1], generator=stream(1, "phases"), dtype=torch.float64)
    seen = wave * torch.polar(torch.ones_like(error), error)
    columns = torch.cat([wave, slope[:, 0]]).mT
    real = torch.cat([torch.view_as_real(columns), torch.view_as_real(1j * columns[:, :1])], dim=1)
    moved = torch.linalg.lstsq(
        real.transpose(1, 2).reshape(-1, real.shape[1]), torch.view_as_real(seen - wave).flatten(1).T
    ).solution[1:4]
    positions = chart.jacobian(coordinates)[0, 0] @ moved
    expected = size * panel_deviations(PLACE, ARRAY, ())[0, 0]
    torch.testing.assert_close(positions.std(1), expected, rtol=0.12, atol=0)


def test_empty_slots_have_none() -> None:
    both = torch.cat([PLACE, torch.full_like(PLACE, torch.nan)], dim=1)
    assert panel_deviations(both, ARRAY, ())[0, 1].isnan().all()
    assert panel_deviations(both, ARRAY, ())[0, 0].isfinite().all()


def test_the_sandwich_covers_what_phase_errors_do() -> None:
    true = scenes(snr_db=20.0, count=24, impairments=Impairments(phase_error_rad=0.5))
    found = Sml()(true.observation, 1)
    assert found.sandwich is not None
    error = (found.positions[:, 0] - true.truth.positions[:, 0]).abs()
    fisher, sandwich = ((error / x[:, 0] < 1.645).double().mean() for x in (found.deviations, found.sandwich))
    assert float(fisher) < 0.7 < float(sandwich)


def test_right_scenes_keep_their_sandwich() -> None:
    found = Sml()(scenes(snr_db=10.0, count=24).observation, 1)
    assert found.sandwich is not None
    assert float((found.sandwich / found.deviations).nanmedian()) < 1.25
