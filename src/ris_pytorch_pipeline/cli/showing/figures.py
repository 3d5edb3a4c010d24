"""How a figure reaches a file: the path is checked before the work, not after it."""

import io
import os
import sys
from pathlib import Path
from typing import NoReturn

from matplotlib import rc_context
from matplotlib.figure import Figure

from ...data import SceneFile
from ...errors import ConfigurationError
from ...estimate import Estimate
from ...files import cause, check_can_write, reason, write_whole
from ...report import EMBEDDED, geometry_figure

_KINDS = (".png", ".pdf", ".svg")


def check_figure(path: Path) -> None:
    """Refuse a path that no figure can be saved to.

    Raises:
        ConfigurationError: another kind of file, or a folder that does not exist or takes no file.
    """
    if path.suffix not in _KINDS:
        raise ConfigurationError(
            f"a figure ending in {', '.join(_KINDS)}", str(path), "another kind of file", f"name it {path.stem}.png"
        )
    if not os.path.isdir(path.absolute().parent):  # noqa: PTH112  (which never raises)
        raise ConfigurationError(
            "a figure in a folder that exists", str(path), "a mistyped folder", "make the folder first"
        )
    try:
        check_can_write(path)
    except OSError as error:
        _refuse(path, error)


def scene_figure(file: SceneFile, estimate: Estimate) -> Figure:
    """Where the sources of the first scene are, were found, and within what."""
    true = None if file.truth is None else file.truth.positions[0].double()
    return geometry_figure(
        file.observation.array.placed, true=true, found=estimate.positions[0], deviations=estimate.deviations[0]
    )


def save_figure(figure: Figure, path: Path, *, quiet: bool = False) -> None:
    """Save a figure to a path that `check_figure` has let pass, whole or not at all, over an older one, and say where.

    Args:
        figure: to save.
        path: of the file.
        quiet: say so on standard error, where standard output is JSON.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    drawn = io.BytesIO()
    with rc_context(EMBEDDED):  # pyright: ignore[reportArgumentType]
        figure.savefig(drawn, dpi=150, format=path.suffix.removeprefix("."))
    _save(drawn.getvalue(), path)
    print(f"figure written to {path}", file=sys.stderr if quiet else sys.stdout)


def save_text(text: str, path: Path) -> None:
    """Save a page, whole or not at all, over an older one.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    _save(text.encode("utf-8", "backslashreplace"), path)


def _save(content: bytes, path: Path) -> None:
    try:
        write_whole(path, [content])
    except OSError as error:
        _refuse(path, error)


def _refuse(path: Path, error: OSError) -> NoReturn:
    raise ConfigurationError(
        "a file that can be written", f"{path}: {reason(error)}", cause(error, "a folder that does not exist"),
        "name another",
    ) from error  # fmt: skip
