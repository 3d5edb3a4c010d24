"""Which units the package converts between: degrees and radians, decibels and power ratios, hertz and metres."""

import math

SPEED_OF_LIGHT = 299_792_458.0
"""Metres per second."""


def decibels(ratio: float) -> float:
    """Power ratio in dB: 10 log10(ratio)."""
    return 10.0 * math.log10(ratio)


def power_ratio(value_db: float) -> float:
    """Power ratio of a value in dB: 10^(value / 10)."""
    return 10.0 ** (value_db / 10.0)


def wavelength_of(frequency_hz: float) -> float:
    """Wavelength in metres: λ = c / f."""
    return SPEED_OF_LIGHT / frequency_hz
