"""`ris diagnose`: what a training run's ledger, or a plain-text training log, shows."""

import argparse
import errno
import os
import stat
from pathlib import Path
from typing import NoReturn

from trainlint import diagnose

from ...errors import InputError
from ...files import cause, is_there, move, reason
from ...files.causes import ODD
from ...train.files.folder import LEDGER
from ...train.files.ledger import compare_ledger


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict.

    Returns:
        The exit code: 0 for a healthy run, 1 otherwise.
    """
    _check_kind(arguments.path)
    path = arguments.path / LEDGER if os.path.isdir(arguments.path) else arguments.path  # noqa: PTH112  (never raises)
    if path.name == LEDGER and is_there(path):
        compare_ledger(path)
    return diagnose(arguments.path, as_json=arguments.json)


def _check_kind(path: Path) -> None:
    """Say what is there, where it is neither a folder nor a file; a link is followed, and its reader says the rest.

    Raises:
        InputError: a pipe, a socket or a device, or nobody may look.
    """
    try:
        kind = path.stat().st_mode
    except (FileNotFoundError, ValueError):
        return  # trainlint says so
    except OSError as error:
        _refuse(path, error)
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        _refuse(path, OSError(errno.EINVAL, ODD))


def _refuse(path: Path, error: OSError) -> NoReturn:
    raise InputError(
        "a run's folder, its ledger, or a log", f"{path}: {reason(error)}", cause(error, "a damaged disk"),
        move(error, "check the path"),
    ) from error  # fmt: skip
