"""How an array of a file becomes an array with the wanted axes: named, picked, turned, joined, in SI units."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigurationError, InputError
from . import forms, remarks
from .mapping import ImportMapping
from .quantities import ROWS_AND_COLUMNS, Quantity, Signal
from .reading import Folder, Raw
from .scales import Kind, in_si, magnitudes

ELEMENT, _REPEAT = "element", "repeat"


@dataclass(frozen=True, kw_only=True)
class Named:
    """An array whose axes have names.

    Args:
        values: the numbers.
        axes: a name for each axis.
    """

    values: NDArray[Any]
    axes: tuple[str, ...]

    def size(self, axis: str) -> int | None:
        """Length of an axis, None without it."""
        return self.values.shape[self.axes.index(axis)] if axis in self.axes else None

    def ordered(self, axes: Sequence[str], key: str) -> NDArray[Any]:
        """The array with these axes in this order; those that it lacks have length 1.

        Raises:
            ConfigurationError: an axis that has no place here.
        """
        for axis in self.axes:
            if axis not in axes:
                raise ConfigurationError(
                    f"{key}.axes out of {', '.join(axes)}", repr(axis), "an axis that belongs to another quantity",
                    f"pick one entry of it: {key}.pick = {{ {axis} = 0 }}",
                )  # fmt: skip
        kept = [axis for axis in axes if axis in self.axes]
        values = self.values.transpose([self.axes.index(axis) for axis in kept])
        return values.reshape([1 if (size := self.size(axis)) is None else size for axis in axes])


def real(
    quantity: Quantity, folder: Folder, mapping: ImportMapping, key: str, kind: Kind, wavelength: float | None = None
) -> Named:
    """A real quantity in SI units: scale · array + offset, then its unit.

    Raises:
        ConfigurationError: a unit left out, or axes that do not fit.
        InputError: complex values, or a file that cannot be read.
    """
    raw = _taken(quantity, quantity.array, folder, mapping, key)
    if np.iscomplexobj(raw.values):
        raise InputError(f"real {key}", "complex values", "another array of the file", "check the name")
    named = _named(raw, quantity, key, quantity.axes)
    values = forms.scaled(named.values, quantity).astype(np.float64)
    if kind == "level":
        values = magnitudes(values, quantity.unit, key, power=True)
    else:
        values = in_si(values, quantity.unit, kind, key, wavelength)
    return _averaged(_turned(Named(values=values, axes=named.axes), quantity, mapping.base, key))


def signal(quantity: Signal, folder: Folder, mapping: ImportMapping, key: str) -> Named:
    """A complex quantity, from whatever form it is stored in.

    Raises:
        ConfigurationError: a form, unit or axes that do not fit.
        InputError: a file that cannot be read.
    """
    raw = _taken(quantity, quantity.array, folder, mapping, key)
    forms.check_real(raw.values, quantity.form, key)
    if quantity.form == "index":
        named = _indexed(raw, quantity, folder, mapping, key)
    else:
        named = _complex(raw, quantity, folder, mapping, key)
    if {*quantity.reverse, *(axis for axis, _ in quantity.pick)} & set(ROWS_AND_COLUMNS):
        named = _split(named, quantity, mapping, key)
    named = _turned(named, quantity, mapping.base, key)
    if _REPEAT in named.axes:
        folder.remarks.extend(remarks.of_repeats(named.values, named.axes, key))
        named = _averaged(named)
    values = named.values.conj() if quantity.conjugate != mapping.conjugate else named.values
    named = Named(values=values, axes=named.axes)
    return _elements_joined(_split(named, quantity, mapping, key) if quantity.order == "columns" else named, key)


def _taken(quantity: Quantity, name: str, folder: Folder, mapping: ImportMapping, key: str) -> Raw:
    """The numbers that a quantity names or gives."""
    if quantity.value is not None:
        return Raw(values=np.asarray(quantity.value), columns=False)
    return folder.read(quantity.file or mapping.file, name, f"{key}")


def _named(raw: Raw, quantity: Quantity, key: str, axes: tuple[str, ...]) -> Named:
    """Names for the axes; axes of length 1 that are not named are dropped, and MATLAB's lost last ones added.

    Raises:
        ConfigurationError: more or fewer axes than named.
    """
    values, order = raw.values, "F" if raw.columns else "C"
    if quantity.shape:
        try:
            values = values.reshape(quantity.shape, order=order)
        except ValueError as error:
            raise ConfigurationError(
                f"{key}.shape of {values.size} entries", str(list(quantity.shape)), "a size miscounted", "recount"
            ) from error
    shape = values.shape
    while values.ndim > len(axes) and 1 in values.shape:
        values = values.squeeze(values.shape.index(1))
    while (raw.columns or values.ndim == 0) and values.ndim < len(axes):
        values = values[..., None]
    if values.ndim != len(axes):
        raise ConfigurationError(
            f"{key}.axes with a name for each of {len(shape)} axes, whose shape is {shape}",
            ", ".join(axes) or "none", "an axis left out, or one too many", "name every axis in its stored order",
        )  # fmt: skip
    return Named(values=values, axes=axes)


def _complex(raw: Raw, quantity: Signal, folder: Folder, mapping: ImportMapping, key: str) -> Named:
    """Complex numbers of one array or of two.

    Raises:
        ConfigurationError: no axis `part` where the form needs one.
    """
    axes = quantity.axes
    second = quantity.imaginary or quantity.phase
    if quantity.form in {"parts", "polar"} and "part" not in axes:
        raise ConfigurationError(
            f"an axis part in {key}.axes", ", ".join(axes), f"form {quantity.form!r} without it", "name it"
        )
    first = _named(raw, quantity, key, axes)
    if second:
        other = _named(_taken(quantity, second, folder, mapping, key), quantity, key, axes)
        pair = first.values, other.values
        return Named(values=forms.joined(pair, quantity, folder, key, polar=bool(quantity.phase)), axes=axes)
    if quantity.form in {"parts", "polar"}:
        pair = forms.halves(first.values, axes, key)
        joined = forms.joined(pair, quantity, folder, key, polar=quantity.form == "polar")
        return Named(values=joined, axes=tuple(axis for axis in axes if axis != "part"))
    values = forms.scaled(first.values, quantity)
    if quantity.form == "interleaved":
        return Named(values=forms.interleaved(values, key), axes=axes)
    if quantity.form == "phase":
        return Named(values=np.exp(1j * forms.radians(values, quantity, folder, key)), axes=axes)
    if quantity.form == "state":
        phased = forms.phased(values.astype(float), quantity.levels, mapping.base, key)
        folder.remarks.extend(remarks.of_states(values.astype(float), quantity.levels, mapping.base, key))
        return Named(values=phased, axes=axes)
    if np.isrealobj(values):
        values = magnitudes(values.astype(float), quantity.unit, key)
    else:
        forms.no_decibels(quantity, key)
    return Named(values=values.astype(np.complex128), axes=axes)


def _indexed(raw: Raw, quantity: Signal, folder: Folder, mapping: ImportMapping, key: str) -> Named:
    """Entries of a codebook by number: rows (code, element) or (code, vertical, horizontal), or states (state,).

    Raises:
        ConfigurationError: numbers that the codebook does not have, or a codebook of other axes.
        InputError: numbers that are not whole.
    """
    named = _named(raw, quantity, key, quantity.axes)
    book, called = _codebook(quantity, folder, mapping, key)
    rows = forms.whole_numbers(forms.scaled(named.values, quantity), key, "index") - mapping.base
    if not rows.size or rows.min() < 0 or rows.max() >= len(book):
        raise ConfigurationError(
            f"{key} in {mapping.base}..{len(book) - 1 + mapping.base}, numbers of {called}",
            f"{rows.min() + mapping.base} to {rows.max() + mapping.base}", "counting from another base",
            f"write base = {1 - mapping.base}",
        )  # fmt: skip
    across = {1: (), 2: (ELEMENT,)}.get(book.ndim, ROWS_AND_COLUMNS)
    return Named(values=book[rows].astype(np.complex128), axes=(*named.axes, *across))


def _codebook(quantity: Signal, folder: Folder, mapping: ImportMapping, key: str) -> tuple[NDArray[Any], str]:
    """What a form `index` counts in, and what to call it; phases, where their unit is named, as exp(j x).

    Raises:
        ConfigurationError: axes that no codebook has.
        InputError: complex numbers where phases are named.
    """
    if isinstance(quantity.codebook, str):
        named = folder.read(quantity.file or mapping.file, quantity.codebook, f"{key}.codebook")
        book, called = named.values, quantity.codebook
    else:
        book, called = np.asarray(quantity.codebook), "codebook"
    elements_named = {ELEMENT, *ROWS_AND_COLUMNS} & set(quantity.axes)
    if elements_named and book.ndim == 2 and 1 in book.shape:
        book = book.reshape(-1)  # MATLAB has no array of one axis
    if book.ndim > 3 or bool(elements_named) != (book.ndim == 1):
        raise ConfigurationError(
            f"a table (state,) in {called} beside an axis of elements in {key}.axes, else rows (code, element)",
            f"axes {', '.join(quantity.axes) or 'none'} and a codebook of shape {book.shape}",
            "states of elements taken for numbers of codes, or the other way round", f"correct {key}.axes or codebook",
        )  # fmt: skip
    if not quantity.phase_unit:
        return book, called
    forms.check_real(book, "phase", f"{key}.codebook")
    return np.exp(1j * forms.radians(book, quantity, folder, f"{key}.codebook")), called


def _turned(named: Named, quantity: Quantity, base: int, key: str) -> Named:
    """Entries picked, axes reversed.

    Raises:
        ConfigurationError: an entry that is not there.
    """
    values, axes = named.values, list(named.axes)
    for axis in quantity.reverse:
        values = np.flip(values, axes.index(axis))
    for axis, entry in quantity.pick:
        place, count = axes.index(axis), values.shape[axes.index(axis)]
        wanted = np.asarray(entry) - base
        if wanted.size and not (0 <= wanted.min() and wanted.max() < count):
            raise ConfigurationError(
                f"{key}.pick.{axis} in {base}..{count - 1 + base}", str(entry), "counting from another base",
                "pick an entry that is there",
            )  # fmt: skip
        values = np.take(values, wanted, axis=place)
        if wanted.ndim == 0:
            axes.pop(place)
    return Named(values=np.asarray(values), axes=tuple(axes))


def _averaged(named: Named) -> Named:
    """Repeats averaged."""
    if _REPEAT not in named.axes:
        return named
    mean = np.asarray(named.values.mean(named.axes.index(_REPEAT)))
    return Named(values=mean, axes=tuple(axis for axis in named.axes if axis != _REPEAT))


def _split(named: Named, quantity: Signal, mapping: ImportMapping, key: str) -> Named:
    """An axis of elements, where there is one, as rows and columns of the panel.

    Raises:
        ConfigurationError: no panel of that size.
    """
    if ELEMENT not in named.axes:
        return named
    place = named.axes.index(ELEMENT)
    across, up = mapping.panel.horizontal, mapping.panel.vertical
    shape = named.values.shape
    if shape[place] != across * up:
        why = 'order = "columns"' if quantity.order == "columns" else "rows or columns turned or picked"
        raise ConfigurationError(
            f"{key} with the {across} x {up} elements of panel", f"{shape[place]} elements",
            f"{why} without a panel of that size", "add or mend panel",
        )  # fmt: skip
    axes, sizes = (
        (ROWS_AND_COLUMNS[::-1], (across, up)) if quantity.order == "columns" else (ROWS_AND_COLUMNS, (up, across))
    )
    values = named.values.reshape(*shape[:place], *sizes, *shape[place + 1 :])
    return Named(values=values, axes=(*named.axes[:place], *axes, *named.axes[place + 1 :]))


def _elements_joined(named: Named, key: str) -> Named:
    """Vertical and horizontal as one axis of elements, along rows first.

    Raises:
        ConfigurationError: one of the two without the other.
    """
    values, axes = named.values, named.axes
    if not set(ROWS_AND_COLUMNS) & set(axes):
        return named
    if not set(ROWS_AND_COLUMNS) <= set(axes):
        raise ConfigurationError(
            f"vertical and horizontal in {key}.axes", ", ".join(axes), "one of the two left out", "name both"
        )
    rest = [axis for axis in axes if axis not in ROWS_AND_COLUMNS]
    values = values.transpose([axes.index(axis) for axis in (*rest, *ROWS_AND_COLUMNS)])
    return Named(values=values.reshape(*values.shape[:-2], -1), axes=(*rest, ELEMENT))
