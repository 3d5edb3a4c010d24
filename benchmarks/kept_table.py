"""Run a program and keep the tables of Markdown that it prints, each as CSV below its command, its commit and the date.

What the program prints is passed on. It has as many tables as files are named, in their order; `-` in place of a file
leaves one out. Of a program that fails, prints another number of tables, or other lines between rows, nothing is kept.
The commit ends in `+changes` where files of the project beside `results` and `docs` were changed.

    python benchmarks/kept_table.py results/measured/fit/still-codes.csv -- python benchmarks/still_codes.py --seed 1306
    make tables
"""

import argparse
import datetime
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.files import cause, make_folder, move, reason, write_whole
from ris_pytorch_pipeline.report import KeptTable

ROOT = Path(__file__).parents[1]
_RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+")
_LEFT_OUT = "-"


def tables_of(text: str) -> list[KeptTable]:
    """The tables that a program printed.

    Raises:
        InputError: a table without a row, or rows apart from their table, which would be lost.
    """
    tables: list[KeptTable] = []
    for block in _blocks(text):
        rows = [_cells(line) for line in block]
        if len(block) > 1 and _RULE.fullmatch(block[1]):
            tables.append(KeptTable(head=rows[0], rows=tuple(rows[2:])))
        elif any(len(row) == len(table.head) for row in rows for table in tables):
            raise InputError(
                "the rows of a table below each other", f"{block[0][:80]} apart from its headings",
                "a program that prints other lines between its rows", "let it print those elsewhere; nothing was kept",
            )  # fmt: skip
    return tables


def _blocks(text: str) -> Iterator[list[str]]:
    """Lines of cells that stand below each other."""
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            block.append(line.strip())
        elif block:
            yield block
            block = []


def _cells(line: str) -> tuple[str, ...]:
    inner = line.removeprefix("|").removesuffix("|")
    return tuple(cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", inner))


def printed(command: Sequence[str]) -> str:
    """What a program prints, which is passed on line by line.

    Raises:
        InputError: it fails.
    """
    lines: list[str] = []
    told = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", errors="replace", env=told) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        raise InputError(
            "a program that ends with 0", f"{process.returncode} of {shlex.join(command)}"[:300],
            "its message is above", "mend that; nothing was kept",
        )  # fmt: skip
    return "".join(lines)


def source_of(command: Sequence[str]) -> list[tuple[str, str]]:
    """The command, the commit of a checkout, and today's date."""
    head, changed = _git("rev-parse", "--short=9", "HEAD"), _git("status", "--porcelain", ":!results", ":!docs")
    commit = [("commit", f"{head}{'+changes' if changed else ''}")] if head else []
    today = datetime.datetime.now(datetime.UTC).date()
    return [("command", shlex.join(command)), *commit, ("date", today.isoformat())]


def _git(*words: str) -> str:
    """What git says; nothing where there is no checkout."""
    done = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def keep(files: Sequence[str], command: Sequence[str]) -> None:
    """Run a program and write its tables.

    Raises:
        InputError: it fails, prints another number of tables, or is of several lines; nothing is written then.
    """
    source = tuple(source_of(command))
    KeptTable(head=("any",), rows=(("table",),), source=source)  # a command of several lines is refused before it runs
    tables = tables_of(printed(command))
    if len(tables) != len(files):
        heads = "; ".join(", ".join(table.head)[:60] for table in tables) or "none"
        raise InputError(
            f"{len(files)} tables of Markdown, one a file", f"{len(tables)}: {heads}", "a program that prints others",
            f"name a file for each of its tables, or {_LEFT_OUT} to leave one out; nothing was kept",
        )  # fmt: skip
    for file, table in zip(files, tables, strict=True):
        if file != _LEFT_OUT:
            make_folder(Path(file).parent)
            write_whole(Path(file), [replace(table, source=source).text().encode()])
            print(f"kept in {file}: {len(table.rows)} rows; `make tables` writes them into their page", file=sys.stderr)


def main() -> None:
    """Run and keep.

    Raises:
        SystemExit: nothing was kept.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage="%(prog)s FILE... -- COMMAND"
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="of each table of the program, or - for none")
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given, command = parser.parse_args(sys.argv[1:at]), sys.argv[at + 1 :]
    if not command:
        parser.error("a command behind --")
    try:
        keep(given.files, command)
    except OSError as error:
        wanted = InputError(
            "a program that starts, and a file that can be written", f"{error.filename}: {reason(error)}",
            cause(error, "a mistyped name"), move(error, "check it; nothing was kept there"),
        )  # fmt: skip
        raise SystemExit(f"kept_table: {wanted}") from error
    except (InputError, ConfigurationError) as error:
        raise SystemExit(f"kept_table: {error}") from error


if __name__ == "__main__":
    main()
