"""How does `trainlint` run: parse, call one command, turn what goes wrong into one message and an exit code?"""

import argparse
import sys
from collections.abc import Sequence

from ..errors import ExplainedError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        argv: the arguments after the program's name; None takes those of the process.

    Returns:
        The exit code: 0 for a healthy run, 1 for one that is not, 2 for bad input.
    """
    parser = argparse.ArgumentParser(prog="trainlint", description="Training that cannot fail silently.")
    commands = parser.add_subparsers(dest="command", required=True)
    log = commands.add_parser("log", help="judge a training log or a ledger")
    log.add_argument("path")
    log.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    from ..report import diagnose  # after the parser has answered

    try:
        return diagnose(arguments.path, as_json=arguments.json)
    except ExplainedError as error:
        print(f"trainlint: {error}", file=sys.stderr)
        return 2
