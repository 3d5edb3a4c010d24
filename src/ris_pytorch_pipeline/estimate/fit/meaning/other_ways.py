"""In which other ways may the same numbers be meant? Conjugates, axes, orders, units, symbols, wavefronts, delays."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import torch
from torch import Tensor

from ....physics import Array, Observation
from ....physics.array.wavefronts import WAVEFRONTS, planar
from ....units import SPEED_OF_LIGHT
from ...spacing import nearest_spacing

_PLAUSIBLE = (0.02, 8.0)
"""Spacing of the elements over the wavelength within which a unit is worth trying."""
_USUAL = (0.1, 1.2)
"""The same within which no other unit is tried."""
Change = Callable[[Observation], Observation]


@dataclass(frozen=True, kw_only=True)
class Convention:
    """A way to read the same numbers.

    >>> from dataclasses import replace
    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("pilot", sources=1), scenes=1, seed=0).observation
    >>> way = Convention(name="codes conjugated", change=lambda seen: replace(seen, codes=seen.codes.conj()))
    >>> [read.codes[0, 0, :2].angle().rad2deg().round().tolist() for read in (seen, way.change(seen))]
    [[90.0, -135.0], [-90.0, 135.0]]

    Args:
        name: in words.
        change: what is done to the observation to read it so.
    """

    name: str
    change: Change


STATED = "as stated"
NOISE_ESTIMATED = "noise variance estimated"


def conventions(observation: Observation) -> list[Convention]:
    """The conventions worth trying for these measurements, the stated one first.

    Where the spacing of the elements shows a wrong unit, only units are tried.

    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("pilot", sources=1), scenes=1, seed=0).observation
    >>> ways = conventions(seen)
    >>> len(ways), [way.name for way in ways[:3]]
    (21, ['as stated', 'codes conjugated', 'channel conjugated'])
    """
    ratio = nearest_spacing(observation.array) / observation.array.wavelength
    if len(observation.array) > 1 and not _PLAUSIBLE[0] / 2 < ratio < _PLAUSIBLE[1]:
        return [Convention(name=STATED, change=lambda seen: seen), *_units(observation.array)]
    found = [Convention(name=STATED, change=lambda seen: seen)]
    found += (
        conjugates(observation)
        + transposed(observation)
        + relaid(observation)
        + orders(observation.array)
        + listed_otherwise(observation)
        + moved(observation)
    )
    found += _units(observation.array) + wavefronts(observation.array) + wavelengths(observation.array)
    found += _noise(observation) + (sequences() if observation.sequences is not None else [])
    return found + _symbols(observation)


def _noise(observation: Observation) -> list[Convention]:
    """The noise as it is estimated, where it is stated: in another unit, or of other settings, it explains nothing."""
    if observation.noise_variance is None:
        return []
    return [Convention(name=NOISE_ESTIMATED, change=lambda seen: replace(seen, noise_variance=None))]


def transposed(observation: Observation) -> list[Convention]:
    """The last two axes of what is square exchanged: where they are not as long, shapes that disagree show it."""
    values = {name: vars(observation)[name] for name in _FIELDS}
    square = [name for name, x in values.items() if x.shape[-2] == x.shape[-1] > 1 and not torch.equal(x, x.mT)]
    return [_transposed((name,)) for name in square] + ([_transposed(tuple(square))] if len(square) > 1 else [])


def relaid(observation: Observation) -> list[Convention]:
    """Measurements whose values, one after the other, run in another order of the axes than they were read in.

    Point-by-point lists are read so, with the scenes outermost or innermost.
    """
    scenes, snapshots, antennas = observation.measurements.shape[0], *observation.measurements.shape[-2:]
    if observation.wide or min(snapshots, antennas) < 2:
        return []
    square = snapshots == antennas  # of one square the other order is the transposition
    orders = [(0, 1, 2), (0, 2, 1)] + ([(1, 2, 0), (2, 1, 0)] if scenes > 1 else [])
    pairs = list(permutations(orders, 2))
    return [_relaid(read, filled) for read, filled in pairs if not (square and {0} == {read[0], filled[0]})]


def _relaid(read: tuple[int, ...], filled: tuple[int, ...]) -> Convention:
    """Read with the axes (scene, snapshot, antenna) in one order, last axis first, and filled in another one."""

    def change(seen: Observation) -> Observation:
        shape = seen.measurements.shape
        values = seen.measurements.permute(read).reshape([shape[axis] for axis in filled])
        return replace(seen, measurements=values.permute([filled.index(axis) for axis in range(3)]).contiguous())

    names = [", ".join(("scene", "snapshot", "antenna")[axis] for axis in order) for order in (filled, read)]
    return Convention(name=f"values in the order {names[0]} read as {names[1]}", change=change)


def _transposed(names: tuple[str, ...]) -> Convention:
    def change(seen: Observation) -> Observation:
        return replace(seen, **{name: vars(seen)[name].mT for name in names})

    return Convention(name=f"{', '.join(names)} transposed", change=change)


def moved(observation: Observation) -> list[Convention]:
    """Codes that run one snapshot before or behind the measurements, and antennas in reversed order."""
    antennas = Convention(
        name="antennas reversed", change=lambda seen: replace(seen, measurements=seen.measurements.flip(-1))
    )
    codes = observation.codes
    if codes.shape[-2] < 3 or bool((codes == codes[..., :1, :]).all()):
        return [antennas] if observation.measurements.shape[-1] > 1 else []
    return [antennas, *(_moved("codes", by) for by in (1, -1))]


def _moved(name: str, by: int) -> Convention:
    def change(seen: Observation) -> Observation:
        value = vars(seen)[name]
        return seen if value is None else replace(seen, **{name: value.roll(by, dims=-2)})

    return Convention(name=f"{name} one snapshot {'later' if by > 0 else 'earlier'}", change=change)


def sequences() -> list[Convention]:
    """Known symbols as their conjugates, alone or with everything else, and one snapshot early or late."""

    def conjugated(seen: Observation) -> Observation:
        return replace(seen, sequences=None if seen.sequences is None else seen.sequences.conj().resolve_conj())

    return [
        Convention(name="sequences conjugated", change=conjugated),
        Convention(name="all four conjugated", change=lambda seen: conjugated(_conjugated(_FIELDS).change(seen))),
        *(_moved("sequences", by) for by in (1, -1)),
    ]


def wavefronts(array: Array) -> list[Convention]:
    """Other models of a near wave, for data that were made with one; a planar wave is the exact one far away."""

    def change(name: str) -> Change:
        return lambda seen: replace(seen, array=replace(seen.array, wavefront=WAVEFRONTS[name]))

    others = [name for name, wave in WAVEFRONTS.items() if wave not in (array.wavefront, planar)]
    return [Convention(name=f"wavefront {name}", change=change(name)) for name in others if len(array) > 1]


def wavelengths(array: Array) -> list[Convention]:
    """Several wavelengths listed from the other end, as frequencies that rise are wavelengths that fall."""
    backwards = array.wavelengths[::-1]
    if backwards == array.wavelengths:
        return []
    return [Convention(
        name="wavelengths reversed",
        change=lambda seen: replace(seen, array=replace(seen.array, wavelengths=seen.array.wavelengths[::-1])),
    )]  # fmt: skip


def _symbols(observation: Observation) -> list[Convention]:
    """Other kinds of symbols, of which one snapshot cannot tell; sequences are left out with them."""

    def change(kind: Any) -> Change:  # noqa: ANN401
        return lambda seen: replace(seen, symbols=kind, sequences=None)

    kinds = ("pilot", "random") if observation.measurements.shape[-2] > 1 else ()
    others = [kind for kind in kinds if kind != observation.symbols]
    return [Convention(name=f"symbols {kind}", change=change(kind)) for kind in others]


def conjugates(observation: Observation) -> list[Convention]:
    """Measurements, codes and channel as their conjugates, in all combinations of those that are not real."""
    real = {name for name in _FIELDS if not bool((vars(observation)[name].imag != 0).any())}
    return [_conjugated(names) for names in _SUBSETS if not real & set(names)]


_FIELDS = ("measurements", "codes", "channel")
_SUBSETS = (
    ("codes",), ("channel",), ("measurements",), ("codes", "channel"), ("measurements", "codes"),
    ("measurements", "channel"), _FIELDS,
)  # fmt: skip


def _conjugated(names: tuple[str, ...]) -> Convention:
    def change(seen: Observation) -> Observation:
        return replace(seen, **{name: vars(seen)[name].conj().resolve_conj() for name in names})

    words = "all three" if len(names) == len(_FIELDS) else ", ".join(names)
    return Convention(name=f"{words} conjugated", change=change)


def orders(array: Array) -> list[Convention]:
    """Elements in reversed order, and where they form a grid, listed by rows, by columns, or with the two confused."""
    count = torch.arange(len(array))
    orders = {"elements reversed": count.flip(0)}
    shape = _gridorders(array)
    if shape is not None:
        by_rows, by_columns, rows, columns = shape
        orders["elements row by row"] = by_rows
        orders["elements column by column"] = by_columns
        orders["rows read as columns"] = by_rows[count.reshape(columns, rows).T.reshape(-1)]
        orders["columns read as rows"] = by_columns[count.reshape(rows, columns).T.reshape(-1)]
    found, known = [], [count]
    for name, order in orders.items():
        if not any(torch.equal(order, other) for other in known):
            known.append(order)
            found.append(Convention(name=name, change=_reordered(order)))
    return found


def _reordered(order: Tensor) -> Change:
    def change(seen: Observation) -> Observation:
        return replace(seen, array=replace(seen.array, elements=seen.array.elements[order]))

    return change


def listed_otherwise(observation: Observation) -> list[Convention]:
    """Codes or the channel alone with their elements in another order than the array's."""
    count, shape = torch.arange(len(observation.array)), _gridorders(observation.array)
    orders = {"reversed": count.flip(0)}
    if shape is not None:
        orders |= {"row by row": shape[0].argsort(), "column by column": shape[1].argsort()}
    found = []
    for name in ("codes", "channel"):
        listed = vars(observation)[name]
        for words, order in orders.items():
            if not torch.equal(listed[..., order], listed):  # in this order already, or alike at all elements
                found.append(Convention(name=f"elements of {name} {words}", change=_listed(name, order)))
    return found


def _listed(name: str, order: Tensor) -> Change:
    return lambda seen: replace(seen, **{name: vars(seen)[name][..., order]})


def _gridorders(array: Array) -> tuple[Tensor, Tensor, int, int] | None:
    """Numbers of the elements row by row and column by column, rows and columns; None where they are no grid."""
    across, up = ((array.placed[:, axis] / (1e-3 * array.wavelength)).round() for axis in (1, 2))
    columns, rows = across.unique().numel(), up.unique().numel()
    if min(rows, columns) < 2 or rows * columns != len(array):
        return None
    by_rows = across.argsort(stable=True)
    by_rows = by_rows[up[by_rows].argsort(stable=True)]
    by_columns = up.argsort(stable=True)
    by_columns = by_columns[across[by_columns].argsort(stable=True)]
    return by_rows, by_columns, rows, columns


def _units(array: Array) -> list[Convention]:
    """Other units that make the spacing plausible; none where the stated ones are usual."""
    spacing, wave = nearest_spacing(array), array.wavelength
    if spacing == 0 or _USUAL[0] <= spacing / wave <= _USUAL[1]:
        return []
    factors = {
        "elements in millimetres": (1e-3, 1.0),
        "elements in centimetres": (1e-2, 1.0),
        "elements in wavelengths": (wave, 1.0),
        "wavelength in millimetres": (1.0, 1e-3),
        "wavelength in centimetres": (1.0, 1e-2),
        "elements 1000 times larger": (1e3, 1.0),
        "elements 100 times larger": (1e2, 1.0),
        "wavelength 1000 times longer, frequency lower": (1.0, 1e3),
        "frequency as wavelength": (1.0, SPEED_OF_LIGHT / wave**2),
        "GHz as wavelength": (1.0, SPEED_OF_LIGHT / (1e9 * wave**2)),
    }
    low, high = _PLAUSIBLE
    return [
        Convention(name=name, change=_rescaled(grow, longer))
        for name, (grow, longer) in factors.items()
        if low < spacing * grow / (wave * longer) < high
    ]


def _rescaled(elements: float, wavelength: float) -> Change:
    def change(seen: Observation) -> Observation:
        waves = tuple(wavelength * x for x in seen.array.wavelengths)
        return replace(seen, array=replace(seen.array, elements=seen.array.elements * elements, wavelengths=waves))

    return change
