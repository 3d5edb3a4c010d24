"""`trainlint check`: what does the source of a training suggest, without running it?"""

import argparse
import sys

from .choices import Known, add_choice, add_output, codes, put


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="Python files, or folders that hold them")
    add_output(parser)
    add_choice(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the findings: 0 without any but notes, 1 with findings, 2 where a file could not be read."""
    from ..findings import Severity
    from ..output import OUTPUTS
    from .keeper import check

    known = Known(arguments)
    checked = check(arguments.paths, select=codes(arguments.select), ignore=codes(arguments.ignore))
    entries = known.new(checked.entries)
    put(OUTPUTS[arguments.output](entries, checked.errors), arguments)
    if arguments.output == "text":
        print(checked.summary(entries), file=sys.stderr)
    serious = any(e.severity is not Severity.NOTE for e in entries)
    return 2 if checked.errors else int(serious)
