"""What a mapping says: which array of which file is what, and what holds for all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from ..errors import ConfigurationError
from ..experiment.strict import overlay
from ..experiment.toml import read_toml
from ..physics import SourceKind, is_mixed, wavefront_named
from .quantities import Layout, Places, Quantity, Signal, check_quantity

_MAX_BYTES = 2**20
"""Size of a mapping; a larger file is no mapping."""


@dataclass(frozen=True, kw_only=True)
class ImportMapping:
    """A mapping from somebody's arrays to scenes.

    >>> from pathlib import Path
    >>> mapping = mapping_of({
    ...     "symbols": "random", "wavelength": {"value": 30.0, "unit": "cm"},
    ...     "panel": {"horizontal": 4, "spacing": 0.5, "unit": "wavelengths"},
    ...     "measurements": {"value": [[0, 30, 60, 90], [0, 0, 0, 0]], "axes": ["snapshot", "antenna"], "form": "phase",
    ...                      "phase_unit": "deg"},
    ... })
    >>> seen = scenes_of(mapping, Folder(path=Path("."))).observation
    >>> seen.array, seen.measurements[0, 0].angle().rad2deg().round()
    (Array(4 elements, line, 0.45 m, wavelength 0.3 m), tensor([ 0., 30., 60., 90.], dtype=torch.float64))

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
            check_quantity(key, quantity)


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

    >>> from pathlib import Path
    >>> lines = ['file = "capture.npz"', 'symbols = "random"', 'frequency = {value = 1, unit = "GHz"}']
    >>> lines += ['panel = {horizontal = 4, spacing = 0.5, unit = "wavelengths"}']
    >>> lines += ['measurements = {array = "Y", axes = ["snapshot", "antenna"]}']
    >>> _ = Path("mapping.toml").write_text(chr(10).join(lines))
    >>> read_mapping(Path("mapping.toml")).measurements.axes
    ('snapshot', 'antenna')

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
    ratio = next((key for key in values if "snr" in key.lower()), None)
    if ratio is not None:
        raise ConfigurationError(
            "noise_variance, or nothing of the noise", repr(ratio), "a ratio where σ² is estimated from the data",
            f"delete {ratio}, or write noise_variance, in the units of the measurements squared, if it was measured",
        )  # fmt: skip
    mapping = overlay(ImportMapping(), values)
    _check_complete(mapping)
    return mapping


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
