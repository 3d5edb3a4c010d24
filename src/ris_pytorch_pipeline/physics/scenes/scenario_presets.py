"""The named scenarios, and how one is taken with some fields replaced. Imports no torch."""

from dataclasses import fields, replace
from difflib import get_close_matches
from typing import Any

from ...errors import ConfigurationError
from ...units import wavelength_of
from ..arrays import LAYOUT, array_name, known_array
from ..registry import registered
from .scenario import Impairments, Scenario

PRESETS: dict[str, Scenario] = {
    "seed": Scenario(codes="dft", symbols="gaussian", path_loss=True, separation=0.0),
    "pilot": Scenario(symbols="pilot"),
    "random": Scenario(),
    "hard": Scenario(
        sources=(1, 8),
        power_db=(-10.0, 0.0),
        separation=0.0,
        snr_db=(-5.0, 15.0),
        impairments=Impairments(phase_error_rad=0.2, dead_fraction=0.05, channel_error_db=-20.0, ghost_db=-10.0),
    ),
    "sub6": Scenario(horizontal=24, vertical=24, wavelength=wavelength_of(3.5e9), snapshots=32),
    "mmwave": Scenario(
        horizontal=64, vertical=64, wavelength=wavelength_of(28e9), antennas=32, snapshots=32, distance=(1.0, 15.0)
    ),
}
"""The named scenarios: `seed` is what the original system measured, `random` the default."""


def preset(name: str, **overrides: Any) -> Scenario:  # noqa: ANN401
    """The named preset with some fields replaced.

    >>> preset("pilot", sources=2, snr_db=20.0).symbols
    'pilot'

    Raises:
        ConfigurationError: an unknown preset or field (the nearest known one is suggested), or an invalid value.
    """
    found = registered(PRESETS, name, "presets")
    if found is None:
        known = list(PRESETS)
        raise ConfigurationError(
            f"a preset out of {', '.join(known)}", repr(name), "a misspelt name", _nearest(name, known)
        )
    known = [f.name for f in fields(Scenario)]
    for key in overrides:
        if key not in known:
            raise ConfigurationError(
                f"a scenario field out of {', '.join(known)}", repr(key), "a misspelt key", _nearest(key, known)
            )
    return replace(beside_array(found, overrides["array"]) if "array" in overrides else found, **overrides)


def beside_array(scenario: Scenario, array: Any) -> Scenario:  # noqa: ANN401
    """A scenario without its own array, and without what it says of a panel that another array is not made of.

    An array that is named takes the place of the panel of a preset; what the array leaves open, such as the
    wavelength of element positions alone, stays that of the preset.

    Args:
        scenario: the preset.
        array: a name, or an `Array`, as in the field `array`.
    """
    model = known_array(array_name(array))
    usual = Scenario()
    own = {name: vars(usual)[name] for name in LAYOUT if model is None or name not in model.fields}
    return replace(scenario, array=usual.array, **own)


def _nearest(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else "pick one of the known names"
