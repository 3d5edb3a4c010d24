"""Does an observation refuse values that no estimator could use? (Shapes: test_bad_input.py.)"""

import math
from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import Line, Observation, complex_normal, direct, draw, preset
from ris_pytorch_pipeline.rng import stream


@pytest.fixture
def seen() -> Observation:
    return draw(preset("random", horizontal=3, vertical=3, antennas=4, sources=1), 2, stream(1, "seen")).observation


def test_nothing_is_no_observation(seen: Observation) -> None:
    with pytest.raises(InputError, match="at least one scene"):
        seen[[]]


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["measurements", "codes", "channel", "elements"])
def test_one_bad_value_is_found(seen: Observation, name: str, value: float) -> None:
    broken = getattr(seen, name).clone()
    broken[-1, -1] = value
    with pytest.raises(InputError, match=f"finite {name}"):
        replace(seen, **{name: broken})


def test_large_finite_values_are_no_error() -> None:
    """Their sum overflows single precision; they themselves do not."""
    small = draw(
        preset("random", horizontal=3, vertical=3, antennas=4, sources=1), 1, stream(2, "seen"), torch.complex64
    )
    large = replace(small.observation, measurements=torch.full_like(small.observation.measurements, 3e38))
    assert bool(torch.isfinite(torch.view_as_real(large.measurements)).all())


@pytest.mark.parametrize("wavelength", [0.0, -0.3, math.nan, math.inf])
def test_no_impossible_wavelength(seen: Observation, wavelength: float) -> None:
    with pytest.raises(InputError, match="positive wavelength"):
        replace(seen, wavelength=wavelength)


@pytest.mark.parametrize("frequencies", [1, 3])
def test_without_codes_and_channel_the_elements_are_the_antennas(frequencies: int) -> None:
    array = Line(count=5, spacing=0.15).array(0.3)
    array = replace(array, wavelengths=(0.3, 0.29, 0.28)[:frequencies])
    wide = (3,) if frequencies > 1 else ()
    measured = complex_normal((2, *wide, 7, 5), stream(3, "direct"))
    wanted = direct(array, 2, 7)
    alone = Observation(measurements=measured, array=array, symbols="random")
    assert torch.equal(alone.codes, wanted.codes)
    assert torch.equal(alone.channel, wanted.channel)


def test_a_channel_without_codes_and_antennas_that_are_no_elements_are_refused(seen: Observation) -> None:
    with pytest.raises(InputError, match="no codes"):
        Observation(measurements=seen.measurements, channel=seen.channel, array=seen.array, symbols="random")
    with pytest.raises(InputError, match="an antenna for each element"):
        Observation(measurements=seen.measurements, array=seen.array, symbols="random")


def test_codes_of_one_bit_may_be_real_numbers(seen: Observation) -> None:
    """1 and -1 of any real type are codes; other real numbers are what was left of complex ones."""
    signs = torch.where(seen.codes.real > 0, 1, -1)
    parts = {"measurements": seen.measurements, "channel": seen.channel, "array": seen.array, "symbols": seen.symbols}
    for given in (signs, signs.double(), signs.numpy().astype("int8")):
        made = Observation(codes=given, **parts)
        assert made.codes.dtype == seen.measurements.dtype and torch.equal(made.codes.real, signs.double())
    with pytest.raises(InputError, match="a real part taken earlier"):
        Observation(codes=seen.codes.real, **parts)
