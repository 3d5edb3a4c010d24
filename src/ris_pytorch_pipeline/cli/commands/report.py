"""`ris report`: a page, tables and figures of trainings, benchmarks and searches, made from what they kept."""

import argparse
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ...errors import ConfigurationError, InputError
from ...files import cause, move, read_regular, reason, write_whole
from ...report import KeptFile, latex_kept, latex_table, read_kept_table, tables_in, tabulated
from ...report.markdown_tables import Kept, Results
from ..forms.drawn_results import draw_all, rows_of, write_latex
from ..forms.reported import folder_of, folders_in, reports_of, search_at
from ..options.storage_url import with_url
from ..showing.figures import save_text

_MOST_BYTES = 2**22
"""Of a text."""


def run(arguments: argparse.Namespace) -> int:
    """Write the page of some results; or the tables of texts, or which of them are out of date; or draw figures.

    Returns:
        The exit code: 0, or 1 where `--check` finds a text that would change.

    Raises:
        ConfigurationError: a text or figure that cannot be read or written.
        InputError: results that are not there, or a table that they cannot fill.
    """
    paths: list[Path] = arguments.results
    if arguments.tables and len(paths) > 1:
        raise ConfigurationError(
            "one folder of results beside --tables", f"{len(paths)}", "tables name their suite themselves",
            "name the folder that holds one folder a suite",
        )  # fmt: skip
    arguments = with_url(arguments)
    if arguments.storage is not None:
        _check_one_search(arguments)
    if arguments.page is not None or not (arguments.tables or arguments.figures or arguments.latex):
        _page(paths, arguments.page, arguments.storage, arguments.name)
    if arguments.figures is not None:
        draw_all(paths, arguments.figures, arguments.kind)
    if arguments.tables:
        return _tables(arguments, paths[0])
    if arguments.latex is not None:
        write_latex(paths, arguments.latex)
    return 0


def _check_one_search(arguments: argparse.Namespace) -> None:
    """Refuse what else a page of one search in a database could be asked for.

    Raises:
        ConfigurationError: several folders, or tables and figures.
    """
    others = [f"--{name}" for name in ("tables", "figures", "latex") if getattr(arguments, name)]
    if others or len(arguments.results) > 1:
        raise ConfigurationError(
            "the page of one search beside --storage", others[0] if others else f"{len(arguments.results)} folders",
            "options for what folders hold", "leave it out, or end the search, which leaves its results in its folder",
        )  # fmt: skip


def _page(paths: Sequence[Path], page: Path | None, storage: str | None, name: str | None) -> None:
    """Write one page of all results."""
    from ...report import report_page  # needs the extra

    folders = list(paths) if storage is not None else [folder for path in paths for folder in folders_in(path)]
    path = page if page is not None else Path("report.html") if len(paths) > 1 else folder_of(paths[0]) / "report.html"
    title = f"Report of {', '.join(folder.name for folder in folders)}" if len(folders) > 1 else None
    reports = reports_of(folders) if storage is None else [search_at(folders[0], storage, name)]
    save_text(report_page(reports, title), path)
    print(f"page written to {path}")


def _tables(arguments: argparse.Namespace, folder: Path) -> int:
    results, kept = cache(lambda suite: rows_of(folder, suite)), lambda file: read_kept_table(folder / file)
    if arguments.latex is not None:
        return _latex(arguments.tables, results, kept, arguments.latex)
    old = {path: _text(path) for path in arguments.tables}
    new = {path: tabulated(text, results, kept) for path, text in old.items()}
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


def _latex(texts: Sequence[Path], results: Results, kept: Kept, folder: Path) -> int:
    """Write each table of some texts into a file of its own, and leave the texts as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for text in texts:
        for number, table in enumerate(tables_in(_text(text)), start=1):
            path = folder / f"{text.stem}-{number}.tex"
            of_file = isinstance(table, KeptFile)
            save_text(latex_kept(kept(table.file)) if of_file else latex_table(table, results(table.suite)), path)
            print(f"table written to {path}")
    return 0


def _text(path: Path) -> str:
    try:
        text = read_regular(path, _MOST_BYTES).decode()
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise ConfigurationError(
            "a text that can be read", f"{path}: {why}", cause(error, "a mistyped path"), move(error, "check it")
        ) from error
    if not tables_in(text):
        raise InputError("a table in the text", f"none in {path}", "another text", "leave it out")
    return text


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, [text.encode()])
    except OSError as error:
        raise ConfigurationError(
            "a text that can be written",
            f"{path}: {reason(error)}",
            cause(error, "a folder that is gone"),
            "mend that",
        ) from error
