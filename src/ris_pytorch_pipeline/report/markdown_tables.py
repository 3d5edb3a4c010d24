"""How do tables of results stand in a text? Between two comments, the first of which says what the table shows."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import ConfigurationError, InputError
from ..experiment import overlay
from ..experiment.strict import check_keys, fit
from ..files import parse_toml
from ..foreign import odd_values
from .kept_tables import KeptTable
from .result_table import ResultTable, Row

BEGIN, END = "<!-- table", "<!-- end of table -->"
"""The comments around a table, on lines of their own, not indented; behind the first words stand the fields of
`ResultTable`, or that of `KeptFile`, as TOML, a line each."""
_BLOCK = re.compile(rf"^{BEGIN}\n(.*?)^-->\n(.*?)^{END}$", re.DOTALL | re.MULTILINE)
Results = Callable[[str], Sequence[Row]]
"""From the name of a suite to its rows of results."""
Kept = Callable[[str], KeptTable]
"""From the file of a kept table to what it holds."""
_FILE = re.compile(r"(?:\w[\w.-]*/)*\w[\w.-]*\.csv", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A table that a file holds as it stands.

    >>> table_of('file = "measured/fit/coverage.csv"')
    KeptFile(file='measured/fit/coverage.csv')

    Args:
        file: its path below the folder of results.

    Raises:
        ConfigurationError: a path that may lead out of that folder, or to another kind of file.
    """

    file: str

    def __post_init__(self) -> None:
        """Refuse a path that leads elsewhere.

        Raises:
            ConfigurationError: that.
        """
        if not _FILE.fullmatch(self.file):
            raise ConfigurationError(
                "a CSV below the folder of results, such as measured/fit/coverage.csv", repr(self.file[:80]),
                "a path from elsewhere, or a name with a space", "move the file there, and name it from there on",
            )  # fmt: skip


def tabulated(text: str, results: Results, kept: Kept) -> str:
    r"""A text with every table in it written anew.

    >>> rows = [
    ...     {
    ...         "sweep": "snr", "axes": '{"snr_db": 10}', "method": "sml", "success": 0.97, "n": 200, "seed": 0,
    ...         "commit": "0123456ab",
    ...     }
    ... ]
    >>> lines = 'sweeps = ["snr"]\nrows = ["method"]\ncolumns = ["snr_db"]\ncell = "{success:.2f}"\n'
    >>> text = f"<!-- table\n{lines}-->\n<!-- end of table -->"
    >>> print(tabulated(text, lambda suite: rows, lambda file: KeptTable(head=("a",), rows=(("1",),))))
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
        kept: reads a table that was kept as it stands.

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
    return _BLOCK.sub(lambda match: f"{BEGIN}\n{match[1]}-->\n\n{_table(match[1], results, kept)}\n\n{END}", text)


def tables_in(text: str) -> list[ResultTable | KeptFile]:
    r"""What the tables of a text show.

    >>> lines = 'sweeps = ["snr"]\nrows = ["method"]\ncolumns = ["snr_db"]\ncell = "{success:.2f}"\n'
    >>> tables_in(f"<!-- table\n{lines}-->\n<!-- end of table -->") == [table_of(lines)]
    True
    """
    return [table_of(match[1]) for match in _BLOCK.finditer(text)]


def table_of(lines: str) -> ResultTable | KeptFile:
    """The table that the lines of a comment describe: one kept in a `file`, else one of results.

    >>> table_of('sweeps = ["snr"]').suite
    'paper'

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
    if "file" in values:
        check_keys(values, ("file",))
        return KeptFile(file=fit(str, values["file"], "file"))
    return overlay(ResultTable(), values)


def _table(lines: str, results: Results, kept: Kept) -> str:
    table = table_of(lines)
    if isinstance(table, KeptFile):
        return kept(table.file).markdown()
    with odd_values("results that a table can show", table.suite, "run that suite anew"):
        return table.markdown(results(table.suite))
