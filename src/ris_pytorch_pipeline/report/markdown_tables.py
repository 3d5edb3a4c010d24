"""How do tables of results stand in a text? Between two comments, the first of which says what the table shows."""

import re
from collections.abc import Callable, Sequence

from ..errors import InputError
from ..experiment import overlay
from ..files import parse_toml
from ..foreign import odd_values
from .result_table import ResultTable, Row

BEGIN, END = "<!-- table", "<!-- end of table -->"
"""The comments around a table, on lines of their own, not indented; behind the first words stand the fields of
`ResultTable` as TOML, a line each."""
_BLOCK = re.compile(rf"^{BEGIN}\n(.*?)^-->\n(.*?)^{END}$", re.DOTALL | re.MULTILINE)
Results = Callable[[str], Sequence[Row]]
"""From the name of a suite to its rows of results."""


def tabulated(text: str, results: Results) -> str:
    r"""A text with every table in it written anew.

    >>> rows = [
    ...     {
    ...         "sweep": "snr", "axes": '{"snr_db": 10}', "method": "sml", "success": 0.97, "n": 200, "seed": 0,
    ...         "commit": "0123456ab",
    ...     }
    ... ]
    >>> lines = 'sweeps = ["snr"]\nrows = ["method"]\ncolumns = ["snr_db"]\ncell = "{success:.2f}"\n'
    >>> text = f"<!-- table\n{lines}-->\n<!-- end of table -->"
    >>> print(tabulated(text, lambda suite: rows))
    <!-- table
    sweeps = ["snr"]
    rows = ["method"]
    columns = ["snr_db"]
    cell = "{success:.2f}"
    -->
    <BLANKLINE>
    | method | 10 dB |
    |---|---|
    | sml | 0.97 |
    <BLANKLINE>
    n = 200 scenes a cell, seed 0, commit 0123456ab.
    <BLANKLINE>
    <!-- end of table -->

    Args:
        text: of Markdown.
        results: reads the rows of a suite.

    Returns:
        The same text, but for what stands between the comments.

    Raises:
        InputError: a comment without its partner, lines that are no TOML, or a table that its results cannot fill.
        ConfigurationError: an unknown key or column.
    """
    found = list(_BLOCK.finditer(text))
    begun, ended = (sum(line.startswith(mark) for line in text.splitlines()) for mark in (BEGIN, END))
    if not len(found) == begun == ended:
        raise InputError(
            f"{BEGIN} and its lines, then {END}, in turns, each on a line of its own", f"{begun} and {ended} of them",
            "a comment that was cut, or words behind the first one", f"close each table with {END}",
        )  # fmt: skip
    return _BLOCK.sub(lambda match: f"{BEGIN}\n{match[1]}-->\n\n{_table(match[1], results)}\n\n{END}", text)


def tables_in(text: str) -> list[ResultTable]:
    r"""What the tables of a text show.

    >>> lines = 'sweeps = ["snr"]\nrows = ["method"]\ncolumns = ["snr_db"]\ncell = "{success:.2f}"\n'
    >>> tables_in(f"<!-- table\n{lines}-->\n<!-- end of table -->")[0].sweeps
    ('snr',)
    """
    return [table_of(match[1]) for match in _BLOCK.finditer(text)]


def table_of(lines: str) -> ResultTable:
    """The table that the lines of a comment describe.

    >>> table_of('sweeps = ["snr"]').sweeps
    ('snr',)

    Raises:
        InputError: no TOML.
        ConfigurationError: an unknown key, or a value that does not fit.
    """
    try:
        values = parse_toml(lines.encode())
    except ValueError as error:
        raise InputError(
            f"TOML behind {BEGIN}", str(error)[:200], "a text without quotes, or a key twice", "mend that line"
        ) from error
    return overlay(ResultTable(), values)


def _table(lines: str, results: Results) -> str:
    table = table_of(lines)
    with odd_values("results that a table can show", table.suite, "run that suite anew"):
        return table.markdown(results(table.suite))
