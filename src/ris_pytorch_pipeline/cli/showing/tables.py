"""How a table is read on any screen: columns that do not fit beside each other go below, and nothing is cut."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 80
"""Columns where nobody's terminal says how wide it is."""
_BETWEEN = 3
"""Columns that one more column costs beside its text: a blank on both sides, and the rule."""


@dataclass(eq=False, kw_only=True)
class Stacked:
    """A table of texts that is split into several below each other where it is too wide, none of its texts cut.

    Args:
        title: above it.
        columns: headings.
        keys: columns at the left that each part repeats, so that a row is recognised.
        prose: whether the last column is text that goes to the left and may take several lines.
        rows: texts, as many as there are columns.
    """

    title: str
    columns: tuple[str, ...]
    keys: int = 1
    prose: bool = False
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add_row(self, *cells: str) -> None:
        """Add a row of texts, one for each column."""
        self.rows.append(cells)

    def widths(self) -> list[int]:
        """Letters that each column needs."""
        return [
            max(cell_len(line) for cell in column for line in cell.split("\n") or [""]) for column in self._across()
        ]

    def _across(self) -> Iterator[tuple[str, ...]]:
        return zip(self.columns, *self.rows, strict=True)

    def groups(self, width: int) -> list[list[int]]:
        """Numbers of the columns of each part, the keys first in every one of them.

        Args:
            width: letters of a line.
        """
        need, keys = self.widths(), list(range(self.keys))
        base = sum(need[number] + _BETWEEN for number in keys)
        found: list[list[int]] = []
        used = width
        for number in range(self.keys, len(self.columns)):
            more = need[number] + _BETWEEN
            if not found or used + more - 1 > width:
                found.append(list(keys))
                used = base
            found[-1].append(number)
            used += more
        return found or [keys]

    def parts(self, width: int) -> list[Table]:
        """The tables to print below each other.

        Args:
            width: letters of a line.
        """
        made = []
        for number, group in enumerate(self.groups(width)):
            made.append(self._part(group, self.title if number == 0 else None))
        return made

    def _part(self, group: Sequence[int], title: str | None) -> Table:
        table = Table(title=title, title_justify="left", show_edge=False)
        for number in group:
            prose = self.prose and number == len(self.columns) - 1
            left = prose or number == 0
            table.add_column(self.columns[number], justify="left" if left else "right", no_wrap=False, overflow="fold")
        for row in self.rows:
            table.add_row(*(row[number] for number in group))
        return table


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave a closed pipe to `main`, as every other print does.

        Raises:
            BrokenPipeError: always.
        """
        raise BrokenPipeError


def print_table(table: Stacked) -> None:
    """Print a table as wide as the terminal; 80 columns wide where there is none."""
    console = _Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False, markup=False)
    for number, part in enumerate(table.parts(console.width)):
        if number:
            console.print()
        console.print(part)


def table_of(title: str, columns: tuple[str, ...], keys: int = 1, *, prose: bool = False) -> Stacked:
    """An empty table, first column to the left, the others to the right."""
    return Stacked(title=title, columns=columns, keys=keys, prose=prose)
