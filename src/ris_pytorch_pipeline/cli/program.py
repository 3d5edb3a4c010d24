"""How `ris` runs: parse, run one command, and turn what goes wrong into one message and an exit code."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import TextIO

from trainlint.errors import ExplainedError

from ..errors import ConfigurationError
from ..experiment import to_toml
from ..files import Terminated, cause, reason, terminating
from .arguments import experiment_of, parse
from .options.extending import extend
from .showing.streams import drop_output, is_output, prepare_streams

OK, BAD_INPUT, NO_OUTPUT, INTERRUPTED, CLOSED_PIPE = 0, 2, 74, 130, 141
MODULES = {"import": "importing"}
"""Where a command lives whose name is a word of Python."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        argv: the arguments after the program's name; None takes those of the process.

    Returns:
        The exit code: 0, 1 for a training run that is not healthy, 2 for bad input (nothing was written), 74 where
        standard output could not be written, 130 after Ctrl-C, 141 when the reader of a pipe left, 143 after SIGTERM.
    """
    prepare_streams()
    try:
        with terminating():
            code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except ExplainedError as error:
        return _stop(BAD_INPUT, str(error))
    except Terminated as ended:
        return _stop(ended.code, f"ended by {ended}")
    except KeyboardInterrupt:
        return _stop(INTERRUPTED, "interrupted")
    except BrokenPipeError:
        drop_output()
        return CLOSED_PIPE
    except OSError as error:
        if not is_output(error):
            return _stop(BAD_INPUT, str(_unusable(error)))
        drop_output()
        return _stop(NO_OUTPUT, f"standard output cannot be written: {error.strerror}")
    return code


def _run(argv: Sequence[str]) -> int:
    arguments = parse(argv)
    for path in arguments.extend:
        extend(path)
    if vars(arguments).get("print_config") and vars(arguments).get("suite") is None:
        print(to_toml(experiment_of(arguments)), end="")
        return OK
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        return _command(arguments)


def _command(arguments: argparse.Namespace) -> int:
    """Run the command on the threads asked for: threads that wait for a busy core cost far more than they bring.

    Raises:
        ConfigurationError: fewer than one thread, or more than there are cores.
    """
    cores = cores_here()
    if not 1 <= arguments.threads <= cores:
        raise ConfigurationError(
            f"--threads of 1 to {cores}, the cores that this process may use", str(arguments.threads),
            "a slip, or a machine of other size", f"pass --threads {min(max(arguments.threads, 1), cores)}",
        )  # fmt: skip
    command = import_module(f".commands.{MODULES.get(arguments.command, arguments.command)}", __package__)
    import torch  # after the parser has answered

    from ..foreign import foreign_errors

    torch.set_num_threads(arguments.threads)
    with foreign_errors():
        return command.run(arguments) or OK


def _unusable(error: OSError) -> ConfigurationError:
    """What any file operation says that no reader or writer explained."""
    name = "a file" if error.filename is None else str(error.filename)
    return ConfigurationError(
        f"{name} to be there and usable", reason(error), cause(error, "a folder that vanished, or a full disk"),
        f"look at it with `ls -ld {name}`" if error.filename is not None else "check the disk",
    )  # fmt: skip


def cores_here() -> int:
    """Cores that this process may use; all of them where the platform does not say."""
    if "sched_getaffinity" in vars(os):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _stop(code: int, message: str) -> int:
    print(f"ris: {message}", file=sys.stderr)
    return code


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int,
    file: TextIO | None = None, line: str | None = None,
) -> None:  # fmt: skip
    """One line without a place in the code, which is no news to a user."""
    print(f"ris: warning: {message}", file=sys.stderr)
