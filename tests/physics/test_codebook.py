"""Can the panel show these codes, and do they light every direction?"""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ris_pytorch_pipeline.physics import (
    dft_codes,
    draw,
    hadamard_codes,
    preset,
    quantise,
    random_codes,
    received_power,
    steering,
)
from ris_pytorch_pipeline.rng import stream

PANEL = (12, 12)


@given(st.lists(st.floats(-math.pi, math.pi), min_size=1, max_size=8), st.integers(1, 8))
def test_quantise_rounds_to_the_nearest_level(phases: list[float], bits: int) -> None:
    phase = torch.tensor([phases], dtype=torch.float64)
    codes = torch.polar(torch.ones_like(phase), phase)
    quantised = quantise(codes, bits)
    step = 2 * math.pi / 2**bits
    assert float((quantised / codes).angle().abs().max()) <= step / 2 + 1e-12
    levels = torch.polar(torch.ones(2**bits).double(), torch.arange(2**bits).double() * step)
    assert float((quantised[..., None] - levels).abs().amin(-1).max()) < 1e-12
    torch.testing.assert_close(quantise(quantised, bits), quantised, rtol=0, atol=1e-12)
    assert quantise(codes, None) is codes


@pytest.mark.parametrize("codebook", [random_codes, hadamard_codes, dft_codes])
@pytest.mark.parametrize("bits", [1, 3, None])
def test_codes_have_unit_modulus_and_sit_on_the_levels(codebook, bits: int | None) -> None:
    codes = codebook(4, 16, PANEL, bits, stream(1, "codes"))
    assert codes.shape == (4, 16, 144)
    assert codes.dtype == torch.complex128
    torch.testing.assert_close(codes.abs(), torch.ones_like(codes.real), rtol=0, atol=1e-14)
    if bits is not None:
        turns = codes.angle() / (2 * math.pi) * 2**bits
        assert float((turns - turns.round()).abs().max()) < 1e-9


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_random_codes_use_every_level_equally(bits: int) -> None:
    codes = random_codes(40, 16, PANEL, bits, stream(2, "codes"))
    level = (codes.angle() / (2 * math.pi) * 2**bits).round().long() % 2**bits
    share = level.flatten().bincount(minlength=2**bits) / level.numel()
    p = 1 / 2**bits
    assert float((share - p).abs().max()) < 5 * math.sqrt(p * (1 - p) / level.numel())


def test_random_codes_differ_between_scenes_and_snapshots() -> None:
    codes = random_codes(2, 2, PANEL, None, stream(3, "codes")).flatten(0, 1)
    correlation = (codes @ codes.mH).abs() / 144
    assert float((correlation - torch.eye(4)).abs().max()) < 0.4


def test_whole_hadamard_codes_are_orthogonal() -> None:
    codes = hadamard_codes(3, 16, (4, 4), None, stream(4, "codes"))
    torch.testing.assert_close(codes @ codes.mH, (16 * torch.eye(16)).to(codes).expand(3, -1, -1), rtol=0, atol=0)
    assert not torch.equal(codes[0], codes[1]), "each scene is scrambled anew"


def test_hadamard_codes_take_more_snapshots_than_elements() -> None:
    codes = hadamard_codes(1, 8, (1, 2), 1, stream(5, "codes"))
    assert codes.shape == (1, 8, 2)
    assert set(codes.real.flatten().tolist()) <= {-1.0, 1.0}


def test_dft_codes_are_the_strided_beams() -> None:
    codes = dft_codes(2, 16, PANEL, None, stream(6, "codes"))
    for number, code in enumerate(codes[0]):
        vertical, horizontal = divmod(4 * number, 8)
        slow = [
            complex(math.cos(turn), math.sin(turn))
            for j in range(12)
            for i in range(12)
            for turn in [2 * math.pi * (vertical * j + horizontal * i) / 12]
        ]
        torch.testing.assert_close(code, torch.tensor(slow, dtype=torch.complex128), rtol=0, atol=1e-12)
    torch.testing.assert_close(codes[0], codes[1])


def test_dft_codes_are_one_sided() -> None:
    beams = torch.fft.fft2(dft_codes(1, 16, PANEL, None, stream(7, "codes"))[0].reshape(16, 12, 12)).abs()
    vertical, horizontal = (x.tolist() for x in torch.unravel_index(beams.flatten(1).argmax(-1), (12, 12)))
    assert set(horizontal) == {0, 4}
    assert set(vertical) == set(range(8))


def test_dft_beams_of_a_small_panel_are_orthogonal() -> None:
    codes = dft_codes(1, 16, (4, 4), None, stream(8, "codes"))
    torch.testing.assert_close(codes[0] @ codes[0].mH, (16 * torch.eye(16)).to(codes), rtol=0, atol=1e-12)


def test_only_the_dft_codes_leave_directions_dark() -> None:
    """Gain over N of three equal sources, in dB, at the worst 5 % of 300 scenes."""
    worst = {}
    for codes in ("random", "hadamard", "dft"):
        scenes = draw(preset("random", codes=codes, sources=3), 300, stream(9, "outage"))
        vectors = steering(scenes.truth.positions, scenes.observation.array)
        power = received_power(vectors, scenes.observation.codes, scenes.observation.channel).mean(-1)
        worst[codes] = float((10 * torch.log10(power / 144)).quantile(0.05))
    assert worst["random"] > -1.5
    assert worst["hadamard"] > -1.5
    assert worst["dft"] < -4
