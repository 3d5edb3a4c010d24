"""How are quantities converted and said? Degrees and radians, decibels and ratios, hertz and metres, bytes, counts."""

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


def counted(count: int, what: str) -> str:
    """A count of things whose plural takes an s.

    >>> counted(1, "antenna"), counted(16, "antenna")
    ('1 antenna', '16 antennas')
    """
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def storage(size: float) -> str:
    """Bytes in words: megabytes below 10^9, then gigabytes.

    >>> storage(12e6), storage(2.5e9), storage(4.72e27)
    ('12 MB', '2.5 GB', '5e+18 GB')
    """
    if size >= 1e15:
        return f"{size / 1e9:.0e} GB"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
