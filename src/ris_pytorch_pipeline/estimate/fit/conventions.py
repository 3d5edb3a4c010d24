"""Which convention explains the data: conjugates, order of the elements, units, kind of symbols, tried one by one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ...errors import InputError
from ...physics import Array, Observation
from ...shapes import Counts
from ...units import SPEED_OF_LIGHT
from ..estimate import Estimate, Estimator, Status

_BETTER = 1.2
"""Evidence over that of the stated convention that makes another one the better one; gauges differ by less than 1 %."""
_PLAUSIBLE = (0.02, 8.0)
"""Spacing of the elements over the wavelength within which a unit is worth trying."""
_USUAL = (0.1, 1.2)
"""The same within which no other unit is tried."""
Change = Callable[[Observation], Observation]


@dataclass(frozen=True, kw_only=True)
class Convention:
    """A way to read the same numbers.

    Args:
        name: in words.
        change: what is done to the observation to read it so.
    """

    name: str
    change: Change


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of one convention.

    Args:
        name: of the convention.
        explained: mean share of the energy in the span of credible sources; 0 where it cannot even be tried.
        evidence: mean evidence of all sources of a scene against scatter, 2 ΔNLL.
        order: mean number of sources.
        good: share of scenes with a source and without a misfit.
        refused: why it could not be tried; empty where it could.
    """

    name: str
    explained: float
    evidence: float
    order: float
    good: float
    refused: str = ""


STATED = "as stated"


def conventions(observation: Observation) -> list[Convention]:
    """The conventions worth trying for these measurements, the stated one first.

    Where the spacing of the elements shows a wrong unit, only units are tried.
    """
    ratio = nearest_spacing(observation.array) / observation.array.wavelength
    if len(observation.array) > 1 and not _PLAUSIBLE[0] / 2 < ratio < _PLAUSIBLE[1]:
        return [Convention(name=STATED, change=lambda seen: seen), *_units(observation.array)]
    found = [Convention(name=STATED, change=lambda seen: seen)]
    found += conjugates() + orders(observation.array) + _units(observation.array)
    return found + (sequences() if observation.symbols == "known" else []) + _symbols(observation)


def sequences() -> list[Convention]:
    """Known symbols as their conjugates, alone or with everything else, and one snapshot early or late."""

    def conjugated(seen: Observation) -> Observation:
        return replace(seen, sequences=None if seen.sequences is None else seen.sequences.conj().resolve_conj())

    def moved(snapshots: int) -> Change:
        return lambda seen: replace(
            seen, sequences=None if seen.sequences is None else seen.sequences.roll(snapshots, dims=-2)
        )

    return [
        Convention(name="sequences conjugated", change=conjugated),
        Convention(name="all four conjugated", change=lambda seen: conjugated(_conjugated(_FIELDS).change(seen))),
        Convention(name="sequences one snapshot later", change=moved(1)),
        Convention(name="sequences one snapshot earlier", change=moved(-1)),
    ]


def _symbols(observation: Observation) -> list[Convention]:
    """Other kinds of symbols; sequences are left out with them."""

    def change(kind: Any) -> Change:  # noqa: ANN401
        return lambda seen: replace(seen, symbols=kind, sequences=None)

    others = [kind for kind in ("pilot", "random") if kind != observation.symbols]
    return [Convention(name=f"symbols {kind}", change=change(kind)) for kind in others]


def conjugates() -> list[Convention]:
    """Measurements, codes and channel as their conjugates, in all combinations."""
    return [_conjugated(names) for names in _SUBSETS]


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
        "wavelength in millimetres": (1.0, 1e-3),
        "wavelength in centimetres": (1.0, 1e-2),
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


def nearest_spacing(array: Array) -> float:
    """Median distance of an element to its nearest neighbour, metres; 0 for a single element."""
    if len(array) < 2:
        return 0.0
    some = array.placed[:: max(1, len(array) // 256)]
    distances = torch.cdist(some, array.placed)
    return float(distances.masked_fill(distances == 0, torch.inf).amin(-1).median())


def try_conventions(
    observation: Observation, build: Callable[[Observation], Estimator], sources: int | Counts | None = None
) -> list[Trial]:
    """Locate the sources under each convention.

    Args:
        observation: the scenes, as stated.
        build: the estimator for an observation; it has to state a fit.
        sources: K, or None to estimate it under each.

    Returns:
        A trial for each convention, the stated one first.
    """
    return [_trial(way, observation, build, sources) for way in conventions(observation)]


def _trial(
    way: Convention, observation: Observation, build: Callable[[Observation], Estimator], sources: int | Counts | None
) -> Trial:
    try:
        seen = way.change(observation)
        found = build(seen)(seen, sources)
    except InputError as error:
        return Trial(name=way.name, explained=0.0, evidence=0.0, order=0.0, good=0.0, refused=error.cause)
    return _scored(way.name, found)


def _scored(name: str, found: Estimate) -> Trial:
    if found.fit is None:
        raise InputError("an estimator that states a fit", name, "fit=False", "leave fit at True")
    good = [
        int(order) > 0 and Status.MISFIT not in said
        for order, said in zip(found.order.tolist(), found.fit.findings, strict=True)
    ]
    evidence = found.fit.evidence.masked_fill(found.positions[..., 0].isnan(), 0).clamp_min(0).sum(-1)
    return Trial(
        name=name,
        explained=float((found.fit.explained * (found.order > 0)).mean()),
        evidence=float(evidence.mean()),
        order=float(found.order.double().mean()),
        good=sum(good) / len(good),
    )


def better(trials: list[Trial]) -> list[Trial]:
    """Trials that explain clearly more than the stated convention does, best first; those alike are gauges."""
    stated = trials[0]
    ahead = [t for t in trials[1:] if t.evidence > _BETTER * stated.evidence + 20 and t.good >= max(stated.good, 0.5)]
    return sorted(ahead, key=lambda t: -t.evidence)


def explains(trials: list[Trial]) -> bool:
    """Whether the stated convention explains most scenes, and no other one explains clearly more."""
    return trials[0].good >= 0.5 and not better(trials)
