"""What has been read of a run: its series, and what is said beside them. Values come in one by one, in any form."""

import math
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ..series import Kind, Name, Series
from .numerals import cell, decimals
from .tables import Columns
from .template import Slot, Template

MOST_SERIES = 600
MOST_VALUES = 40_000_000
"""Bounds of memory: names and values beyond them are counted and left out."""
_NOW_AND_THEN = 0xFFF
"""Whether the bounds are reached is asked once in 4096 values of a series."""
_LOOKED_AT = 64
"""Values of a series whose printed decimals are looked at."""
_LOSSES = (Kind.TRAIN_LOSS, Kind.VALIDATION_LOSS)


@dataclass(eq=False)
class Log:
    """What has been read of a run."""

    series: dict[str, Series] = field(default_factory=dict)
    planned: int | None = None
    batches: int | None = None
    warmup: int | None = None
    skips: int = 0
    skips_last: int = 0
    scaler: bool = False
    ended: str = ""
    left_out: int = 0
    cut: int = 0
    torn: bool = False
    epoch: float = math.nan
    step: float = math.nan
    stepped: int = 0
    full: bool = False

    def of(self, *kinds: Kind, averages: bool = False) -> list[Series]:
        """The series of some kinds, those with most values first."""
        named = [s for s in self.series.values() if s.name.kind in kinds and (averages or not s.name.average)]
        return sorted((s for s in named if not s.counts), key=lambda s: -len(s.values))

    @property
    def rival(self) -> bool:
        """True where adversaries or rewards are trained: there a rising loss means nothing."""
        return any(s.name.rival for s in self.series.values())

    @property
    def count(self) -> int:
        """Values of all series."""
        return sum(len(s.values) for s in self.series.values())

    @property
    def reached(self) -> float | None:
        """The largest of the last epochs of all series."""
        last = [s.epochs[-1] for s in self.series.values() if s.epochs]
        return max(filter(math.isfinite, last), default=None)

    def place(self, name: Name, token: str) -> None:
        """Take note of a position."""
        value = cell(token)
        if value is None or not math.isfinite(value):
            return
        if name.kind is Kind.STEP:
            self.step = value
        elif name.kind is Kind.EPOCH:
            self._epoch(value, token)
        elif name.kind is Kind.PLANNED:
            self.planned = round(value)
        elif name.kind is Kind.BATCHES:
            self.batches = max(round(value), self.batches or 0)
        elif name.kind is Kind.WARMUP:
            self.warmup = round(value)

    def _epoch(self, value: float, token: str) -> None:
        if value != self.epoch:
            self.step = math.nan
        self.epoch = value
        total = cell(token.partition("/")[2]) if "/" in token else None
        self.planned = self.planned if total is None or not math.isfinite(total) else round(total)

    def add(self, name: Name, token: str, *, bar: bool = False, table: bool = False) -> None:
        """Take note of a value, as printed."""
        value = cell(token)
        if value is None:
            self.blank(name)
            return
        series = self.series.get(name.key) or self._new(name, bar=bar, table=table)
        if series is None:
            return
        count = len(series.values)
        if bar and count and self.epoch == series.epochs[-1] and _same(value, series.values[-1]):
            return
        if count < _LOOKED_AT or not value:
            _look(series, value, token)
        self._take(series, value)

    def extend(
        self, name: Name, tokens: Sequence[str], epochs: Sequence[float], steps: Sequence[float], *, table: bool
    ) -> None:
        """Take note of many values, as printed: plain numbers, outside of progress bars."""
        series = self.series.get(name.key)
        values = array("d", map(float, tokens))
        known = series if series is not None and len(series.values) >= _LOOKED_AT and not self.full else None
        if known is None or (0.0 in values and known.zero_decimals < 0):
            here = self.epoch, self.step
            for token, self.epoch, self.step in zip(tokens, epochs, steps, strict=True):
                self.add(name, token, table=table)
            self.epoch, self.step = here
            return
        self._begin(known)
        known.extend(values, epochs, steps)
        self.full = self.count >= MOST_VALUES

    def blank(self, name: Name) -> None:
        """Take note that a value is not there, such as `null` or an empty cell."""
        series = self.series.get(name.key)
        if series is not None:
            series.blanks += 1

    def ever_blank(self, names: Iterable[Name]) -> bool:
        """True where values of these names come and go, or never came, so that one more blank says nothing."""
        found = [self.series.get(name.key) for name in names]
        return all(series is None or series.sparse for series in found)

    def value(self, name: Name, value: float) -> None:
        """Take note of a value that was never printed, so that it has all its digits."""
        series = self.series.get(name.key) or self._new(name)
        if series is not None:
            series.decimals = None
            self._take(series, value)

    def _take(self, series: Series, value: float) -> None:
        if not len(series.values) & _NOW_AND_THEN:
            self.full = self.count >= MOST_VALUES
        if self.full:
            self.left_out += 1
            return
        self._begin(series)
        series.add(value, self.epoch, self.step)

    def _begin(self, series: Series) -> None:
        if series.blanks:
            series.blanks, series.sparse = 0, True
        if (self.ended or self.skips_last) and series.name.kind in _LOSSES:
            self.ended = ""
            self.skips_last = 0 if series.name.kind is Kind.TRAIN_LOSS else self.skips_last

    def _new(self, name: Name, *, bar: bool = False, table: bool = False) -> Series | None:
        if len(self.series) >= MOST_SERIES:
            self.left_out += 1
            return None
        self.scaler |= name.kind is Kind.LOSS_SCALE
        series = self.series[name.key] = Series(name, bar=bar, table=table)
        return series


def _look(series: Series, value: float, token: str) -> None:
    if value and series.decimals is not None and math.isfinite(value):
        told = decimals(token)
        series.decimals = None if told is None else max(told, series.decimals)
    elif not value and series.zero_decimals < 0:
        series.zero_decimals = decimals(token) or 0


def _same(one: float, two: float) -> bool:
    return one == two or (math.isnan(one) and math.isnan(two))


OFTEN = 32
"""Lines of one shape from which its pattern is worth making."""
BLOCK = 4096
"""Lines whose values are held back until they are taken together."""
_NUMBER = r"([-+]?(?:\d{1,40}(?:\.\d{0,40})?(?:[eE][-+]?\d{1,4})?|nan|NaN|inf))"
_TIME = r"(\d{0,4}(?::\d\d)+(?:[.,]\d{1,9})?)"
_JOINS = frozenset(("", ",", ":", ".", "#"))
"""Texts that may be part of a number: such lines are read slowly."""
_PLAIN = (Kind.STEP, Kind.EPOCH, Kind.BATCHES, Kind.PLANNED)


class Shape:
    """What is known of the lines that have the same texts between their numbers, or of rows with the same blanks."""

    def __init__(
        self,
        meaning: Template,
        begins: Columns | None = None,
        *,
        phase: str = "",
        header: Columns | None = None,
        table: bool = False,
    ) -> None:
        self.meaning, self.begins, self.phase, self.header, self.table = meaning, begins, phase, header, table
        self.anew = not meaning.phase and any(slot.name.kind is Kind.EPOCH for slot in meaning.positions)
        """Whether such a line ends the phase that earlier lines named."""
        self.uses, self.direct = 0, False
        """Whether all its numbers are plain values, steps and epochs."""
        self.match: Callable[[str], re.Match[str] | None] | None = None
        """Reads a line of this shape; None where it is not worth it."""
        self.step, self.others, self.said = -1, tuple[Slot, ...](), dict[int, str]()
        self.follower: Shape | None = None

    def learn(self, texts: Sequence[str], tokens: Sequence[str], log: Log) -> None:
        """Count a line of this shape, and make the pattern where it is seen often."""
        self.uses += 1
        meaning = self.meaning
        if self.uses != OFTEN or self.begins is not None or meaning.ends or meaning.skip:
            return
        if not tokens or (not self.table and not _JOINS.isdisjoint(texts[1:-1])):
            return
        gaps = [_TIME if ":" in token else _NUMBER for token in tokens]
        pieces = [re.escape(texts[0]), *(g + re.escape(t) for g, t in zip(gaps, texts[1:], strict=True))]
        self.match = re.compile("".join(pieces)).fullmatch
        self.direct = _direct(meaning, tokens, log)
        self.step = max((s.index for s in meaning.positions if s.name.kind is Kind.STEP), default=-1)
        self.others = tuple(s for s in meaning.positions if s.name.kind is not Kind.STEP)

    def place(self, tokens: Sequence[str], log: Log) -> None:
        """Take note of the positions in a line."""
        for slot in self.others:
            token = tokens[slot.index]
            if slot.name.kind is Kind.EPOCH:
                epoch = float(token)
                if epoch != log.epoch and math.isfinite(epoch):
                    log.epoch, log.step = epoch, math.nan
            elif self.said.get(slot.index) != token:
                self.said[slot.index] = token
                log.place(slot.name, token)
        if self.step >= 0:
            log.step = float(tokens[self.step])


def _direct(meaning: Template, tokens: Sequence[str], log: Log) -> bool:
    if meaning.bar or meaning.claims or meaning.settings or not log.ever_blank(meaning.missing):
        return False
    told = any(":" in tokens[s.index] for s in (*meaning.positions, *meaning.slots))
    return not told and all(slot.name.kind in _PLAIN for slot in meaning.positions)


class Block:
    """Lines of one shape whose values wait to be taken together."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.shape: Shape | None = None
        self.rows: list[tuple[tuple[str, ...], float, float]] = []

    def hold(self, shape: Shape, tokens: tuple[str, ...]) -> None:
        """Hold a line's values back."""
        if shape is not self.shape or len(self.rows) >= BLOCK:
            self.take()
            self.shape = shape
        self.rows.append((tokens, self.log.epoch, self.log.step))

    def take(self) -> None:
        """Give the log all that was held back."""
        if not self.rows or self.shape is None:
            return
        tokens, epochs, steps = zip(*self.rows, strict=True)
        columns = tuple(zip(*tokens, strict=True))
        for slot in self.shape.meaning.slots:
            self.log.extend(slot.name, columns[slot.index], epochs, steps, table=self.shape.table)
        self.rows = []
