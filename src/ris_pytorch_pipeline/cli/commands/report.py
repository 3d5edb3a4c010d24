"""`ris report`: the tables of texts, written anew from kept results."""

import argparse
import sys
from functools import cache
from pathlib import Path

from ...bench import RESULTS, Row, read_rows
from ...errors import ConfigurationError, InputError
from ...files import read_regular, reason, write_whole
from ...report import tables_in, tabulated

_MOST_BYTES = 2**22
"""Of a text."""


def run(arguments: argparse.Namespace) -> int:
    """Write the tables of some texts from results, or say which of them are out of date.

    Returns:
        The exit code: 0, or 1 where `--check` finds a text that would change.

    Raises:
        ConfigurationError: a text that cannot be read or written, or without a table.
        InputError: results that are not there, or a table that they cannot fill.
    """
    if not arguments.tables:
        raise ConfigurationError(
            "texts whose tables are to be written", "none", "an option left out",
            f"write `ris report {arguments.results} --tables README.md`",
        )  # fmt: skip
    results = cache(lambda suite: rows_of(arguments.results, suite))
    old = {path: _text(path) for path in arguments.tables}
    new = {path: tabulated(text, results) for path, text in old.items()}
    changed = [path for path in old if old[path] != new[path]]
    for path in changed:
        if arguments.check:
            print(f"ris: {path} is not what the results say", file=sys.stderr)
        else:
            _write(path, new[path])
    count = sum(len(tables_in(text)) for text in new.values())
    print(
        f"{count} tables in {len(new)} texts, {len(changed)} of them {'out of date' if arguments.check else 'written'}"
    )
    return 1 if changed and arguments.check else 0


def rows_of(results: Path, suite: str) -> list[Row]:
    """The rows of a suite in a folder of results.

    Args:
        results: folder with one folder a suite.
        suite: name of that.

    Raises:
        InputError: none are there.
    """
    return read_rows(results / suite / RESULTS)[0]


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
