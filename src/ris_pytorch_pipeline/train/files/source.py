"""Where does what is kept come from? The commit, the versions, the machine and the threads that made it."""

import platform
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import scipy
import torch

from ... import __version__
from .identity import code_digest

_PATIENCE = 10.0
"""Seconds that git has to answer."""


def source_now() -> dict[str, Any]:
    """What makes a row of results, a search or a run: versions, commit, digest of the code, machine and threads.

    >>> source_now()["code"] == code_digest()
    True
    """
    return {
        "threads": torch.get_num_threads(),
        "package": __version__,
        "commit": commit(),
        "code": code_digest(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


@cache
def commit() -> str | None:
    """The commit that the package's files belong to, with `+changes` where they were changed; None in no checkout."""
    package = Path(__file__).parents[2]
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None  # an installed package inside somebody else's checkout is none of its files
    head, changed = _git(package, "rev-parse", "HEAD"), _git(package, "status", "--porcelain", "--", ".")
    return None if head is None else f"{head}{'+changes' if changed else ''}"


def _git(folder: Path, *words: str) -> str | None:
    """What git says; None where it fails or is not there."""
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
        return done.stdout.strip()
    return None
