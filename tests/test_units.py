"""Do the conversions of units undo each other?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_pytorch_pipeline.units import decibels, power_ratio, wavelength_of


@given(st.floats(-200, 200))
def test_decibels_and_back(value_db: float) -> None:
    assert decibels(power_ratio(value_db)) == pytest.approx(value_db, abs=1e-9)


def test_known_values() -> None:
    assert decibels(100) == pytest.approx(20)
    assert power_ratio(-3) == pytest.approx(0.501187, rel=1e-6)
    assert wavelength_of(1e9) == pytest.approx(0.299792458)
    assert wavelength_of(28e9) == pytest.approx(0.0107068735)
