"""How a mapping describes one array of a file: its name, axes, unit, and the form of its numbers."""

from dataclasses import dataclass, field
from typing import Literal

from ..errors import ConfigurationError
from ..experiment.strict import nearest

AXES = (
    "scene", "frequency", "snapshot", "antenna", "element", "vertical", "horizontal", "source", "xyz", "part", "repeat",
)  # fmt: skip
"""Names of axes. vertical and horizontal together are the elements of a panel; repeat is averaged over."""
ROWS_AND_COLUMNS = ("vertical", "horizontal")
"""Of a panel: what an axis `element` counts through."""
_FORMS = {
    "imaginary": ("complex",), "phase": ("complex",), "unit": ("complex", "polar"),
    "phase_unit": ("phase", "polar", "index"), "levels": ("state",), "codebook": ("index",),
}  # fmt: skip
"""Forms that use an option of a signal; any other form would pass over it in silence."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """Real numbers: scale · array + offset, in a unit.

    >>> azimuth = Quantity(array="bearing", axes=("scene",), unit="deg", scale=-1.0, offset=90.0)  # from north
    >>> azimuth.given, Quantity().given
    (True, False)

    Args:
        array: its name in the file.
        file: other than the mapping's own; `*` and `?` stack several files on a first axis.
        value: given here in place of an array.
        axes: names of the array's axes in the order in which they are stored, see `AXES`.
        shape: to reshape to before the axes are named.
        pick: number of the entry to take of an axis, or a list of them.
        reverse: axes that are stored backwards.
        unit: m, cm, mm, um, wavelengths; Hz, kHz, MHz, GHz; rad, deg; linear, dB.
        scale: factor of the stored numbers, before the unit.
        offset: what is added to them, before the unit.
    """

    array: str = ""
    file: str = ""
    value: float | tuple[float, ...] | tuple[tuple[float, ...], ...] | None = None
    axes: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    pick: tuple[tuple[str, int | tuple[int, ...]], ...] = ()
    reverse: tuple[str, ...] = ()
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0

    @property
    def given(self) -> bool:
        """Whether the mapping has this quantity at all."""
        return bool(self.array) or self.value is not None


@dataclass(frozen=True, kw_only=True)
class Signal(Quantity):
    """Complex numbers, however they are stored.

    >>> Signal(array="I", imaginary="Q", axes=("antenna", "snapshot")).form  # two real arrays
    'complex'
    >>> Signal(array="state", axes=("snapshot", "element"), form="state", levels=4).given  # exp(2πj state/4)
    True

    Args:
        form: `complex` as they are (real arrays too); `parts` on an axis `part` of two; `interleaved` I, Q, I, Q along
            the last axis; `polar` magnitude and phase on an axis `part`; `phase` exp(j x); `state` exp(2πj x/levels);
            `index` rows or entries of `codebook`.
        imaginary: name of the array with the imaginary parts, where `array` has the real ones.
        phase: name of the array with the phases, where `array` has the magnitudes.
        phase_unit: rad or deg, where there are phases; of `index`, where the codebook holds phases.
        levels: number of states.
        codebook: name of the array that `index` counts in: (code, element), (code, vertical, horizontal), or a table
            (state,) of what each state is; or the numbers of such a table.
        conjugate: take the conjugate, for data of the convention exp(-jωt).
        order: whether an axis `element` of a panel counts along rows first or down columns first (MATLAB's (:)).
    """

    form: Literal["complex", "parts", "interleaved", "polar", "phase", "state", "index"] = "complex"
    imaginary: str = ""
    phase: str = ""
    phase_unit: str = ""
    levels: int = 2
    codebook: str | tuple[float, ...] = ""
    conjugate: bool = False
    order: Literal["rows", "columns"] = "rows"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Positions, polar (azimuth and distance, with elevation 0 unless given) or Cartesian with an axis xyz.

    >>> Places(azimuth=Quantity(array="az", unit="deg"), distance=Quantity(array="r", unit="cm")).given
    True
    """

    azimuth: Quantity = field(default_factory=Quantity)
    elevation: Quantity = field(default_factory=Quantity)
    distance: Quantity = field(default_factory=Quantity)
    cartesian: Quantity = field(default_factory=Quantity)

    @property
    def given(self) -> bool:
        """Whether the mapping has positions here."""
        return any(each.given for each in (self.azimuth, self.elevation, self.distance, self.cartesian))


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A panel or, with vertical = 1, a line, in place of element positions.

    Args:
        horizontal: elements along y.
        vertical: elements along z.
        spacing: one, or the horizontal and the vertical one.
        unit: of the spacing.
    """

    horizontal: int = 0
    vertical: int = 1
    spacing: float | tuple[float, float] = 0.0
    unit: str = ""


def check_quantity(key: str, quantity: Quantity) -> None:
    """Refuse axes that have no meaning, and options that do not go together.

    Raises:
        ConfigurationError: naming the key.
    """
    named = [*quantity.axes, *quantity.reverse, *(axis for axis, _ in quantity.pick)]
    for axis in named:
        if axis not in AXES:
            raise ConfigurationError(
                f"{key}.axes out of {', '.join(AXES)}", repr(axis), "a misspelt axis", nearest(axis, list(AXES))
            )
    for axis in [axis for axis in quantity.axes if quantity.axes.count(axis) > 1]:
        raise ConfigurationError(f"each axis once in {key}.axes", f"{axis!r} twice", "a copied name", "rename one")
    for axis in (*quantity.reverse, *(axis for axis, _ in quantity.pick)):
        if quantity.axes and axis not in _turnable(quantity):
            raise ConfigurationError(
                f"{key}.pick and {key}.reverse out of its axes {', '.join(quantity.axes)}", repr(axis),
                "an axis that the array does not have", nearest(axis, list(quantity.axes)),
            )  # fmt: skip
    turned = {*quantity.reverse, *(axis for axis, _ in quantity.pick)}
    if "element" in turned and turned & set(ROWS_AND_COLUMNS):
        raise ConfigurationError(
            f"element, or vertical and horizontal, in {key}.pick and {key}.reverse", "both", "two names of one axis",
            "reverse vertical and horizontal to reverse the elements",
        )  # fmt: skip
    pairs = {("array", "value"): quantity.array and quantity.value is not None}
    if isinstance(quantity, Signal):
        _check_form(key, quantity)
        pairs["imaginary", "phase"] = quantity.imaginary and quantity.phase
    for (one, other), both in pairs.items():
        if both:
            raise ConfigurationError(f"{key}.{one} or {key}.{other}", "both", "a line left over", "delete one")


def _turnable(quantity: Quantity) -> tuple[str, ...]:
    """Axes that can be picked from and reversed: those that are named, and the rows and columns of named elements."""
    split = isinstance(quantity, Signal) and ("element" in quantity.axes or quantity.form == "index")
    return (*quantity.axes, *ROWS_AND_COLUMNS) if split else quantity.axes


def _check_form(key: str, signal: Signal) -> None:
    """Refuse an option that the form does not use.

    Raises:
        ConfigurationError: naming the key.
    """
    default = Signal(unit="linear" if signal.unit == "linear" else "")
    for option, forms in _FORMS.items():
        used = signal.form in forms or (option == "phase_unit" and signal.phase)
        if vars(signal)[option] != vars(default)[option] and not used:
            raise ConfigurationError(
                f"{key}.{option} with form {' or '.join(map(repr, forms))}", f"form {signal.form!r}",
                "a form left out, or a line left over", f"write {key}.form, or delete {key}.{option}",
            )  # fmt: skip
    if signal.order == "columns" and signal.form != "index" and "element" not in signal.axes:
        raise ConfigurationError(
            f"an axis element in {key}.axes beside order = \"columns\"", ", ".join(signal.axes) or "none",
            "axes vertical and horizontal, which say the order themselves", f"delete {key}.order",
        )  # fmt: skip
