"""What is a page made of? Sections of words, tables, facts, charts and scenes, each with a template of its own."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .charts.chart import Chart


@dataclass(frozen=True, kw_only=True)
class Text:
    """What stands in a cell of a table.

    Args:
        shown: the text.
        key: number that a column is sorted by; None for texts, and for numbers that do not exist.
    """

    shown: str
    key: float | None = None

    @classmethod
    def number(cls, value: float | None, form: str = ".4g", unit: str = "") -> "Text":
        """A number and its unit; a dash where there is none."""
        if value is None or not math.isfinite(value):
            return cls(shown="-")
        return cls(shown=f"{value:{form}}{unit}", key=float(value))


@dataclass(frozen=True, kw_only=True)
class Words:
    """A paragraph.

    Args:
        text: plain.
        alarm: whether it is bad news.
    """

    template: ClassVar[str] = "words"
    text: str
    alarm: bool = False


@dataclass(frozen=True, kw_only=True)
class Verbatim:
    """Text whose lines and spaces stay as they are.

    Args:
        text: plain.
        summary: what it is, where it is folded away; empty where it is always seen.
    """

    template: ClassVar[str] = "verbatim"
    text: str
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Points below each other.

    Args:
        lines: plain texts.
        alarm: whether they are bad news.
    """

    template: ClassVar[str] = "listing"
    lines: Sequence[str]
    alarm: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table that sorts by any of its columns.

    >>> from ris_pytorch_pipeline.report.pages.parts import Text
    >>> table = Table(name="Methods", head=("method", "n"), lines=[[Text(shown="sml"), Text.number(200, "d")]])
    >>> table.worded  # the second one sorts by its numbers
    [True, False]

    Args:
        name: of it, for those who do not see it.
        head: headings.
        lines: cells, as many as there are headings.
    """

    template: ClassVar[str] = "table"
    name: str
    head: Sequence[str]
    lines: Sequence[Sequence[Text]]

    @property
    def worded(self) -> list[bool]:
        """Which columns are words, and not numbers."""
        return [all(line[number].key is None for line in self.lines) for number in range(len(self.head))]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Names and what they stand for.

    Args:
        name: of the table, for those who do not see it.
        rows: of it.
    """

    template: ClassVar[str] = "facts"
    name: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Charts:
    """Charts beside each other, where there is room.

    Args:
        charts: in order.
    """

    template: ClassVar[str] = "charts"
    charts: Sequence[Chart]

    @property
    def choices(self) -> dict[str, list[str]]:
        """What charts are chosen by: the names of the choices, and among what each is; those of one value are none."""
        found: dict[str, list[str]] = {}
        for chart in self.charts:
            for name, value in chart.chosen.items():
                values = found.setdefault(name, [])
                values += [] if value in values else [value]
        return {name: values for name, values in found.items() if len(values) > 1}

    def places(self, chart: Chart) -> str:
        """Where a chart stands in each choice, such as `0:1 2:0`, as the page's script reads it.

        Args:
            chart: one of them.
        """
        choices = self.choices.items()
        return " ".join(
            f"{number}:{values.index(chart.chosen[name])}"
            for number, (name, values) in enumerate(choices) if name in chart.chosen
        )  # fmt: skip

    def first(self, chart: Chart) -> bool:
        """Whether a chart is seen before anything is chosen.

        Args:
            chart: one of them.
        """
        return all(place.endswith(":0") for place in self.places(chart).split())


@dataclass(frozen=True, kw_only=True)
class Scenes:
    """Scenes to look at, one at a time.

    Args:
        data: what the page's script draws, as `explorer.explored` gives it.
    """

    template: ClassVar[str] = "scenes"
    data: Mapping[str, Any]


Part = Words | Verbatim | Listing | Table | Facts | Charts | Scenes


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a page under a heading.

    Args:
        title: plain text.
        parts: in order.
    """

    title: str
    parts: Sequence[Part]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one run, benchmark or search amounts to.

    >>> from ris_pytorch_pipeline.report.pages.parts import Words
    >>> report = Report(title="Night", lead=[Words(text="It learnt.")], sections=[])
    >>> report.title, report.lead[0].text
    ('Night', 'It learnt.')

    Args:
        title: plain text.
        lead: sentences at the top.
        sections: in order.
    """

    title: str
    lead: Sequence[Words]
    sections: Sequence[Section]


def placed(sections: Sequence[Section]) -> Iterator[tuple[str, Part]]:
    """Every part with the name by which the page's script finds it.

    Args:
        sections: of a page.
    """
    for i, section in enumerate(sections):
        for j, part in enumerate(section.parts):
            yield f"{i}-{j}", part
