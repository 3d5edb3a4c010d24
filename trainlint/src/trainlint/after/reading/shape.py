"""Has a line the shape of one that was seen before? Then its numbers are read by one pattern, and taken in blocks.

Logs repeat themselves: after a line of one shape comes one of the shape that came after it last time. That shape's
texts are known, so a pattern of these texts with a number in each gap reads the line at once. Where it does not fit,
nothing is lost but the try.
"""

import math
import re
from collections.abc import Callable, Sequence

from ..series import Kind
from .log import Log
from .tables import Header, Phases
from .template import Slot, Template

OFTEN = 32
"""Lines of one shape from which its pattern is worth making: that takes as long as reading twenty lines."""
BLOCK = 4096
"""Lines whose values are held back until they are taken together."""
_NUMBER = r"([-+]?(?:\d{1,40}(?:\.\d{0,40})?(?:[eE][-+]?\d{1,4})?|nan|NaN|inf))"
_TIME = r"(\d{0,4}(?::\d\d)+(?:[.,]\d{1,9})?)"
_JOINS = frozenset(("", ",", ":", ".", "#"))
"""Texts that with other digits around them may be part of a number: such lines are read slowly."""
_PLAIN = (Kind.STEP, Kind.EPOCH, Kind.BATCHES, Kind.PLANNED)


class Shape:
    """What is known of the lines that have the same texts between their numbers, or of rows with the same blanks."""

    __slots__ = (
        "anew", "begins", "direct", "follower", "header", "match", "meaning", "others", "phase", "said", "step",
        "table", "uses",
    )  # fmt: skip

    def __init__(
        self, meaning: Template, begins: Header | Phases | None = None, *, phase: str = "",
        header: Header | Phases | None = None,
        table: bool = False
    ) -> None:  # fmt: skip
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
