"""What a mapping says: which array of which file is what, with its axes, units and conventions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from ..errors import ConfigurationError
from ..experiment.strict import nearest, overlay
from ..experiment.toml import read_toml
from ..physics import SourceKind, is_mixed, wavefront_named

AXES = (
    "scene", "frequency", "snapshot", "antenna", "element", "vertical", "horizontal", "source", "xyz", "part", "repeat",
)  # fmt: skip
"""Names of axes. vertical and horizontal together are the elements of a panel; repeat is averaged over."""
_FORMS = {
    "imaginary": ("complex",), "phase": ("complex",), "unit": ("complex", "polar"), "phase_unit": ("phase", "polar"),
    "levels": ("state",), "codebook": ("index",),
}  # fmt: skip
"""Forms that use an option of a signal; any other form would pass over it in silence."""
_MAX_BYTES = 2**20
"""Size of a mapping; a larger file is no mapping."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """Real numbers: scale · array + offset, in a unit.

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

    Args:
        form: `complex` as they are (real arrays too); `parts` on an axis `part` of two; `interleaved` I, Q, I, Q along
            the last axis; `polar` magnitude and phase on an axis `part`; `phase` exp(j x); `state` exp(2πj x/levels);
            `index` rows of `codebook`.
        imaginary: name of the array with the imaginary parts, where `array` has the real ones.
        phase: name of the array with the phases, where `array` has the magnitudes.
        phase_unit: rad or deg, where there are phases.
        levels: number of states.
        codebook: name of the array (code, element) that `index` counts in; its axes are those of `array` without
            `snapshot`, after it.
        conjugate: take the conjugate, for data of the convention exp(-jωt).
        order: whether an axis `element` of a panel counts along rows first or down columns first (MATLAB's (:)).
    """

    form: Literal["complex", "parts", "interleaved", "polar", "phase", "state", "index"] = "complex"
    imaginary: str = ""
    phase: str = ""
    phase_unit: str = ""
    levels: int = 2
    codebook: str = ""
    conjugate: bool = False
    order: Literal["rows", "columns"] = "rows"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Positions, polar (azimuth and distance, with elevation 0 unless given) or Cartesian with an axis xyz."""

    azimuth: Quantity = field(default_factory=Quantity)
    elevation: Quantity = field(default_factory=Quantity)
    distance: Quantity = field(default_factory=Quantity)
    cartesian: Quantity = field(default_factory=Quantity)

    @property
    def given(self) -> bool:
        """Whether the mapping has positions here."""
        return self.azimuth.given or self.cartesian.given


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


@dataclass(frozen=True, kw_only=True)
class ImportMapping:
    """A mapping from somebody's arrays to scenes.

    Args:
        file: where arrays are unless they say otherwise, in the mapping's own folder.
        symbols: `pilot` if the source's symbol is one constant over a scene's snapshots, `random` if it changes,
            `known` if what is sent is known up to a factor; `sequences` then says what. A list of one for each source
            where they differ.
        note: kept in the header of the scene file.
        base: 0 or 1, what indices in the data and in `pick` count from.
        conjugate: all data are of the convention exp(-jωt).
        remove_mean: take the mean over the snapshots from codes and measurements, for paths that no code changes.
        measurements: what the antennas saw.
        codes: phases of the elements; none for an array without a RIS.
        channel: from elements to antennas; or
        antennas: where the antennas are, for a line-of-sight channel.
        elements: positions of the elements, or
        panel: a regular layout.
        frequency: one or several; or
        wavelength: the same.
        wavefront: the wave that the data were made with, see `wavefront_named`; measured data need none.
        truth: where the sources were, if known.
        noise_variance: σ² per antenna, if known; linear or dB.
        sequences: the symbols where they are known; of a pilot beside known ones they are ones.
    """

    file: str = ""
    symbols: SourceKind | Literal[""] | tuple[SourceKind, ...] = ""
    note: str = ""
    base: int = 0
    conjugate: bool = False
    remove_mean: bool = False
    measurements: Signal = field(default_factory=Signal)
    codes: Signal = field(default_factory=Signal)
    channel: Signal = field(default_factory=Signal)
    antennas: Places = field(default_factory=Places)
    elements: Quantity = field(default_factory=Quantity)
    panel: Layout = field(default_factory=Layout)
    frequency: Quantity = field(default_factory=Quantity)
    wavelength: Quantity = field(default_factory=Quantity)
    wavefront: str = "spherical"
    truth: Places = field(default_factory=Places)
    noise_variance: Quantity = field(default_factory=Quantity)
    sequences: Signal = field(default_factory=Signal)

    def __post_init__(self) -> None:
        if self.base not in {0, 1}:
            raise ConfigurationError("base 0 or 1", str(self.base), "another count", "pass what indices count from")
        wavefront_named(self.wavefront)
        for key, quantity in quantities(self):
            _check_quantity(key, quantity)


def quantities(config: Any, prefix: str = "") -> Iterator[tuple[str, Quantity]]:  # noqa: ANN401
    """(dotted key, quantity) of everything in a mapping."""
    for each in fields(config):
        value = vars(config)[each.name]
        if isinstance(value, Quantity):
            yield prefix + each.name, value
        elif isinstance(value, Places):
            yield from quantities(value, f"{prefix}{each.name}.")


def read_mapping(path: Path) -> ImportMapping:
    """Read a mapping.

    Raises:
        ConfigurationError: no such file, no TOML, an unknown key (the nearest known one is suggested), a value of
            another kind, or something missing that scenes need.
    """
    if path.is_file() and path.stat().st_size > _MAX_BYTES:
        raise ConfigurationError(
            "a mapping in TOML", f"{path}, {path.stat().st_size} bytes", "the data passed in place of the mapping",
            "pass the .toml",
        )  # fmt: skip
    return mapping_of(read_toml(path))


def mapping_of(values: Mapping[str, Any]) -> ImportMapping:
    """The mapping of plain values.

    >>> measured = {"array": "Y", "axes": ["antenna", "snapshot", "scene"]}
    >>> panel, wave = {"horizontal": 4, "spacing": 0.5, "unit": "wavelengths"}, {"value": 30, "unit": "cm"}
    >>> mapping_of({"symbols": "pilot", "panel": panel, "wavelength": wave, "measurements": measured}).measurements.axes
    ('antenna', 'snapshot', 'scene')

    Raises:
        ConfigurationError: see `read_mapping`.
    """
    mapping = overlay(ImportMapping(), values)
    _check_complete(mapping)
    return mapping


def _check_quantity(key: str, quantity: Quantity) -> None:
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
        if quantity.axes and axis not in quantity.axes:
            raise ConfigurationError(
                f"{key}.pick and {key}.reverse out of its axes {', '.join(quantity.axes)}", repr(axis),
                "an axis that the array does not have", nearest(axis, list(quantity.axes)),
            )  # fmt: skip
    pairs = {("array", "value"): quantity.array and quantity.value is not None}
    if isinstance(quantity, Signal):
        _check_form(key, quantity)
        pairs["imaginary", "phase"] = quantity.imaginary and quantity.phase
    for (one, other), both in pairs.items():
        if both:
            raise ConfigurationError(f"{key}.{one} or {key}.{other}", "both", "a line left over", "delete one")


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


def _check_complete(mapping: ImportMapping) -> None:
    """Refuse a mapping from which no scene can come.

    Raises:
        ConfigurationError: naming the keys.
    """
    several = is_mixed(mapping.symbols)
    known = "known" in (mapping.symbols if several else (mapping.symbols,))
    needs = {
        "measurements.array": mapping.measurements.given,
        'symbols = "pilot", "random" or "known"': bool(mapping.symbols),
        'no remove_mean beside symbols = "known", or a list': not (mapping.remove_mean and (known or several)),
        'sequences beside symbols = "known"': not known or mapping.sequences.given,
        "measurements.axes": bool(mapping.measurements.axes),
        "frequency or wavelength": mapping.frequency.given or mapping.wavelength.given,
        "panel or elements": mapping.panel.horizontal > 0 or mapping.elements.given,
        "channel or antennas beside codes": not mapping.codes.given
        or mapping.channel.given
        or mapping.antennas.given,
    }  # fmt: skip
    missing = [key for key, there in needs.items() if not there]
    if missing:
        raise ConfigurationError(
            f"a mapping with {missing[0]}", "none", "a line left out", "add it; docs/own-measurements.md lists all keys"
        )
    pairs = {"frequency and wavelength": (mapping.frequency.given, mapping.wavelength.given),
             "panel and elements": (mapping.panel.horizontal > 0, mapping.elements.given),
             "channel and antennas": (mapping.channel.given, mapping.antennas.given),
             "sequences and unknown symbols": (mapping.sequences.given, not known)}  # fmt: skip
    for names, both in pairs.items():
        if all(both):
            raise ConfigurationError(f"one of {names}", "both", "two ways to say it", "delete one of them")
