"""Which errors of hardware and channel are scenes drawn with? The frozen Impairments. Imports no torch."""

import math
from dataclasses import dataclass

from ...errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Impairments:
    """Hardware and channel errors; all are off by default. Estimators are given codes, channel and elements without.

    >>> Impairments(dead_fraction=0.05).at_panel, Impairments(ghost_db=-15.0).at_panel
    (True, False)

    Args:
        phase_error_rad: standard deviation of a static phase error per element.
        gain_error: half width of a static, uniform relative gain error per element.
        dead_fraction: probability that an element reflects nothing.
        phase_jitter_rad: standard deviation of a phase error drawn anew for each element and snapshot.
        channel_error_db: power of the error of the channel given to estimators, relative to the channel's.
        ghost_db: power of one coherent ghost path per source, relative to the source's.
        position_error_wavelengths: standard deviation of a static displacement of each element along each of x, y and
            z, in wavelengths, the shortest of several.
        unmodelled_code_bits: bits of the phases that the panel shows, where estimators are told continuous codes; None
            shows codes as they are told.
    """

    phase_error_rad: float = 0.0
    gain_error: float = 0.0
    dead_fraction: float = 0.0
    phase_jitter_rad: float = 0.0
    channel_error_db: float | None = None
    ghost_db: float | None = None
    position_error_wavelengths: float = 0.0
    unmodelled_code_bits: int | None = None

    def __post_init__(self) -> None:
        for name in ("dead_fraction", "gain_error"):
            if not 0 <= vars(self)[name] < 1:
                _refuse(f"{name} in [0, 1)", vars(self)[name], "a percentage", "pass a fraction")
        for name in ("phase_error_rad", "phase_jitter_rad"):
            if not 0 <= vars(self)[name] < math.inf:
                _refuse(f"{name} >= 0", vars(self)[name], "a sign", "pass a standard deviation in radians")
        for name in ("channel_error_db", "ghost_db"):
            if vars(self)[name] is not None and not math.isfinite(vars(self)[name]):
                _refuse(f"a finite {name}, or none", vars(self)[name], "off written as -inf", "leave it out")
        if not 0 <= self.position_error_wavelengths < 1:
            _refuse(
                "position_error_wavelengths in [0, 1)", self.position_error_wavelengths, "a length in millimetres",
                "divide the length by the wavelength",
            )  # fmt: skip
        if self.unmodelled_code_bits is not None and not 1 <= self.unmodelled_code_bits <= 16:
            _refuse(
                "unmodelled_code_bits in 1..16, or none", self.unmodelled_code_bits, "levels passed as bits",
                "pass the bits of a phase",
            )  # fmt: skip

    @property
    def at_elements(self) -> bool:
        """Whether elements answer their codes with errors that are drawn."""
        return any((self.phase_error_rad, self.gain_error, self.dead_fraction, self.phase_jitter_rad))

    @property
    def at_panel(self) -> bool:
        """Whether the panel does anything else than show its codes."""
        return self.at_elements or self.unmodelled_code_bits is not None


def _refuse(wanted: str, got: float, cause: str, move: str) -> None:
    raise ConfigurationError(wanted, str(got), cause, move)
