"""The command `trainlint`: parse, call one command, turn what goes wrong into one message and an exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from ..errors import ExplainedError
from ..findings import wrapped

BAD_INPUT, INTERRUPTED, NOT_WRITTEN, CLOSED_PIPE = 2, 130, 74, 141
"""Exit codes of what goes wrong."""

COMMANDS = {
    "run": "watch a script that nobody edited",
    "doctor": "try one batch before training",
    "check": "read the source of a training without running it",
    "explain": "say what a finding means",
    "log": "judge a training log or a ledger",
    "compare": "say what differs between a run and a sound one",
}
"""The name of each command is that of its file."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line: 0 healthy, 1 with findings, 2 for bad input, 3 where nothing could be judged."""
    arguments = parser().parse_args(argv)
    try:
        code = import_module(f".{arguments.command}", __package__).run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except ExplainedError as error:
        return _stop(BAD_INPUT, str(error))
    except KeyboardInterrupt:
        return _stop(INTERRUPTED, "interrupted")
    except OSError as error:
        if sys.stdout is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the flush at exit must not fail again
        if isinstance(error, BrokenPipeError):
            return CLOSED_PIPE
        told = ExplainedError(
            "to print", str(error), "a full disk, or a file that vanished", "check both, or pass --output-file"
        )
        return _stop(NOT_WRITTEN, str(told))
    return code


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; it imports no torch."""
    program = argparse.ArgumentParser(prog="trainlint", description="Training that cannot fail silently.")
    commands = program.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, told in COMMANDS.items():
        import_module(f".{name}", __package__).arguments(commands.add_parser(name, help=told, description=told))
    return program


def _stop(code: int, message: str) -> int:
    with suppress(OSError):
        print(wrapped(f"trainlint: {message}"), file=sys.stderr)
    return code
