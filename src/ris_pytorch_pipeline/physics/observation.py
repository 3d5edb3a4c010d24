"""What an estimator is given: measurements, the codes and channel it believes in, and the panel's geometry."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from ..errors import InputError
from ..shapes import Channel, Codes, Elements, Measured
from .scenario import identifiable_sources


@dataclass(frozen=True, kw_only=True)
class Observation:
    """A batch of coded measurements with everything an estimator may know, and nothing it may not.

    Args:
        measurements: (scene, snapshot, antenna), complex.
        codes: (scene, snapshot, element), the codes in use, complex; unit modulus for a passive panel.
        channel: (scene, antenna, element), complex.
        elements: (element, 3), metres.
        wavelength: metres.
        symbols: `random` (a new symbol per snapshot) or `pilot` (one unknown constant per source).

    Raises:
        InputError: shapes that disagree, values that are not finite, a wavelength that is not positive.
    """

    measurements: Measured
    codes: Codes
    channel: Channel
    elements: Elements
    wavelength: float
    symbols: Literal["random", "pilot"]

    def __post_init__(self) -> None:
        self._check_shapes()
        self._check_agreement()
        for name in ("measurements", "codes", "channel", "elements"):
            value: Tensor = getattr(self, name)
            if not _finite(value):
                bad = int((~torch.isfinite(value)).sum())
                raise InputError(
                    f"finite {name}",
                    f"{bad} of {value.numel()} values NaN or infinite",
                    "a failed capture or a division by zero before this call",
                    "find the first bad scene with torch.isfinite and drop or repair it",
                )
        if not 0 < self.wavelength < math.inf:
            raise InputError("a positive wavelength in metres", str(self.wavelength), "a wrong unit", "pass c / f")
        if self.symbols not in ("random", "pilot"):
            raise InputError("symbols 'random' or 'pilot'", repr(self.symbols), "a misspelt name", "pick one of them")

    def _check_shapes(self) -> None:
        wanted = {
            "measurements": (3, "(scene, snapshot, antenna)"),
            "codes": (3, "(scene, snapshot, element)"),
            "channel": (3, "(scene, antenna, element)"),
            "elements": (2, "(element, 3)"),
        }
        for name, (dimensions, shape) in wanted.items():
            value: Tensor = getattr(self, name)
            if value.ndim != dimensions:
                cause = "a missing scene axis" if value.ndim == dimensions - 1 else "axes in another order"
                _disagree(f"{name} of shape {shape}", f"{tuple(value.shape)}", cause, "add the axis with x[None]")
            if name != "elements" and not value.is_complex():
                _disagree(f"complex {name}", str(value.dtype), "a real part taken earlier", "pass complex64 or 128")
        if self.measurements.numel() == 0:
            _disagree(
                "at least one scene, snapshot and antenna",
                f"measurements of shape {tuple(self.measurements.shape)}",
                "a filter that left nothing",
                "check how the scenes were selected",
            )

    def _check_agreement(self) -> None:
        scenes, snapshots, antennas = self.measurements.shape
        if self.codes.shape[1] != snapshots:
            _disagree(
                f"one code per snapshot: {snapshots} codes",
                f"codes have {self.codes.shape[1]} snapshots but measurements have {snapshots}",
                "the whole codebook passed in place of the codes in use, or a block cut short",
                "pass the codes in use, not the codebook",
            )
        panel = self.elements.shape[0]
        pairs = {
            "scenes": (scenes, self.codes.shape[0], self.channel.shape[0]),
            "antennas": (antennas, self.channel.shape[1]),
            "elements": (panel, self.codes.shape[2], self.channel.shape[2]),
            "coordinates of an element": (3, self.elements.shape[1]),
        }
        for what, counts in pairs.items():
            if len(set(counts)) != 1:
                _disagree(
                    f"the same number of {what} everywhere",
                    f"{' and '.join(map(str, counts))} (measurements {tuple(self.measurements.shape)}, codes "
                    f"{tuple(self.codes.shape)}, channel {tuple(self.channel.shape)}, elements "
                    f"{tuple(self.elements.shape)})",
                    "arrays from two different captures, or axes in another order",
                    "compare the four shapes with the docstring of Observation",
                )

    def __len__(self) -> int:
        return self.measurements.shape[0]

    def __getitem__(self, index: slice | Tensor | list[int]) -> "Observation":
        """The observation of some of the scenes: a slice, a list or a tensor of scene numbers."""
        return replace(
            self, measurements=self.measurements[index], codes=self.codes[index], channel=self.channel[index]
        )

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Observation":
        """The same observation on another device or in another complex precision."""
        complex_type = dtype or self.measurements.dtype
        real_type = complex_type.to_real()
        return replace(
            self,
            measurements=self.measurements.to(device=device, dtype=complex_type),
            codes=self.codes.to(device=device, dtype=complex_type),
            channel=self.channel.to(device=device, dtype=complex_type),
            elements=self.elements.to(device=device, dtype=real_type),
        )

    @property
    def most_sources(self) -> int:
        """Most sources that these measurements can identify."""
        _, snapshots, antennas = self.measurements.shape
        return identifiable_sources(self.symbols, snapshots, antennas, self.elements.shape[0])


def _finite(value: Tensor) -> bool:
    """Whether every entry is finite; one pass in the usual case, since a NaN or an infinity cannot leave a sum."""
    return bool(torch.isfinite(value.sum())) or bool(torch.isfinite(value).all())


def _disagree(wanted: str, got: str, cause: str, move: str) -> None:
    raise InputError(wanted, got, cause, move)
