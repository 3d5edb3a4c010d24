"""Which units a mapping may name, and how many SI units each is."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigurationError
from ..experiment.strict import nearest

Kind = Literal["length", "frequency", "angle", "level"]
UNITS: dict[Kind, dict[str, float]] = {
    "length": {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "km": 1e3},
    "frequency": {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    "angle": {"rad": 1.0, "deg": math.pi / 180},
    "level": {"linear": 1.0},
}
"""Factors to metres, hertz, radians and plain numbers; decibels are no factor."""
WAVELENGTHS, DECIBELS = "wavelengths", "dB"


def in_si(
    values: NDArray[np.float64],
    unit: str,
    kind: Kind,
    key: str,
    wavelength: float | None = None,
    *,
    option: str = "unit",
) -> NDArray[np.float64]:
    """Numbers in a unit as SI numbers.

    >>> in_si(np.array([30.0]), "mm", "length", "panel.spacing")
    array([0.03])

    Args:
        values: the numbers.
        unit: its name.
        kind: what they measure.
        key: of the mapping, for the message.
        wavelength: metres, where lengths may be given in wavelengths.
        option: of the mapping that names the unit, for the message.

    Raises:
        ConfigurationError: no unit, or an unknown one.
    """
    factors = dict(UNITS[kind])
    if wavelength is not None:
        factors[WAVELENGTHS] = wavelength
    if unit not in factors:
        raise ConfigurationError(
            f"{key}.{option} out of {', '.join(factors)}", repr(unit) if unit else "none",
            "a unit left out, which a program must not guess" if not unit else "a misspelt unit",
            nearest(unit, list(factors)) if unit else "add it",
        )  # fmt: skip
    return np.asarray(values * factors[unit])


def magnitudes(
    values: NDArray[np.float64], unit: str, key: str, *, power: bool = False
) -> NDArray[np.float64]:  # fmt: skip
    """Magnitudes, linear unless they are in decibels: 10^(x/20), or 10^(x/10) of a power.

    Raises:
        ConfigurationError: an unknown unit.
    """
    if unit == DECIBELS:
        return np.asarray(10 ** (values / (10 if power else 20)))
    if unit not in {"", "linear"}:
        raise ConfigurationError(
            f"{key}.unit linear or dB", repr(unit), "another unit", nearest(unit, ["linear", "dB"])
        )  # fmt: skip
    return values
