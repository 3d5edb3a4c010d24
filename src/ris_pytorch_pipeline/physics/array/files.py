"""How an array is kept in a text file: TOML with a panel, a line or points, wavelengths or frequencies, and a pose."""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError
from ...units import SPEED_OF_LIGHT
from .layouts import Line, Panel
from .value import Array, Pose
from .wavefronts import wavefront_named

_LAYOUTS = ("panel", "line", "elements", "csv")
_WAVES = ("wavelengths", "frequencies_hz")
_KEYS = (*_LAYOUTS, *_WAVES, "pose", "wavefront")


def array_from_file(path: Path | str) -> Array:
    """Read an array from TOML.

    One of `panel = {horizontal, vertical, spacing}`, `line = {count, spacing}`, `elements = [[x, y, z], ...]` or
    `csv = "file of x,y,z lines"`; one of `wavelengths` in metres or `frequencies_hz`, a number or a list; and, if
    wanted, `pose = {position, yaw_deg, pitch_deg, roll_deg}` and `wavefront`.

    Args:
        path: of the file; a `csv` is looked for beside it.

    Returns:
        The array.

    Raises:
        ConfigurationError: no such file, no TOML, an unknown key, or none or two of what there must be one of.
    """
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            "a TOML file of an array", f"{path}: {error}", "a mistyped path or line", "check it"
        ) from error
    unknown = sorted(set(values) - set(_KEYS))
    if unknown:
        raise ConfigurationError(f"keys out of {', '.join(_KEYS)}", ", ".join(unknown), "a misspelt key", "rename it")
    layout, wave = (_only(values, names, path) for names in (_LAYOUTS, _WAVES))
    waves = values[wave] if isinstance(values[wave], list) else [values[wave]]
    wavelengths = waves if wave == "wavelengths" else [SPEED_OF_LIGHT / f for f in waves]
    try:
        elements = _elements(layout, values[layout], path.parent)
        pose = _pose(values.get("pose", {}))
    except (TypeError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"a {layout} as the documentation of array_from_file describes it", f"{path}: {error}",
            "a key left out or misspelt", "write it as in the example",
        ) from error  # fmt: skip
    return Array(elements, wavelengths, pose=pose, wavefront=wavefront_named(values.get("wavefront", "spherical")))


def _only(values: Mapping[str, Any], names: tuple[str, ...], path: Path) -> str:
    given = [name for name in names if name in values]
    if len(given) != 1:
        raise ConfigurationError(
            f"one of {', '.join(names)}", f"{path}: {', '.join(given) or 'none'}", "two layouts or units at once",
            "keep one",
        )  # fmt: skip
    return given[0]


def _elements(layout: str, value: Any, folder: Path) -> Any:  # noqa: ANN401
    if layout == "elements":
        return value
    if layout == "csv":
        lines = (folder / value).read_text(encoding="utf-8").splitlines()
        return [[float(x) for x in line.split(",")] for line in lines if line.strip() and not line.startswith("#")]
    if layout == "line":
        return Line(**value).elements()
    spacing = value["spacing"] if "spacing" in value else None
    return Panel(**{**value, "spacing": tuple(spacing) if isinstance(spacing, list) else spacing}).elements()


def _pose(values: Mapping[str, Any]) -> Pose:
    angles = {name.removesuffix("_deg"): math.radians(x) for name, x in values.items() if name != "position"}
    x, y, z = values.get("position", (0.0, 0.0, 0.0))
    return Pose(position=(float(x), float(y), float(z)), **angles)
