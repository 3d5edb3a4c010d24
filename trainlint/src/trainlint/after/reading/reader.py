"""How does a line become values? Rows under a header first, else by the line's template."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..series import Kind
from .log import Block, Log, Shape
from .names import name_of
from .numerals import NUMBER, Commas
from .tables import Columns, Header, header, phases
from .template import POSITIONS, Slot, Template, epochs_first, phase_of, understand
from .text import Endings, may_end

PLACES = (Kind.EPOCH, Kind.STEP, Kind.PLANNED, Kind.BATCHES, Kind.WARMUP, Kind.IGNORED)
"""Kinds whose numbers are no series."""
_CELLS = frozenset((",", "\t", ";"))
"""Marks of tables whose rows may be read as shapes."""
_CACHED = 4096
_MOST_TABLES = 64
_LONGEST_CACHED = 2000
_ASIDE = re.compile(r"(?:pass|FAIL)  |\[VERDICT\]|RT\d{3} |    (?:cause|next|see):|    follows from ")
"""Lines of a preflight or a verdict, whose numbers are not the log's."""
_GLUED = re.compile(r"([eEsSiI](?<!\w.)(?:p(?:och)?|tep|ter(?:ation)?))(?=\d)")
"""`epoch3` is the number 3 under the name epoch."""
_OURS = (
    (re.compile(r"Δ\s?param\w{0,8}\s{0,4}(?:\|\|·\|\|₂|L2:\s{0,4}median)\s{0,4}\|{0,2}\s{0,4}[:=]?"), "Δparam="),
    (re.compile(r"‖Δ[wθ]‖"), "Δparam"),
    (re.compile(r"\|\|g\|\|_2(?==)"), "grad_norm"),
    (re.compile(r"(?<=\w)(?<!grad)_norm=(?!=)"), "_grad_norm="),
)
"""Names of our own lines, and of others that print formulas."""
_TITLED = re.compile(r"\s{0,64}(?:[\"'#]|(?:epoch|step|iter)\w{0,10}\s{0,32}[,;\t|]|.{0,400}%\|)", re.IGNORECASE)
"""A header may hold numbers, as `top-1`, or a progress bar behind it."""
_STEPPED = re.compile(r"\bstepp?(?:ed|_taken)?\s?=\s?(?:True|yes|[1-9])", re.IGNORECASE)
_KIND = re.compile(r"\s+|[-+]?\d[\d.]*(?:e[-+]?\d+)?|nan|inf", re.IGNORECASE)
_RULE = re.compile(r"[-=+|:\s]{3,}|[─━┄═\s┼╇┡┏┓┗┛┘└┐┌├┤┬┴│┃╪╞╡]{3,}")

_QUOTED = re.compile(r'"[^"]{0,400}"')


class Reader:
    """Reads lines and rows into a log."""

    def __init__(self, stem: str = "") -> None:
        self._log, self.stem = Log(), stem
        self.phase = ""
        self.header: Columns | None = None
        self._tables: dict[str, Columns] = {}
        self._begun = False
        self.commas = Commas()
        self._known: dict[tuple[str, ...], Shape] = {}
        self._last = Shape(Template())
        self._block = Block(self._log)
        self._endings = Endings()

    @property
    def log(self) -> Log:
        """All that was read."""
        self._block.take()
        return self._log

    def cut(self) -> None:
        """Take note that the end of a line was left out."""
        self._log.cut += 1

    def line(self, line: str) -> None:
        """Read a line."""
        if self._endings.inside and self._ended(line):
            return
        shape = self._last.follower
        found = None
        if shape is not None and shape.match is not None and shape.phase == self.phase and shape.header is self.header:
            found = shape.match(line)
        if shape is None or found is None:
            self._block.take()
            self._line(self.commas.read(line, self.header.mark if self.header is not None else ""))
            return
        self._last = shape
        if not shape.direct:
            self._block.take()
            self._values(line, shape.meaning, found.groups(), table=shape.table)
            return
        tokens = found.groups()
        shape.place(tokens, self._log)
        if shape.meaning.slots:
            self._block.hold(shape, tokens)
        if self.phase and shape.anew:
            self.phase = ""

    def _line(self, line: str) -> None:
        if self.header is not None and self._row(self._table(line, self.header), line):
            return
        parts = NUMBER.split(line)
        shape = self._understood(line, parts[::2])
        if shape is None:
            self._line(_GLUED.sub(r"\1 ", line))
            return
        self._follow(shape, parts[::2], parts[1::2])
        known = shape.meaning
        if shape.begins is not None:
            self.header, self._begun = shape.begins, True
        elif known.ends and self._ended(line):
            return
        elif len(parts) == 1:
            self._words(line, known)
        else:
            self._values(line, known, parts[1::2])

    def _follow(self, shape: Shape, texts: Sequence[str], tokens: Sequence[str]) -> None:
        self._last.follower = self._last = shape
        shape.learn(texts, tokens, self._log)

    def _ended(self, line: str) -> bool:
        end = self._endings.read(line)
        self._log.ended = end or self._log.ended
        return end is not None

    def _understood(self, line: str, texts: list[str]) -> Shape | None:
        if len(line) > _LONGEST_CACHED:
            return Shape(understand(texts, self.phase))
        key = (self.phase, *texts)
        known = self._known.get(key)
        if known is None:
            if _GLUED.search(line):
                return None
            found = self._new(line, texts)
            shape = Shape(found) if isinstance(found, Template) else Shape(Template(), found)
            known = self._remember(key, shape)
        known.header = self.header
        return known

    def _remember(self, key: tuple[str, ...], shape: Shape) -> Shape:
        if len(self._known) >= _CACHED:
            self._known.clear()
        self._known[key] = shape
        shape.phase, shape.header = self.phase, self.header
        return shape

    def _new(self, line: str, texts: list[str]) -> Template | Columns:
        if _ASIDE.match(line):
            return Template(settings=True)
        if "|" in line and (columns := phases(line)) is not None:
            return columns
        if (len(texts) < 3 or _TITLED.match(line)) and (found := header(line, self.stem)) is not None:
            return found
        if "param" in line or "_norm" in line or "‖" in line or "||" in line:
            for seen, meant in _OURS:
                texts = [seen.sub(meant, t) for t in texts]
        template = understand(texts, self.phase)
        ends, claims = may_end(line), "stepp" in line or "step_" in line
        return replace(template, ends=ends, claims=claims) if ends or claims else template

    def _words(self, line: str, template: Template) -> None:
        if template.skip:
            self._skipped()
        text = line.strip(" #*=->|")
        if 0 < len(text) <= 60 and template.phase and template.phase == phase_of(" ".join(text.split()[:3])):
            self.phase = template.phase

    def _skipped(self) -> None:
        self._log.skips += 1
        self._log.skips_last += 1
        self._log.scaler = True

    def _values(self, line: str, template: Template, tokens: Sequence[str], *, table: bool = False) -> None:
        log = self._log
        if template.settings:
            return
        if template.skip:
            self._skipped()
        for slot in template.positions:
            if slot.name.kind is Kind.EPOCH and not template.phase:
                self.phase = ""
            log.place(slot.name, tokens[slot.index])
        for slot in template.slots:
            log.add(slot.name, tokens[slot.index], bar=template.bar, table=table)
        for name in template.missing:
            log.blank(name)
        if template.claims and _STEPPED.search(line):
            log.stepped += 1

    def _table(self, line: str, last: Columns) -> Columns:
        if not self._begun and len(self._tables) < 2:
            return last
        cells = line[:_LONGEST_CACHED]
        kind = _KIND.sub("0", cells.partition(": ")[0] if "%|" in cells else cells)
        if self._begun and last.row(line) is not None:
            self._tables = {} if len(self._tables) > _MOST_TABLES else self._tables
            self._begun, self._tables[kind] = False, last
        self.header = self._tables.get(kind, last)
        return self.header

    def _row(self, header: Columns, line: str) -> bool:
        if not line.strip():
            return False
        if '"' in line and header.mark in {",", ";"}:
            line = _QUOTED.sub(lambda found: found[0].replace(header.mark, " "), line)
        cells = header.row(line)
        if cells is None:
            return bool(_RULE.fullmatch(line[:_LONGEST_CACHED]))
        cells = [(name, text.strip().strip("\"'")) for name, text in cells]
        for name, text in sorted(cells, key=lambda cell: cell[0].kind is not Kind.EPOCH):
            self._log.place(name, text)
        for name, text in cells:
            if name.kind not in PLACES:
                self._log.add(name, text, table=True)
        if isinstance(header, Header) and header.mark in _CELLS and len(line) <= _LONGEST_CACHED:
            self._follow_row(header, line)
        return True

    def _follow_row(self, header: Header, line: str) -> None:
        tokens = line.split(header.mark)
        filled = [i for i, token in enumerate(tokens) if token]
        texts = header.mark.join("0" if token else "" for token in tokens).split("0")
        key = ("row", str(id(header)), *texts)
        shape = self._known.get(key)
        if shape is None:
            shape = self._remember(key, Shape(_row_of(header, filled), table=True))
        self._follow(shape, texts, [tokens[i] for i in filled])

    def row(self, pairs: Iterable[tuple[str, float | None]]) -> None:
        """Read named numbers that belong together, such as an entry of a JSON list."""
        named = [(name_of(name), value) for name, value in pairs]
        log = self._log
        log.step = math.nan if any(n.kind is Kind.EPOCH for n, _ in named) else log.step
        for name, value in sorted(named, key=lambda pair: pair[0].kind is not Kind.EPOCH):
            if value is not None:
                log.place(name, repr(value))
        for name, value in named:
            if name.kind not in PLACES:
                log.blank(name) if value is None else log.value(name, value)


def _row_of(header: Header, filled: Sequence[int]) -> Template:
    named = [(n, header.names[i]) for n, i in enumerate(filled)]
    slots = [Slot(n, name) for n, name in named if name is not None]
    empty = [name for i, name in enumerate(header.names) if name is not None and i not in filled]
    return Template(
        slots=tuple(s for s in slots if s.name.kind not in PLACES),
        positions=epochs_first(s for s in slots if s.name.kind in POSITIONS),
        missing=tuple(name for name in empty if name.kind not in PLACES),
        phase="table",
    )
