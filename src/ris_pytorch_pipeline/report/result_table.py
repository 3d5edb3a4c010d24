"""What does a table of results show? Rows of a benchmark, chosen, laid out by their axes, and spelled by a template."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any, NoReturn

from ..errors import ConfigurationError, InputError
from ..experiment.strict import check_keys

Label = int | float | str | bool | tuple[float, float]
"""A value of an axis."""
Row = Mapping[str, Any]
"""A row of results, by column."""
METHOD = "method"
"""What rows are laid out by beside their axes."""
_HEADINGS = {"sources": "K", "snr_db": "SNR dB"}
_SPELLINGS = {"sources": "K = {}", "snr_db": "{} dB"}
_WIDE = re.compile(r"\d{4}")
_NONE = "-"


@dataclass(frozen=True, kw_only=True)
class ResultTable:
    """A table of Markdown.

    >>> rows = [
    ...     {
    ...         "sweep": "snr", "axes": '{"snr_db": 10}', "method": "sml", "success": 0.97, "n": 200, "seed": 0,
    ...         "commit": "0123456ab",
    ...     }
    ... ]
    >>> table = ResultTable(sweeps=("snr",), rows=("method",), columns=("snr_db",), cell="{success:.2f}")
    >>> print(table.markdown(rows))
    | method | 10 dB |
    |---|---|
    | sml | 0.97 |
    <BLANKLINE>
    n = 200 scenes a cell, seed 0, commit 0123456ab.
    >>> table.lines(rows)[:2]  # headings and lines as they stand in LaTeX, too
    [['method', '10 dB'], ['sml', '0.97']]

    Args:
        suite: whose results it shows.
        sweeps: of that suite, one or several.
        rows: axes, or `method`, whose values make the rows.
        columns: the same for the columns; none where `figures` make them.
        cell: template of every cell, with the columns of results in braces, such as "{success:.3f}"; `genie_success`
            and the like are the genie's at the same place.
        figures: (heading, template) of each column, where no axis makes them.
        where: (axis or `method`, values): which rows of results are shown, and in which order.
    """

    suite: str = "paper"
    sweeps: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    cell: str = ""
    figures: tuple[tuple[str, str], ...] = ()
    where: tuple[tuple[str, tuple[Label, ...]], ...] = ()

    def markdown(self, results: Sequence[Row]) -> str:
        """The table, and below it where its numbers come from.

        Args:
            results: rows of the suite.

        Raises:
            InputError: as `lines`.
            ConfigurationError: as `lines`.
        """
        head, *body, source = self.lines(results)
        lines = [f"| {' | '.join(line)} |" for line in (head, *body)]
        return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:], "", source[0]])

    def lines(self, results: Sequence[Row]) -> list[list[str]]:
        """The texts of the table: its headings, its lines, and one line with one text of where its numbers come from.

        Args:
            results: rows of the suite.

        Raises:
            InputError: half of a table, a sweep or an axis that is not there, no row left, or two for one cell.
            ConfigurationError: a template that names no column of results.
        """
        self._check()
        chosen = [row for row in results if row["sweep"] in self.sweeps]
        missing = [sweep for sweep in self.sweeps if sweep not in {row["sweep"] for row in chosen}]
        if missing:
            _refuse(f"results of the sweep {missing[0]}", "none", "a suite not run through, or a misspelt name")
        held = [row for row in chosen if self._shows(row)]
        if not held:
            _refuse("a row of results", "none", f"nothing fits where = {dict(self.where)}")
        return [*(self._crossed(held) if self.columns else self._listed(held)), [source_line(held)]]

    def _check(self) -> None:
        """Refuse half of a table.

        Raises:
            InputError: neither or both of `columns` with `cell`, and `figures`; or no sweep, or no rows.
        """
        if bool(self.columns and self.cell) == bool(self.figures) or not self.rows or not self.sweeps:
            raise InputError(
                "sweeps, rows, and either columns with a cell or figures", f"{self}"[:200], "half of a table",
                'write sweeps = ["random"], rows = ["sources"], columns = ["snr_db"], cell = "{success:.3f}"',
            )  # fmt: skip

    def _shows(self, row: Row) -> bool:
        return all(any(_same(self._value(row, key), value) for value in values) for key, values in self.where)

    def _value(self, row: Row, key: str) -> Any:  # noqa: ANN401
        """The label of a row on an axis.

        Raises:
            InputError: it has no such axis.
        """
        if key == METHOD:
            return row[METHOD]
        axes = json.loads(row["axes"])
        if key not in axes:
            _refuse(f"an axis out of {', '.join([METHOD, *axes])}", key, f"the sweep {row['sweep']} does not vary it")
        return axes[key]

    def _labels(self, row: Row, keys: Sequence[str]) -> tuple[str, ...]:
        return tuple(json.dumps(self._value(row, key)) for key in keys)

    def _order(self, results: Sequence[Row], keys: Sequence[str]) -> list[tuple[str, ...]]:
        """Combinations of labels, as `where` lists them, else as they come."""
        listed = {key: [json.dumps(value) for value in values] for key, values in self.where}
        found = list(dict.fromkeys(self._labels(row, keys) for row in results))

        def place(labels: tuple[str, ...]) -> tuple[int, ...]:
            return tuple(
                listed[key].index(label) if key in listed and label in listed[key] else first.index(label)
                for key, label, first in zip(keys, labels, firsts, strict=True)
            )

        firsts = [list(dict.fromkeys(labels[i] for labels in found)) for i in range(len(keys))]
        return sorted(found, key=place)

    def _crossed(self, results: Sequence[Row]) -> list[list[str]]:
        """Axes against axes."""
        across, down = self._order(results, self.columns), self._order(results, self.rows)
        cells: dict[tuple[Any, Any], Row] = {}
        for row in results:
            key = self._labels(row, self.rows), self._labels(row, self.columns)
            if key in cells:
                _refuse("one row of results a cell", f"two at {key}", "an axis or `method` that is left out")
            cells[key] = row
        head = [*(_HEADINGS.get(key, key) for key in self.rows)]
        head += [", ".join(_spelled(key, label) for key, label in zip(self.columns, labels, strict=True))
                 for labels in across]  # fmt: skip
        return [head] + [
            [*(_text(label) for label in labels),
             *(filled(self.cell, cells[labels, column]) if (labels, column) in cells else _NONE for column in across)]
            for labels in down
        ]  # fmt: skip

    def _listed(self, results: Sequence[Row]) -> list[list[str]]:
        """A row of results a row, in several figures."""
        by_labels = {self._labels(row, self.rows): row for row in results}
        if len(by_labels) < len(results):
            _refuse("one row of results a row", "several", "an axis or `method` that is left out")
        head = [*(_HEADINGS.get(key, key) for key in self.rows), *(heading for heading, _ in self.figures)]
        return [head] + [
            [*(_text(label) for label in labels), *(filled(cell, by_labels[labels]) for _, cell in self.figures)]
            for labels in self._order(results, self.rows)
        ]


def filled(template: str, row: Row) -> str:
    """A template with the figures of a row; a figure that does not exist is `-`.

    >>> filled("{success:.2f} of {n}; {rmse:.1f}", {"success": 0.5, "n": 20, "rmse": float("nan")})
    '0.50 of 20; -'

    Args:
        template: with columns of results in braces.
        row: of results.

    Raises:
        ConfigurationError: a column that is not there (the nearest one is suggested), or braces that are none.
    """
    parts = []
    try:
        for text, name, form, _ in Formatter().parse(template):
            parts.append(text)
            if name is not None:
                check_keys([name], row)
                parts.append(_figure(row[name], form or ""))
    except ConfigurationError:
        raise
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            "columns of results in braces, such as {success:.2f}", f"{template[:80]!r}: {error}"[:200],
            "a brace left open, or a format for another kind of value", "mend the template",
        ) from error  # fmt: skip
    return "".join(parts)


def _figure(value: Any, form: str) -> str:  # noqa: ANN401
    """A figure in a format.

    Raises:
        ValueError: a width of thousands.
    """
    if _WIDE.search(form):
        raise ValueError(f"the width {form[:20]}")
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return _NONE if missing else format(value, form)


def source_line(results: Sequence[Row]) -> str:
    """How many scenes, and which code: what stands below a table.

    >>> source_line([{"n": scenes, "seed": 0, "commit": "0123456abcdef"} for scenes in (200, 500)])
    'n = 200 to 500 scenes a cell, seed 0, commit 0123456ab.'
    """
    scenes = sorted({row["n"] for row in results})
    size = f"{scenes[0]}" if len(scenes) == 1 else f"{scenes[0]} to {scenes[-1]}"
    seeds = ", ".join(str(seed) for seed in sorted({row["seed"] for row in results}))
    commits = ", ".join(sorted({str(row["commit"])[:9] for row in results}))
    return f"n = {size} scenes a cell, seed {seeds}, commit {commits}."


def _spelled(key: str, label: str) -> str:
    text = _text(label)
    return _SPELLINGS[key].format(text) if key in _SPELLINGS else text


def _text(label: str) -> str:
    value = json.loads(label)
    if isinstance(value, list):
        return " to ".join(f"{each:g}" for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _same(label: Any, value: Label) -> bool:  # noqa: ANN401
    return label == (list(value) if isinstance(value, tuple) else value)


def _refuse(wanted: str, got: str, cause: str) -> NoReturn:
    """Say what a table lacks.

    Raises:
        InputError: always.
    """
    raise InputError(wanted, got, cause, "mend the table's own lines, or run the suite")
