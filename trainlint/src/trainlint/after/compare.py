"""What differs between a run and a sound one, and which of it is more than the sound run's own noise?"""

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..findings import Finding, wrapped
from ..rules.losses import UNLIKE_BASELINE
from .judging.subject import noise, third, whole
from .reading.log import Log
from .reading.names import CURVES
from .series import Curve, Kind, Series, curve

SIGMAS = 5.0
"""Standard deviations of the baseline that a difference must pass: a run has hundreds of values to be unlucky in."""
LEAST = 0.05
"""Relative: a smaller difference at the end of two runs is none that anybody trains for."""
SLOWER = 1.5
"""Times the steps to half of the fall, from which a run is slower."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One series of a run beside its baseline's; `beyond` where they differ by more than the baseline's noise."""

    name: str
    run: str
    baseline: str
    told: tuple[str, ...]
    beyond: bool


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What differs between two runs: in series that both have, and `beside` them in skips, endings and names."""

    rows: tuple[Row, ...]
    beside: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """True where nothing differs by more than the baseline's noise."""
        return not self.beyond and not any(row.beyond for row in self.rows)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What differs beyond noise, one finding for each series."""
        apart = [UNLIKE_BASELINE.found("; ".join(row.told), subject=row.name) for row in self.rows if row.beyond]
        return (*apart, *(UNLIKE_BASELINE.found(text) for text in self.beyond))

    def record(self) -> dict[str, object]:
        """The comparison as plain values."""
        rows = [
            {"name": r.name, "run": r.run, "baseline": r.baseline, "told": list(r.told), "beyond": r.beyond}
            for r in self.rows
        ]
        return {"same": self.same, "rows": rows, "beside": [*self.beyond, *self.beside]}

    def __str__(self) -> str:
        """Each series with its baseline, and what differs, what lies beyond the noise first."""
        lines = []
        for row in sorted(self.rows, key=lambda row: not row.beyond):
            told = f"    {'BEYOND NOISE' if row.beyond else 'differs'}: {'; '.join(row.told)}"
            lines += [f"{row.name}: {row.run}, baseline {row.baseline}", wrapped(told, 8)]
        lines += [f"BEYOND NOISE: {text}" for text in self.beyond]
        return "\n".join([*lines, *self.beside])


def compare(run: Log, baseline: Log) -> Comparison:
    """The series of a run beside those of a sound one."""
    pairs = list(_pairs(run, baseline))
    rows = tuple(row(one, two) for one, two in pairs)
    known = {s.name.key for pair in pairs for s in pair}
    lacks = [f"only the run has {key}" for key in run.series if key not in baseline.series and key not in known]
    lacks += [f"only the baseline has {key}" for key in baseline.series if key not in run.series and key not in known]
    return Comparison(rows=rows, beside=tuple(lacks[:20]), beyond=tuple(_beyond(run, baseline)))


def _beyond(run: Log, baseline: Log) -> Iterator[str]:
    if run.skips > 2 * baseline.skips + 10:
        yield f"{run.skips} updates skipped against {baseline.skips}"
    if run.ended and not baseline.ended:
        yield f"the run ends with {run.ended!r}"


def _pairs(run: Log, baseline: Log) -> Iterator[tuple[Series, Series]]:
    for key, one in run.series.items():
        two = baseline.series.get(key)
        if two is not None and one.name.kind in {*CURVES, Kind.SKIPS, Kind.MOTION} and not one.name.average:
            yield one, two
    for kind in (Kind.TRAIN_LOSS, Kind.VALIDATION_LOSS):
        one, two = whole(run, kind), whole(baseline, kind)
        if one is not None and two is not None and one.name.key not in baseline.series:
            yield one, two


def row(one: Series, two: Series) -> Row:
    """A series beside the baseline's."""
    ours, theirs = curve(one), curve(two)
    scatter = noise(theirs.levels) if len(theirs) >= 4 else math.nan
    speed = _speed(ours, theirs) if two.name.kind in {Kind.TRAIN_LOSS, Kind.VALIDATION_LOSS} else None
    clauses = [c for c in (_finite(one, two), _first(one, two), _last(ours, theirs, scatter), speed) if c is not None]
    told = tuple(text for text, _ in clauses) or ("nothing",)
    return Row(
        name=one.name.key,
        run=_span(one, ours),
        baseline=_span(two, theirs),
        told=told,
        beyond=any(far for _, far in clauses),
    )


def _span(series: Series, levels: Curve) -> str:
    if not levels.levels:
        return f"{series.values[-1]:g} ({len(series.values)})" if series.values else "empty"
    return f"{levels.levels[0]:.4g} -> {levels.levels[-1]:.4g} ({len(series.values)})"


Clause = tuple[str, bool]


def _finite(one: Series, two: Series) -> Clause | None:
    bad, good = (sum(not math.isfinite(v) for v in s.values) for s in (one, two))
    if not bad or bad <= 2 * good * len(one.values) / len(two.values):
        return None
    first = next(i for i, v in enumerate(one.values) if not math.isfinite(v))
    return f"not finite {bad} times, first at {one.at(first)}, against {good}", True


def _first(one: Series, two: Series) -> Clause | None:
    there = {one.at(i): v for i, v in enumerate(one.values)}
    both = [
        (place, there[place], v) for place, v in ((two.at(i), v) for i, v in enumerate(two.values)) if place in there
    ]
    both = [(place, a, b) for place, a, b in both if math.isfinite(a) and math.isfinite(b)]
    if len(both) < 3:
        return None
    scatter = noise([b for _, _, b in both]) if len(both) >= 4 else 0.0
    exact = next((place for place, a, b in both if a != b), None)
    if exact is None:
        return None
    wide = [abs(a - b) > max(SIGMAS * math.sqrt(2) * scatter, 1e-6 * abs(b)) for _, a, b in both]
    far = next((i for i in range(len(wide) - 1) if wide[i] and wide[i + 1]), None)
    if far is None:
        return f"first other digit at {exact}", False
    place, a, b = both[far]
    return f"apart from {place} on: {a:.4g} against {b:.4g} (noise {scatter:.2g})", True


def _last(ours: Curve, theirs: Curve, scatter: float) -> Clause | None:
    if not ours.levels or not theirs.levels:
        return None
    a, b = (third(c.levels, 2) if len(c) >= 3 else c.levels[-1] for c in (ours, theirs))
    size = max(abs(a), abs(b))
    if not size or abs(a - b) <= LEAST * size:
        return None
    if math.isnan(scatter):
        return f"{a:.4g} against {b:.4g} at the end; too few values to tell noise", abs(a - b) > 0.5 * size
    error = scatter * math.sqrt(3 / len(ours) + 3 / len(theirs))
    return f"{a:.4g} against {b:.4g} at the end (error {error:.2g})", abs(a - b) > SIGMAS * error


def _speed(ours: Curve, theirs: Curve) -> Clause | None:
    if len(theirs) < 5 or theirs.levels[-1] >= theirs.levels[0] - 3 * noise(theirs.levels):
        return None
    half = (theirs.levels[0] + statistics.median(theirs.levels[-3:])) / 2
    then, now = _reached(theirs.levels, half), _reached(ours.levels, half)
    if then is None:
        return None
    if now is None:
        return f"never reaches {half:.4g}, where the baseline is at {theirs.places[then]}", len(ours) > SLOWER * (
            then + 1
        )
    far = now + 1 > SLOWER * (then + 1) + 1
    return (f"reaches {half:.4g} at {ours.places[now]} against {theirs.places[then]}", True) if far else None


def _reached(levels: Sequence[float], half: float) -> int | None:
    return next((i for i, v in enumerate(levels) if v <= half), None)
