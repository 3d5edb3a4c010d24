"""How `ris` runs: parse, run one command, and turn what goes wrong into one message and an exit code."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import TextIO

from ..errors import ConfigurationError, RisError
from ..experiment import to_toml
from .arguments import experiment_of, parse

MODULES = {"import": "importing"}
"""Where a command lives whose name is a word of Python."""
OK, BAD_INPUT, INTERRUPTED, CLOSED_PIPE = 0, 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        argv: the arguments after the program's name; None takes those of the process.

    Returns:
        The exit code: 0, 1 for a training run that is not healthy, 2 for bad input (nothing was written), 130 after
        Ctrl-C, 141 when the reader of a pipe left.
    """
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except RisError as error:
        return _stop(BAD_INPUT, str(error))
    except KeyboardInterrupt:
        return _stop(INTERRUPTED, "interrupted")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the flush at exit must not fail again
        return CLOSED_PIPE
    return code


def _run(argv: Sequence[str]) -> int:
    arguments = parse(argv)
    if vars(arguments).get("print_config"):
        print(to_toml(experiment_of(arguments)), end="")
        return OK
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        return _command(arguments)


def _command(arguments: argparse.Namespace) -> int:
    """Run the command on the threads asked for: threads that wait for a busy core cost far more than they bring.

    Raises:
        ConfigurationError: fewer than one thread.
    """
    if arguments.threads < 1:
        raise ConfigurationError("--threads of at least 1", str(arguments.threads), "a count left at zero", "pass 1")
    command = import_module(f".{MODULES.get(arguments.command, arguments.command)}", __package__)
    import torch  # after the parser has answered

    torch.set_num_threads(arguments.threads)
    return command.run(arguments) or OK


def _stop(code: int, message: str) -> int:
    print(f"ris: {message}", file=sys.stderr)
    return code


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int,
    file: TextIO | None = None, line: str | None = None,
) -> None:  # fmt: skip
    """One line without a place in the code, which is no news to a user."""
    print(f"ris: warning: {message}", file=sys.stderr)
