"""The one place of `trainlint` that prints: a verdict or a preflight, as text or as JSON."""

import sys
from pathlib import Path

from .after.postmortem import diagnose_path
from .before.preflight import Preflight
from .findings import State
from .ledger import indented
from .verdict import Verdict


def show(verdict: Verdict, *, as_json: bool = False) -> int:
    """Print a verdict.

    Args:
        verdict: what to print.
        as_json: JSON instead of text.

    Returns:
        An exit status: 0 for a healthy run, 3 where nothing was judged, 1 otherwise.
    """
    sys.stdout.write(f"{verdict.json() if as_json else verdict}\n")
    return 0 if verdict.healthy else 3 if verdict.state is State.NOT_JUDGED else 1


def show_preflight(preflight: Preflight, *, as_json: bool = False) -> int:
    """Print a preflight, line by line, and what its findings mean.

    Args:
        preflight: what to print.
        as_json: JSON instead of text.

    Returns:
        An exit status: 0 where every line passed, 1 otherwise.
    """
    sys.stdout.write(f"{indented(preflight.record()) if as_json else preflight}\n")
    return 0 if preflight.passed else 1


def diagnose(path: Path | str, *, as_json: bool = False) -> int:
    """Print the verdict on a run directory, a ledger or a plain-text log.

    Args:
        path: what to read.
        as_json: JSON instead of text.

    Returns:
        An exit status: 0 for a healthy run, 3 where nothing was judged, 1 otherwise.
    """
    return show(diagnose_path(path), as_json=as_json)
