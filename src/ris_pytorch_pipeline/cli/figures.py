"""How a figure reaches a file: the path is checked before the work, not after it."""

from pathlib import Path

from matplotlib.figure import Figure

from ..data import SceneFile
from ..errors import ConfigurationError
from ..estimate import Estimate
from ..report import geometry_figure

_KINDS = (".png", ".pdf", ".svg")


def check_figure(path: Path) -> None:
    """Refuse a path that no figure can be saved to.

    Raises:
        ConfigurationError: another kind of file, or a folder that does not exist.
    """
    if path.suffix not in _KINDS:
        raise ConfigurationError(
            f"a figure ending in {', '.join(_KINDS)}", str(path), "another kind of file", f"name it {path.stem}.png"
        )
    if not path.absolute().parent.is_dir():
        raise ConfigurationError(
            "a figure in a folder that exists", str(path), "a mistyped folder", "make the folder first"
        )


def scene_figure(file: SceneFile, estimate: Estimate) -> Figure:
    """Where the sources of the first scene are, were found, and within what."""
    true = None if file.truth is None else file.truth.positions[0].double()
    return geometry_figure(
        file.observation.array.placed, true=true, found=estimate.positions[0], deviations=estimate.deviations[0]
    )


def save_figure(figure: Figure, path: Path) -> None:
    """Save a figure to a path that `check_figure` has let pass, over an older one.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise ConfigurationError(
            "a figure that can be written", f"{path}: {error.strerror}", "no permission, or a full disk", "name another"
        ) from error
