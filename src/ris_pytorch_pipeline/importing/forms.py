"""How numbers of each form that files store become complex ones: pairs, phases, states, I and Q in turns."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigurationError, InputError
from . import remarks
from .quantities import Quantity, Signal
from .readers.parts import complex_of
from .reading import Folder
from .scales import in_si, magnitudes

_ROUNDING = 1e-6
"""How far from whole a scaled number may be."""
_LARGEST = 2**53
"""Up to which a float holds every whole number."""


def scaled(values: NDArray[Any], quantity: Quantity) -> NDArray[Any]:
    """Stored numbers x as scale · x + offset, before their unit or form says what they mean."""
    if quantity.scale == 1 and quantity.offset == 0:
        return values
    return quantity.scale * values.astype(np.result_type(values.dtype, np.float64)) + quantity.offset


def check_real(values: NDArray[Any], form: str, key: str) -> None:
    """Refuse complex numbers where a form says what real ones mean.

    Raises:
        InputError: complex numbers.
    """
    if form in {"phase", "state", "index"} and np.iscomplexobj(values):
        raise InputError(
            f"real numbers of {key} with form {form!r}", "complex numbers",
            f"an array that holds {key} themselves, or another array of the file",
            f"delete {key}.form, or check the name",
        )  # fmt: skip


def whole_numbers(values: NDArray[Any], key: str, form: str) -> NDArray[np.int64]:
    """Numbers that count something.

    Raises:
        InputError: one is not whole, so that the array holds something else.
    """
    numbers = np.real(values).astype(float)
    with np.errstate(invalid="ignore"):  # an infinity less itself
        odd = numbers[~(np.abs(numbers - np.round(numbers)) < _ROUNDING) | (np.abs(numbers) > _LARGEST)]
    if odd.size:
        raise InputError(
            f"whole numbers of {key} with form {form!r}", f"{odd[0]:g}", "phases, or another array of the file",
            f'write {key}.form = "phase" if they are phases, or check the name',
        )  # fmt: skip
    return np.round(numbers).astype(np.int64)


def phased(states: NDArray[Any], levels: int, base: int, key: str) -> NDArray[Any]:
    """exp(2πj x / levels) of states x that count from a base.

    Raises:
        InputError: states that the levels do not have, or between them; exp would take them for others.
    """
    states = whole_numbers(states, key, "state")
    low, high = (float(end(states)) for end in (np.min, np.max)) if states.size else (base, base)
    if low < base or high > base + levels - 1:
        other = 1 - base <= low and high <= levels - base
        cause, move = "levels of another number of bits, or other numbers than states", f"correct {key}.levels or form"
        if other:
            cause, move = "counting from another base", f"write base = {1 - base}"
        raise InputError(f"states of {key} in {base}..{base + levels - 1}", f"{low:g} to {high:g}", cause, move)
    return np.exp(2j * np.pi * (states - base) / levels)


def halves(values: NDArray[Any], axes: tuple[str, ...], key: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both entries of the axis `part`.

    Raises:
        ConfigurationError: it has not two.
    """
    place = axes.index("part")
    if values.shape[place] != 2:
        raise ConfigurationError(
            f"two entries on the axis part of {key}", str(values.shape[place]), "axes in another order", "swap names"
        )
    return tuple(np.moveaxis(values, place, 0))  # pyright: ignore[reportReturnType]


def joined(
    pair: tuple[NDArray[Any], NDArray[Any]], quantity: Signal, folder: Folder, key: str, *, polar: bool
) -> NDArray[Any]:
    """Real and imaginary parts, or magnitudes and phases, as complex numbers; phases have no scale.

    Raises:
        InputError: two shapes, or a part that is complex itself.
        ConfigurationError: decibels of real and imaginary parts.
    """
    first, second = pair
    if np.iscomplexobj(first) or np.iscomplexobj(second):
        raise InputError(f"two real parts of {key}", "complex numbers", "data that are joined already", "delete form")
    if first.shape != second.shape:
        raise InputError(f"two arrays of one shape for {key}", f"{first.shape} and {second.shape}",
                         "arrays of two captures", "check both names")  # fmt: skip
    first = scaled(first, quantity)
    if not polar:
        no_decibels(quantity, key)
        return complex_of(first, scaled(second, quantity))
    folder.remarks.extend(remarks.of_magnitudes(first.astype(float), quantity.unit, key))
    size = magnitudes(first.astype(float), quantity.unit, key)
    return size * np.exp(1j * radians(second, quantity, folder, key))


def no_decibels(quantity: Signal, key: str) -> None:
    """Refuse a unit other than linear, where complex numbers are given by their parts.

    Raises:
        ConfigurationError: such a unit.
    """
    if quantity.unit not in {"", "linear"}:
        raise ConfigurationError(
            f"magnitudes of {key} beside unit = {quantity.unit!r}", "complex numbers, or their parts",
            "a unit that belongs to another array", f"delete {key}.unit, or name magnitudes and their phases",
        )  # fmt: skip


def radians(phases: NDArray[Any], quantity: Signal, folder: Folder, key: str) -> NDArray[np.float64]:
    """Phases in radians, and a remark where they look like another unit."""
    folder.remarks.extend(remarks.of_phases(phases.astype(float), quantity.phase_unit, key))
    return in_si(phases.astype(float), quantity.phase_unit, "angle", key, option="phase_unit")


def interleaved(values: NDArray[Any], key: str) -> NDArray[Any]:
    """I, Q, I, Q along the last axis.

    Raises:
        ConfigurationError: an odd count, or complex values.
    """
    if values.shape[-1] % 2 or np.iscomplexobj(values):
        raise ConfigurationError(
            f"an even count of real numbers on the last axis of {key}", f"{values.shape} of {values.dtype}",
            "data that are not interleaved", "delete form, or pick another one",
        )  # fmt: skip
    return complex_of(values[..., 0::2], values[..., 1::2])
