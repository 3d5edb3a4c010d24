"""Which run is this? Its id, and the digests of the code and the configuration behind it."""

import hashlib
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import torch

from ... import __version__


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What every file of a run carries.

    Args:
        run: start in UTC and the head of the configuration's digest.
        package: version of the package.
        code: digest of the package's source.
        configuration: digest of the resolved experiment.
        torch: version of torch.
        python: version of Python.
    """

    run: str
    package: str
    code: str
    configuration: str
    torch: str
    python: str


def new_identity(configuration: str) -> Identity:
    """The identity of a run that starts now.

    Args:
        configuration: digest of the resolved experiment.

    Returns:
        The identity.
    """
    return Identity(
        run=f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{configuration[:8]}",
        package=__version__,
        code=code_digest(),
        configuration=configuration,
        torch=torch.__version__,
        python=platform.python_version(),
    )


@cache
def code_digest() -> str:
    """SHA-256 over the names and contents of the package's Python files."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
