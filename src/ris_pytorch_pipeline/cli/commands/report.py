"""`ris report`: a page, tables of texts and figures of sweeps, made from kept results."""

import argparse
import json
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from matplotlib.figure import Figure

from ...bench import RESULTS, Row, cell_of, read_rows
from ...errors import ConfigurationError, InputError
from ...files import is_there, read_regular, reason, write_whole
from ...report import heat_maps, latex_table, sweep_figure, tables_in, tabulated
from ...report.markdown_tables import Results
from ..showing.figures import check_figure, save_figure, save_text

_MOST_BYTES = 2**22
"""Of a text."""


def run(arguments: argparse.Namespace) -> int:
    """Write the page of some results; or the tables of texts, or which of them are out of date; or draw the sweeps.

    Returns:
        The exit code: 0, or 1 where `--check` finds a text that would change.

    Raises:
        ConfigurationError: a text or figure that cannot be read or written.
        InputError: results that are not there, or a table that they cannot fill.
    """
    if arguments.page is not None or not (arguments.tables or arguments.figures):
        _page(arguments.results, arguments.page)
    if arguments.figures is not None:
        _draw(arguments.results, arguments.figures, arguments.kind)
    return _tables(arguments) if arguments.tables else 0


def _page(results: Path, page: Path | None) -> None:
    """Write the page of a folder of results."""
    from ...report import bench_page  # needs the extra

    rows, suite = read_rows(results / RESULTS)
    path = results / "report.html" if page is None else page
    save_text(bench_page(f"Benchmark {results.resolve().name}", rows, suite), path)
    print(f"page written to {path}")


def _tables(arguments: argparse.Namespace) -> int:
    results = cache(lambda suite: rows_of(arguments.results, suite))
    if arguments.latex is not None:
        return _latex(arguments.tables, results, arguments.latex)
    old = {path: _text(path) for path in arguments.tables}
    new = {path: tabulated(text, results) for path, text in old.items()}
    changed = [path for path in old if old[path] != new[path]]
    for path in changed:
        if arguments.check:
            print(f"ris: {path} is not what the results say", file=sys.stderr)
        else:
            _write(path, new[path])
    count = sum(len(tables_in(text)) for text in new.values())
    done = "out of date" if arguments.check else "written"
    print(f"{count} tables in {len(new)} texts, {len(changed)} of them {done}")
    return 1 if changed and arguments.check else 0


def _latex(texts: Sequence[Path], results: Results, folder: Path) -> int:
    """Write each table of some texts into a file of its own, and leave the texts as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for text in texts:
        for number, table in enumerate(tables_in(_text(text)), start=1):
            path = folder / f"{text.stem}-{number}.tex"
            save_text(latex_table(table, results(table.suite)), path)
            print(f"table written to {path}")
    return 0


def _draw(results: Path, folder: Path, kind: str) -> None:
    """A figure of each sweep that is lines over SNR, or a map of two axes."""
    folder.mkdir(parents=True, exist_ok=True)
    for suite in suites_in(results):
        rows = rows_of(results, suite)
        for sweep in dict.fromkeys(row["sweep"] for row in rows):
            figure = figure_of([row for row in rows if row["sweep"] == sweep])
            if figure is not None:
                path = folder / f"{suite}-{sweep}.{kind}"
                check_figure(path)
                save_figure(figure, path)


def figure_of(rows: Sequence[Row]) -> Figure | None:
    """The figure of a sweep: lines over SNR, a map of two axes, or None where it is neither.

    Args:
        rows: of the sweep.
    """
    axes = json.loads(rows[0]["axes"])
    points = [row["snr_db_least"] == row["snr_db_most"] for row in rows]
    if "snr_db" in axes and set(axes) <= {"sources", "snr_db"} and all(points):
        return sweep_figure([cell_of(row) for row in rows])
    return heat_maps(rows) if len(axes) == 2 else None


def rows_of(results: Path, suite: str) -> list[Row]:
    """The rows of a suite.

    Args:
        results: folder of one suite, or with one folder a suite.
        suite: name of that.

    Raises:
        InputError: none are there.
    """
    own = results.resolve().name == suite and is_there(results / RESULTS)
    return read_rows(results / RESULTS if own else results / suite / RESULTS)[0]


def suites_in(results: Path) -> list[str]:
    """Names of the suites in a folder, which may be the folder of one."""
    if is_there(results / RESULTS):
        return [results.resolve().name]
    return sorted(path.parent.name for path in results.glob(f"*/{RESULTS}"))


def _text(path: Path) -> str:
    try:
        text = read_regular(path, _MOST_BYTES).decode()
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise ConfigurationError("a text that can be read", f"{path}: {why}", "a mistyped path", "check it") from error
    if not tables_in(text):
        raise InputError("a table in the text", f"none in {path}", "another text", "leave it out")
    return text


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, [text.encode()])
    except OSError as error:
        raise ConfigurationError(
            "a text that can be written", f"{path}: {reason(error)}", "no permission, or a full disk", "mend that"
        ) from error
