"""What an estimator is given: measurements, and the array, codes and channel that it believes in."""

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from ..shapes import Measured
from .array.value import Array
from .kinds import Kinds, is_mixed, kinds_of
from .scenes.scenario import identifiable_sources
from .sequences import check_sequences, sequences_of
from .sounding import Sounding, as_complex, check_dimensions, disagree, signs_as_complex
from .tensors import as_tensor, check_finite

_TENSORS = ("measurements", "codes", "channel")
_SUBSETS = tuple(names for size in (1, 2, 3) for names in combinations(_TENSORS, size))
"""Tensors whose axes may be in another order, the fewest first."""


@dataclass(frozen=True, kw_only=True, init=False)
class Observation(Sounding):
    """A batch of coded measurements with everything an estimator may know, and nothing it may not.

    Tensors, NumPy arrays and nested lists are taken. Several wavelengths give every tensor a frequency axis after the
    scenes; codes and channel without it serve all frequencies. With as many wavelengths as snapshots, measurements
    without a frequency axis are of stepped frequency, one wavelength a snapshot; they are kept with a frequency axis
    and one snapshot each.

    >>> measured = np.ones((1, 6, 4)) + 0j
    >>> seen = Observation(measurements=measured, codes=np.ones((1, 6, 3)) + 0j, channel=np.ones((1, 4, 3)) + 0j,
    ...     elements=[[0, -0.15, 0], [0, 0, 0], [0, 0.15, 0]], wavelength=0.3, symbols="random")
    >>> len(seen), seen.array
    (1, Array(3 elements, line, 0.3 m, wavelength 0.3 m))

    Args:
        measurements: (scene, [frequency,] snapshot, antenna), complex.
        codes: (scene, [frequency,] snapshot, element), the codes in use, complex; unit modulus for a passive panel.
        channel: (scene, [frequency,] antenna, element), complex. Codes and channel are left out together of an array
            without a RIS, whose elements are the antennas.
        symbols: `random` (a new symbol per snapshot), `pilot` (one unknown constant per source and frequency), or
            `known` up to one complex factor per source and frequency. Of sources of several kinds a tuple of one a
            source, such as `("random", "pilot", "known")`: it tells their number too, the same in all scenes.
        sequences: (scene, [frequency,] snapshot, source), the symbols where they are known; zero in slots without a
            source, which are the last. Sequences without the frequency axis serve all frequencies. Of several kinds
            slot k is of source k; those of pilots and random sources hold zeros or ones.
        array: the array; or, in its place, `elements` (element, 3) and `wavelength`, in metres.
        noise_variance: (scene,), σ² per antenna where it is known.
        elements: short form, see `array`.
        wavelength: short form, see `array`.

    Raises:
        InputError: shapes that disagree, values that are not finite, a wavelength that is not positive, codes without a
            channel or a channel without codes.
    """

    measurements: Measured
    symbols: Kinds
    noise_variance: Tensor | None = None
    sequences: Tensor | None = None

    def __init__(
        self,
        *,
        measurements: Any,  # noqa: ANN401
        symbols: Kinds,
        codes: Any = None,  # noqa: ANN401
        channel: Any = None,  # noqa: ANN401
        array: Array | None = None,
        noise_variance: Any = None,  # noqa: ANN401
        sequences: Any = None,  # noqa: ANN401
        elements: Any = None,  # noqa: ANN401
        wavelength: Any = None,  # noqa: ANN401
    ) -> None:
        array = _array_of(array, elements, wavelength)
        given = {"measurements": measurements, **_front(codes, channel, measurements, array)}
        tensors = signs_as_complex({name: as_tensor(value) for name, value in given.items()})
        tensors = _with_frequencies(tensors, array)
        values = {
            **tensors, "array": array, "symbols": kinds_of(symbols),
            "noise_variance": _variance(noise_variance, tensors),
            "sequences": sequences_of(sequences, tensors["measurements"], array.frequencies),
        }  # fmt: skip
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self._check_shapes()
        self._check_agreement()
        for name in given:
            check_finite(name, vars(self)[name])
        object.__setattr__(self, "sequences", check_sequences(self.symbols, self.sequences, self.measurements))

    def _check_shapes(self) -> None:
        wide = ("frequency",) if self.wide else ()
        axes = {
            "measurements": ("scene", *wide, "snapshot", "antenna"),
            "codes": ("scene", *wide, "snapshot", "element"),
            "channel": ("scene", *wide, "antenna", "element"),
        }
        check_dimensions(vars(self), axes)
        for name in axes:
            as_complex(vars(self)[name], name)
        if self.measurements.numel() == 0:
            disagree(
                "at least one scene, snapshot and antenna",
                f"measurements of shape {tuple(self.measurements.shape)}",
                "a filter that left nothing",
                "check how the scenes were selected",
            )

    def _check_agreement(self) -> None:
        self._check_order_of_axes()
        snapshots = self.measurements.shape[-2]
        if self.codes.shape[-2] != snapshots:
            disagree(
                f"one code per snapshot: {snapshots} codes",
                f"codes have {self.codes.shape[-2]} snapshots but measurements have {snapshots}",
                "the whole codebook passed in place of the codes in use, or a block cut short",
                "pass the codes in use, not the codebook",
            )
        for what, counts in self._counts().items():
            if len(set(counts)) != 1:
                disagree(
                    f"the same number of {what} everywhere",
                    f"{' and '.join(map(str, counts))} ({self._shapes()})",
                    "arrays from two different captures, or axes in another order",
                    "compare the four shapes with the docstring of Observation",
                )

    def _check_order_of_axes(self) -> None:
        """Refuse tensors that agree once the last two axes of some are exchanged, and name these."""
        if _alike(self._counts()):
            return
        for names in _SUBSETS:
            if _alike(self._counts(names)):
                disagree(
                    "measurements (scene, snapshot, antenna), codes (scene, snapshot, element), channel (scene, "
                    "antenna, element)",
                    self._shapes(),
                    f"the last two axes of {' and '.join(names)} exchanged: they agree the other way round",
                    f"pass {', '.join(f'{name}.swapaxes(-1, -2)' for name in names)}",
                )

    def _counts(self, exchanged: tuple[str, ...] = ()) -> dict[str, tuple[int, ...]]:
        """What each tensor says of each count, with the last two axes of some of them exchanged."""
        shapes = {name: tuple(vars(self)[name].shape) for name in _TENSORS}
        turned = {name: (*s[:-2], s[-1], s[-2]) if name in exchanged else s for name, s in shapes.items()}
        measured, codes, channel = turned.values()
        frequencies = [shape[1] for shape in turned.values()] if self.wide else []
        return {
            "snapshots": (measured[-2], codes[-2]),
            "scenes": (measured[0], codes[0], channel[0]),
            "frequencies": (self.array.frequencies, *frequencies) if self.wide else (1,),
            "antennas": (measured[-1], channel[-2]),
            "elements": (len(self.array), codes[-1], channel[-1]),
        }

    def _shapes(self) -> str:
        shapes = ", ".join(f"{name} {tuple(vars(self)[name].shape)}" for name in _TENSORS)
        return f"{shapes}, elements {tuple(self.elements.shape)}"

    def __len__(self) -> int:
        return self.measurements.shape[0]

    def __getitem__(self, index: slice | Tensor | list[int]) -> "Observation":
        """The observation of some of the scenes: a slice, a list or a tensor of scene numbers."""
        some = object.__new__(Observation)  # what holds for all scenes holds for some
        for name, value in vars(self).items():
            object.__setattr__(some, name, value[index] if isinstance(value, Tensor) else value)
        if some.measurements.numel() == 0:
            some._check_shapes()
        return some

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Observation":
        """The same observation on another device or in another complex precision."""
        kind = dtype or self.measurements.dtype
        known = self.noise_variance
        return replace(
            self,
            measurements=self.measurements.to(device=device, dtype=kind),
            codes=self.codes.to(device=device, dtype=kind),
            channel=self.channel.to(device=device, dtype=kind),
            array=self.array.to(device, kind.to_real()),
            noise_variance=None if known is None else known.to(device=device, dtype=kind.to_real()),
            sequences=None if self.sequences is None else self.sequences.to(device=device, dtype=kind),
        )

    def untold(self) -> "Observation":
        """The same scenes for who does not use sequences: known symbols, and several kinds, are random ones.

        >>> draw(preset("pilot", symbols="known"), 2, torch.Generator().manual_seed(0)).observation.untold().symbols
        'random'
        """
        used = self.symbols == "known" or is_mixed(self.symbols)
        return replace(self, symbols="random", sequences=None) if used else self

    @property
    def blocks(self) -> Measured:
        """Measurements with the snapshots of all frequencies on one axis, (scene, block, antenna)."""
        return self.measurements.flatten(1, 2) if self.wide else self.measurements

    @property
    def most_sources(self) -> int:
        """Most sources that these measurements can identify."""
        _, blocks, antennas = self.blocks.shape
        return identifiable_sources(self.symbols, blocks, antennas, len(self.array))


def _alike(counts: dict[str, tuple[int, ...]]) -> bool:
    """Whether all tensors say the same of every count."""
    return all(len(set(each)) == 1 for each in counts.values())


def _front(codes: Any, channel: Any, measurements: Any, array: Array) -> dict[str, Any]:  # noqa: ANN401
    """Codes and channel, as given or those of an array without a RIS: each element is an antenna.

    Raises:
        InputError: one of them alone, or neither and antennas that are no elements.
    """
    missing = [name for name, value in {"codes": codes, "channel": channel}.items() if value is None]
    if not missing:
        return {"codes": codes, "channel": channel}
    seen = as_tensor(measurements)
    if len(missing) == 1 or seen.ndim < 3 or seen.shape[-1] != len(array):
        raise InputError(
            "codes and channel, or neither and an antenna for each element",
            f"no {' and no '.join(missing)}; measurements {tuple(seen.shape)} and {len(array)} elements",
            "a RIS whose codes or channel were forgotten, or antennas that are no elements",
            "pass both, or measurements of (scene, snapshot, element)",
        )
    kind = seen.dtype if seen.is_complex() else torch.complex128
    ones = torch.ones((), dtype=kind, device=seen.device).expand(len(seen), seen.shape[-2], len(array))
    return {"codes": ones, "channel": torch.eye(len(array)).to(ones).expand(len(seen), -1, -1)}


def _array_of(array: Array | None, elements: Any, wavelength: Any) -> Array:  # noqa: ANN401
    """The array, with elements or wavelength replaced where they are given.

    Raises:
        InputError: neither an array nor both elements and wavelength.
    """
    if array is None and (elements is None or wavelength is None):
        raise InputError(
            "an array, or elements and wavelength", "neither", "an argument left out", "pass array=Points(q, λ)"
        )
    if array is None:
        return Array(elements, wavelength)
    changes = {"elements": elements, "wavelengths": wavelength}
    changes = {name: value for name, value in changes.items() if value is not None}
    return replace(array, **changes) if changes else array


def _with_frequencies(tensors: dict[str, Tensor], array: Array) -> dict[str, Tensor]:
    """Tensors with the frequency axis that several wavelengths ask for."""
    measured, count = tensors["measurements"], array.frequencies
    if count == 1:
        squeezed = {n: x.squeeze(1) if x.ndim == 4 and x.shape[1] == 1 else x for n, x in tensors.items()}
        return squeezed if measured.ndim == 4 and measured.shape[1] == 1 else tensors
    if measured.ndim == 3 and measured.shape[1] == count:  # stepped: a wavelength per snapshot
        stepped = {name: tensors[name].unsqueeze(2) for name in ("measurements", "codes") if tensors[name].ndim == 3}
        tensors = {**tensors, **stepped}
    shared = [name for name in ("codes", "channel") if tensors[name].ndim == 3]
    return tensors | {name: tensors[name].unsqueeze(1).expand(-1, count, -1, -1) for name in shared}


def _variance(value: Any, tensors: dict[str, Tensor]) -> Tensor | None:  # noqa: ANN401
    """Known noise variances, one per scene.

    Raises:
        InputError: another shape, or a value that is not positive.
    """
    if value is None:
        return None
    measured = tensors["measurements"]
    known = as_tensor(value).to(device=measured.device, dtype=measured.real.dtype).reshape(-1)
    known = known.expand(len(measured)) if known.numel() == 1 else known
    if known.shape != (len(measured),) or not bool((known > 0).all()):
        raise InputError(
            f"a positive noise variance for each of {len(measured)} scenes", f"{tuple(known.shape)} values",
            "a level in dB, or the variances of another batch", "pass σ² per antenna, one or one per scene",
        )  # fmt: skip
    return known
