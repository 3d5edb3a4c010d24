"""What is a series: a named quantity of a run, its values in the order written, and where each was written?"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain, islice, pairwise
from operator import le, ne


class Kind(Enum):
    """What a name means; only the first nine become series."""

    TRAIN_LOSS = "train loss"
    VALIDATION_LOSS = "validation loss"
    METRIC = "metric"
    RATE = "learning rate"
    GRADIENT_NORM = "gradient norm"
    LOSS_SCALE = "loss scale"
    SKIPS = "skipped updates"
    MOTION = "motion"
    OTHER = "other"
    EPOCH = "epoch"
    STEP = "step"
    PLANNED = "planned epochs"
    BATCHES = "batches per epoch"
    WARMUP = "warm-up"
    IGNORED = "ignored"


@dataclass(frozen=True, kw_only=True)
class Name:
    """A name as classified: `key` is lower case, words joined by underscores.

    A `term` is part of a loss (`box_loss`); a `rival` may rise or be negative, as a policy's. The direction is 1 where
    higher is better, -1 where lower is.
    """

    key: str
    kind: Kind
    term: bool = False
    rival: bool = False
    direction: int = 0
    average: bool = False


@dataclass(eq=False)
class Series:
    """A named quantity, value after value, with the epoch and the step of each; NaN where none was told.

    Args:
        parts: index of the first value of each part; a new part begins where epochs start again.
        decimals: most decimals printed; None where numbers are written in full.
        zero_decimals: decimals with which 0 is printed; with two and more it may be a small number.
        bar: True where a progress bar prints the value again and again.
        table: True where the value stands in a column, in which NaN may mean "nothing here".
        blanks: places after the last value that name it and hold none, such as `null` or an empty cell.
        sparse: True where there were such places between values.
    """

    name: Name
    values: array = field(default_factory=lambda: array("d"))
    epochs: array = field(default_factory=lambda: array("d"))
    steps: array = field(default_factory=lambda: array("d"))
    parts: list[int] = field(default_factory=lambda: [0])
    decimals: int | None = 0
    zero_decimals: int = -1
    bar: bool = False
    table: bool = False
    blanks: int = 0
    sparse: bool = False
    reached: list[float] = field(default_factory=lambda: [math.inf, -math.inf, math.inf, -math.inf], repr=False)
    """First and last epoch, first and last step of the part."""

    @property
    def axis(self) -> str:
        """What the values are written over: epoch, step, or nothing but their order."""
        if any(not math.isnan(e) for e in self.epochs[:3]):
            return "epoch"
        return "step" if any(not math.isnan(s) for s in self.steps[:3]) else "value"

    @property
    def counts(self) -> bool:
        """True where a loss is the very step or epoch that it is written at: a place under a loss's name."""
        rises = len(self.values) > 3 and self.name.kind.value.endswith("loss") and self.values[0] < self.values[-1]
        return rises and self.values in (self.steps, self.epochs)

    def add(self, value: float, epoch: float, step: float) -> None:
        """Append a value."""
        at, here = (0, epoch) if epoch == epoch else (2, step)  # NaN is not itself
        reached = self.reached
        if here < reached[at + 1] and here <= reached[at]:  # counting began anew
            self.parts.append(len(self.values))
            self.reached = reached = [math.inf, -math.inf, math.inf, -math.inf]
        if here < reached[at]:
            reached[at] = here
        reached[at + 1] = here
        self.values.append(value)
        self.epochs.append(epoch)
        self.steps.append(step)

    def extend(self, values: array, epochs: Sequence[float], steps: Sequence[float]) -> None:
        """Append many values."""
        at, here = (0, epochs) if epochs[0] == epochs[0] else (2, steps)
        grows = self.reached[at + 1] <= here[0] and all(map(le, here, islice(here, 1, None)))
        if not grows or any(map(ne, epochs, epochs)) is not bool(at):
            for value, epoch, step in zip(values, epochs, steps, strict=True):
                self.add(value, epoch, step)
            return
        self.reached[at] = min(self.reached[at], here[0])
        self.reached[at + 1] = here[-1]
        self.values.extend(values)
        self.epochs.extend(epochs)
        self.steps.extend(steps)

    def at(self, index: int) -> str:
        """Where a value was written, in words."""
        epoch, step = self.epochs[index], self.steps[index]
        if math.isnan(epoch):
            return f"value {index + 1}" if math.isnan(step) else f"step {step:.10g}"
        return f"epoch {epoch:.6g}" + ("" if math.isnan(step) else f", step {step:.10g}")

    def _was_printed(self, index: int) -> bool:
        one = self.values[index], self.steps[index]
        return any(one == both for both in zip(self.values[:index], self.steps[:index], strict=True))

    def last_part(self) -> "Series":
        """The values since the run (or fold) was last begun anew."""
        start, end = self.parts[-1], len(self.values)
        if start == end - 1 and self._was_printed(start):
            start, end = self.parts[-2], start
        if start == 0 and end == len(self.values):
            return self
        rest = (self.values[start:end], self.epochs[start:end], self.steps[start:end])
        return Series(
            self.name, *rest, decimals=self.decimals, zero_decimals=self.zero_decimals, bar=self.bar, table=self.table
        )


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A series without its noise: one level an epoch, or one a stretch of steps."""

    levels: tuple[float, ...]
    places: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.levels)


FEW = 60
"""Up to so many values each is a level of its own; more are averaged over stretches."""
MANY = 2000
"""Up to so many epochs each is a level of its own."""


def curve(series: Series) -> Curve:
    """The levels of the last part: means over epochs (last values of a progress bar), or over stretches of steps."""
    series = series.last_part()
    finite = _finite(series)
    groups = _by_epoch(series, finite)
    most = MANY if all(map(math.isfinite, series.epochs)) else FEW
    if len(groups) < 3:
        groups = _cut(finite, -(-len(finite) // FEW) or 1)
    elif len(groups) > most:
        size = -(-len(groups) // FEW)
        groups = [list(chain(*groups[k : k + size])) for k in range(0, len(groups), size)]
    levels = tuple(_level([series.values[i] for i in g], last=series.bar) for g in groups)
    return Curve(levels=levels, places=tuple(_place(series, g) for g in groups))


def stretches(series: Series) -> Curve:
    """The levels of the last part over its finest axis: each value, or means of up to 60 stretches."""
    series = series.last_part()
    finite = _finite(series)
    groups = _cut(finite, -(-len(finite) // FEW) or 1)
    levels = tuple(_level([series.values[i] for i in g], last=series.bar) for g in groups)
    return Curve(levels=levels, places=tuple(series.at(g[0]) for g in groups))


def _finite(series: Series) -> Sequence[int]:
    if all(map(math.isfinite, series.values)):
        return range(len(series.values))
    return [i for i, v in enumerate(series.values) if math.isfinite(v)]


def _cut(places: Sequence[int], size: int) -> list[Sequence[int]]:
    return [places[k : k + size] for k in range(0, len(places), size)]


def _by_epoch(series: Series, finite: Sequence[int]) -> list[Sequence[int]]:
    if not any(map(math.isfinite, series.epochs)):
        return [finite]
    cuts = [bisect_left(finite, begin) for begin, _ in runs(series.epochs, _epoch)] + [len(finite)]
    return [finite[a:b] for a, b in pairwise(cuts) if b > a]


def runs(epochs: Sequence[float], key: Callable[[float], float] = float) -> list[tuple[int, int]]:
    """Begin and end of each row of places of one epoch."""
    cuts: list[int] = []
    before = last = math.nan
    for i, epoch in enumerate(epochs):
        if epoch != before and (here := key(epoch)) != last:
            cuts.append(i)
            last = here
        before = epoch
    return [*pairwise([*cuts, len(epochs)])]


def _place(series: Series, group: Sequence[int]) -> str:
    epoch = series.epochs[group[0]]
    if math.isnan(epoch):
        return series.at(group[0])
    return f"epoch {epoch if len(group) == 1 else math.ceil(epoch):.6g}"


def _epoch(epoch: float) -> float:
    """Fractional epochs, as Transformers prints them, lie in the epoch that they end in: 0.32 and 1.0 are epoch 1."""
    return math.ceil(epoch) if math.isfinite(epoch) else -1.0


def _level(values: Sequence[float], *, last: bool) -> float:
    if last:
        return values[-1]
    total = sum(values)
    return total / len(values) if math.isfinite(total) else sum(v / len(values) for v in values)


def trailing(flags: Sequence[bool]) -> int:
    """How many flags at the end are set."""
    return next((i for i, flag in enumerate(reversed(flags)) if not flag), len(flags))
