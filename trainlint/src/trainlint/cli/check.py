"""`trainlint check`: what does the source of a training suggest, without running it?"""

import argparse
import sys
from pathlib import Path

HELP_OUTPUT = "text for people, json, github for its annotations, sarif for code scanning"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments.

    Args:
        parser: of the command.
    """
    parser.add_argument("paths", nargs="+", metavar="PATH", help="Python files, or folders that hold them")
    parser.add_argument("--output", choices=("text", "json", "github", "sarif"), default="text", help=HELP_OUTPUT)
    parser.add_argument(
        "--select", action="append", default=[], metavar="CODES", help="only these codes, such as RT64,RT612"
    )
    parser.add_argument("--ignore", action="append", default=[], metavar="CODES", help="not these codes")
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="findings in this file are known; only new ones fail"
    )
    parser.add_argument(
        "--write-baseline", type=Path, metavar="FILE", help="write what is found now as known, and succeed"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the findings.

    Args:
        arguments: as parsed.

    Returns:
        The exit code: 0 without findings or with notes only, 1 with findings, 2 where a file could not be read.
    """
    from ..findings import Severity
    from ..knownfindings import new_only, read_known, write_known
    from ..output import OUTPUTS
    from .checked import check

    known = read_known(arguments.baseline) if arguments.baseline else None
    checked = check(arguments.paths, select=_split(arguments.select), ignore=_split(arguments.ignore))
    entries = list(checked.entries)
    if arguments.write_baseline:
        count = write_known(arguments.write_baseline, entries)
        print(f"{count} findings are known from now on", file=sys.stderr)
        entries = []
    elif known is not None:
        entries = new_only(entries, known)
    told = OUTPUTS[arguments.output](entries, checked.errors)
    if told:
        print(told)
    if arguments.output == "text":
        print(checked.summary(entries), file=sys.stderr)
    serious = any(e.severity is not Severity.NOTE for e in entries)
    return 2 if checked.errors else int(serious)


def _split(given: list[str]) -> tuple[str, ...]:
    return tuple(code.strip() for text in given for code in text.split(",") if code.strip())
