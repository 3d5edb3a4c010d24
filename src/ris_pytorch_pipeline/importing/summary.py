"""What an import understood, in rows that a person can check before anything is written."""

import math
from dataclasses import dataclass

import torch

from ..errors import RisError
from ..estimate import Estimate, KnownMl, MixedMl, PilotMl, Sml
from ..estimate.fit import Note, capture_notes
from ..physics import Observation, is_mixed, shown_kinds
from ..units import counted
from .assembling import Imported
from .mapping import ImportMapping
from .quantities import Signal
from .truths import note_of_truth

_SCENES = 4
"""Scenes that a source is fitted to for a guess of the SNR."""
_WORK = 2**21
"""Elements times snapshots times antennas beyond which no guess is made: a dry run takes seconds."""
_SPACING = (0.05, 2.0)
"""Wavelengths between neighbours outside of which a unit is likely wrong: arrays are built between 0.1 and 1."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that was understood.

    >>> row = Row(what="codes", value="64 snapshots x 144 elements", origin="capture.mat: C (element, snapshot)")
    >>> print(row.what, row.value, row.origin, sep=" | ")
    codes | 64 snapshots x 144 elements | capture.mat: C (element, snapshot)

    Args:
        what: it is.
        value: in words.
        origin: file and array, or key of the mapping.
    """

    what: str
    value: str
    origin: str = ""


def summary_of(imported: Imported) -> list[Row]:
    """Rows of a table: shapes, units, spacing in wavelengths, signal to noise, number of scenes.

    >>> from pathlib import Path
    >>> mapping = mapping_of({
    ...     "symbols": "pilot", "wavelength": {"value": 0.3, "unit": "m"},
    ...     "panel": {"horizontal": 4, "spacing": 0.15, "unit": "m"},
    ...     "measurements": {"value": [[1.0, 2.0, 1.0, 0.0]], "axes": ["snapshot", "antenna"]},
    ... })
    >>> for row in summary_of(scenes_of(mapping, Folder(path=Path("."))))[4:7]:
    ...     print(f"{row.what}: {row.value}")
    array: 4 elements, a line, 0.45 m
    wavelength: 300 mm (0.9993 GHz)
    spacing: 0.500 wavelengths (150 mm)
    """
    seen, mapping = imported.observation, imported.mapping
    scenes, antennas, spacing = len(seen), seen.measurements.shape[-1], spacing_of(seen)
    return [
        Row(what="scenes", value=str(scenes)),
        Row(what="measurements", value=_shape(seen.measurements, seen, "antenna"),
            origin=_origin(mapping, mapping.measurements)),
        Row(what="codes", value=_shape(seen.codes, seen, "element") if mapping.codes.given else "none: no RIS",
            origin=_origin(mapping, mapping.codes)),
        Row(what="channel", value=f"{counted(antennas, 'antenna')} x {counted(len(seen.array), 'element')}",
            origin="line of sight" if mapping.antennas.given else _origin(mapping, mapping.channel)),
        Row(what="array", value=_array(seen)),
        Row(what="wavelength", value=_wavelengths(seen)),
        Row(what="spacing", value=f"{spacing:.3f} wavelengths ({spacing * seen.wavelength * 1e3:.4g} mm)"),
        _symbols(imported),
        Row(what="conventions", value=_conventions(mapping)),
        Row(what="truth", value=_truth(imported)),
        Row(what="SNR, a guess", value=_snr(imported)),
    ]  # fmt: skip


def doubts_of(imported: Imported) -> list[str]:
    """What looks like a wrong unit or convention, in sentences.

    >>> from pathlib import Path
    >>> mapping = mapping_of({
    ...     "symbols": "pilot", "wavelength": {"value": 0.3, "unit": "m"},
    ...     "panel": {"horizontal": 4, "spacing": 0.15, "unit": "mm"},
    ...     "measurements": {"value": [[1.0, 2.0, 1.0, 0.0]], "axes": ["snapshot", "antenna"]},
    ... })
    >>> doubts_of(scenes_of(mapping, Folder(path=Path("."))))[0]
    'neighbours are 0.0005 wavelengths apart: check the units of elements and frequency'
    """
    seen, found = imported.observation, list(imported.remarks)
    spacing = spacing_of(seen)
    if not _SPACING[0] <= spacing <= _SPACING[1]:
        found.append(f"neighbours are {spacing:.3g} wavelengths apart: check the units of elements and frequency")
    spread = float((seen.codes - seen.codes.mean(-2, keepdim=True)).abs().amax())
    if imported.mapping.codes.given and spread < 1e-9:
        found.append("the codes do not vary over the snapshots: check the axes of codes")
    if imported.mapping.codes.given and not imported.mapping.remove_mean:
        worst = float((seen.codes.abs() - 1).abs().amax())
        usual = 0.5 if imported.mapping.codes.form == "index" else 1e-3  # a table may hold states as they were measured
        if worst > usual:
            found.append(f"codes differ from modulus 1 by up to {worst:.2g}: check form and levels")
    return [*found, *(f"{note.what}: {note.cause}" for note in [*capture_notes(seen), *_of_truth(imported)])]


def spacing_of(observation: Observation) -> float:
    """Median distance from an element to its nearest neighbour, in the shortest wavelength; NaN of one element."""
    places = observation.array.placed[:2048]
    if len(places) < 2:
        return math.nan
    gaps = torch.cdist(places, places).fill_diagonal_(math.inf).amin(1)
    return float(gaps.median()) / observation.array.wavelength


def _shape(value: torch.Tensor, observation: Observation, last: str) -> str:
    sizes = list(value.shape[1:])
    names = ["frequencies", "snapshots", f"{last}s"] if observation.wide else ["snapshots", f"{last}s"]
    return " x ".join(f"{size} {name}" for size, name in zip(sizes, names, strict=True))


def _guessed(part: Observation) -> Estimate:
    """The sources of known sequences, or of several kinds, else one source."""
    if part.symbols == "known" or is_mixed(part.symbols):
        return (KnownMl() if part.symbols == "known" else MixedMl())(part)
    return (PilotMl() if part.symbols == "pilot" else Sml())(part, 1)


def _symbols(imported: Imported) -> Row:
    """The kind of symbols; of known ones, where they come from."""
    seen, mapping = imported.observation, imported.mapping
    if seen.sequences is None:
        return Row(what="symbols", value=shown_kinds(seen.symbols))
    what = shown_kinds(seen.symbols) if is_mixed(seen.symbols) else f"known, of {seen.sequences.shape[-1]} sources"
    return Row(what="symbols", value=what, origin=_origin(mapping, mapping.sequences))


def _origin(mapping: ImportMapping, quantity: Signal) -> str:
    if not quantity.given:
        return ""
    if not quantity.array:
        return "the mapping"
    form = "" if quantity.form == "complex" else f", {quantity.form}"
    return f"{quantity.file or mapping.file}: {quantity.array} ({', '.join(quantity.axes)}{form})"


def _array(observation: Observation) -> str:
    kind = {0: "a point", 1: "a line", 2: "flat", 3: "deep"}[observation.array.dimension]
    sizes = " x ".join(f"{x:.3g} m" for x in observation.array.extents if x > 0)
    return f"{len(observation.array)} elements, {kind}, {sizes}"


def _wavelengths(observation: Observation) -> str:
    waves = observation.array.wavelengths
    if len(waves) == 1:
        return f"{waves[0] * 1e3:.4g} mm ({299.792458 / waves[0] / 1e3:.4g} GHz)"
    return f"{len(waves)}: {max(waves) * 1e3:.4g} to {min(waves) * 1e3:.4g} mm"


def _of_truth(imported: Imported) -> list[Note]:
    """Whether the stated positions of the first scenes explain them."""
    observation, truth = imported.observation, imported.truth
    if truth is None or len(observation.array) * observation.measurements[0].numel() > _WORK:
        return []
    part = observation[: min(_SCENES, len(observation))]
    try:
        note = note_of_truth(part, truth.positions[: len(part)], _guessed(part))
    except RisError:  # what is wrong with the scenes is said elsewhere
        return []
    return [] if note is None else [note]


def _conventions(mapping: ImportMapping) -> str:
    flags = [
        name
        for name in ("measurements", "codes", "channel", "sequences")
        if vars(mapping)[name].conjugate != mapping.conjugate
    ]
    words = [f"conjugated: {', '.join(flags)}"] if flags else ["nothing conjugated"]
    if mapping.remove_mean:
        words.append("mean over snapshots removed")
    return "; ".join(words)


def _truth(imported: Imported) -> str:
    truth = imported.truth
    if truth is None:
        return "none"
    low, high = int(truth.sources.min()), int(truth.sources.max())
    where = truth.positions[truth.present]
    angles = torch.rad2deg(where[:, 0])
    return (
        f"{low if low == high else f'{low} to {high}'} a scene; azimuth {float(angles.min()):.1f} to "
        f"{float(angles.max()):.1f}°, {float(where[:, 2].min()):.2f} to {float(where[:, 2].max()):.2f} m"
    )


def _snr(imported: Imported) -> str:
    """With positions, what fits there over what does not; without, the same of the best single source."""
    if imported.truth is not None:
        snr = imported.truth.snr_db
        return f"{float(snr.median()):.1f} dB at the given positions (median)"
    observation = imported.observation
    if len(observation.array) * observation.measurements[0].numel() > _WORK:
        return "none made: large scenes"
    part = observation[: min(_SCENES, len(observation))]
    try:
        estimate = _guessed(part)
    except RisError as error:  # a dry run says what is wrong, not only that it is
        return f"none made: {error.got}"
    power = torch.view_as_real(part.measurements).square().sum(-1).flatten(1).mean(1)
    ratio = (power / estimate.noise_variance - 1).clamp_min(1e-3)
    count = "all sources" if part.symbols == "known" or is_mixed(part.symbols) else "one source"
    return f"{float(10 * torch.log10(ratio.median())):.1f} dB ({counted(len(part), 'scene')}, {count} fitted to each)"
