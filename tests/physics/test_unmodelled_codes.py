"""Does a panel of few bits show the nearest of its phases, while estimators are told continuous codes?"""

import math
from typing import Any

import pytest
import torch

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.physics import Impairments, Scenes, draw, measure, preset, steering
from ris_pytorch_pipeline.rng import stream


def drawn(bits: int | None, **impairments: Any) -> Scenes:
    hidden = Impairments(unmodelled_code_bits=bits, **impairments)
    scenario = preset("random", code_bits=None, sources=2, snr_db=200.0, impairments=hidden)
    return draw(scenario, 8, stream(1, "unmodelled"))


def nearest(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """The nearest of 2^bits phases, by comparing with each of them."""
    turns = 2 * math.pi * torch.arange(2**bits, dtype=torch.float64) / 2**bits
    table = torch.polar(torch.ones_like(turns), turns)
    return table[(codes[..., None] - table).abs().argmin(-1)]


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_the_panel_shows_the_nearest_phase(bits: int) -> None:
    scenes = drawn(bits)
    told, shown = scenes.observation.codes, scenes.truth.applied_codes
    torch.testing.assert_close(shown, nearest(told, bits), rtol=0, atol=1e-12)
    off = (shown / told).angle()
    assert float(off.abs().max()) <= math.pi / 2**bits + 1e-12
    assert float(off.std()) == pytest.approx(math.pi / 2**bits / math.sqrt(3), rel=0.02)


def test_rounding_draws_nothing_so_that_all_else_stays_as_it_was() -> None:
    plain, rounded = drawn(None), drawn(2)
    for name in ("codes", "channel"):
        assert torch.equal(vars(plain.observation)[name], vars(rounded.observation)[name])
    for name in ("positions", "applied_channel", "applied_elements"):
        assert torch.equal(vars(plain.truth)[name], vars(rounded.truth)[name])
    assert torch.equal(plain.truth.applied_codes, plain.observation.codes)


def test_the_wave_is_turned_by_what_the_panel_shows() -> None:
    scenes = drawn(1)
    truth, seen = scenes.truth, scenes.observation
    waves = steering(truth.positions, seen.array)
    exact = measure(waves, truth.symbols, nearest(seen.codes, 1), truth.applied_channel)
    torch.testing.assert_close(seen.measurements, exact, rtol=1e-8, atol=1e-7)


def test_phase_errors_come_on_top_of_rounded_codes() -> None:
    scenes = drawn(2, phase_error_rad=0.3)
    error = scenes.truth.applied_codes / nearest(scenes.observation.codes, 2)
    torch.testing.assert_close(error, error[:, :1].expand_as(error), rtol=0, atol=1e-12)
    assert float(error[:, 0].angle().std()) == pytest.approx(0.3, rel=0.15)


def test_codes_on_the_levels_of_the_panel_are_shown_as_told() -> None:
    hidden = Impairments(unmodelled_code_bits=1)
    scenes = draw(preset("random", codes="hadamard", code_bits=None, impairments=hidden), 2, stream(2, "unmodelled"))
    torch.testing.assert_close(scenes.truth.applied_codes, scenes.observation.codes, rtol=0, atol=1e-15)


def test_bits_are_modelled_or_not() -> None:
    with pytest.raises(ConfigurationError, match=r"code_bits = none.*got 3.*set code_bits to none"):
        preset("random", impairments=Impairments(unmodelled_code_bits=2))
