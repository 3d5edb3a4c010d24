"""How an array is kept in a text file: TOML with a panel, a line or points, wavelengths or frequencies, and a pose."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError, RisError
from ...files import from_document, parse_toml, read_regular, reason
from ...units import SPEED_OF_LIGHT
from .layouts import Line, Panel
from .value import Array, Pose
from .wavefronts import wavefront_named

_LAYOUTS = ("panel", "line", "elements", "csv")
_WAVES = ("wavelengths", "frequencies_hz")
_MOST_BYTES, _MOST_ELEMENTS = 2**26, 2**20
"""Of a file, and of an array."""


@dataclass(frozen=True, kw_only=True)
class _Panel:
    horizontal: int
    vertical: int
    spacing: float | tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class _Line:
    count: int
    spacing: float


@dataclass(frozen=True, kw_only=True)
class _Pose:
    position: tuple[float, ...]
    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True, kw_only=True)
class _Written:
    """What a file may hold, see `array_from_file`; what it leaves out is None."""

    panel: _Panel | None
    line: _Line | None
    elements: list[list[float]] | None
    csv: str | None
    wavelengths: float | tuple[float, ...] | None
    frequencies_hz: float | tuple[float, ...] | None
    pose: _Pose
    wavefront: str


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
        ConfigurationError: no such file, no TOML, an unknown key, a value of another type, none or two of what there
            must be one of, or a `csv` outside the folder.
        RisError: elements or wavelengths that cannot be.
    """
    path = Path(path)
    try:
        values = parse_toml(read_regular(path, _MOST_BYTES))
        written = _written(values)
        for names in (_LAYOUTS, _WAVES):
            _check_one(values, names)
        elements = _elements(written, path.parent)
    except RisError:
        raise
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise ConfigurationError(
            "a TOML file of an array, as the documentation of array_from_file describes it", f"{path}: {why[:200]}",
            "a mistyped path, or a key left out or misspelt", "write it as in the example",
        ) from error  # fmt: skip
    pose = Pose(
        position=written.pose.position,  # pyright: ignore[reportArgumentType]
        **{name.removesuffix("_deg"): math.radians(x) for name, x in vars(written.pose).items() if name != "position"},
    )
    return Array(elements, _wavelengths(written), pose=pose, wavefront=wavefront_named(written.wavefront))


def _written(values: dict[str, Any]) -> _Written:
    """The values, each of its type.

    Raises:
        ValueError: an unknown key, or a value of another type.
    """
    pose = values.get("pose", {})
    standing = {"position": [0.0, 0.0, 0.0], "yaw_deg": 0.0, "pitch_deg": 0.0, "roll_deg": 0.0}
    usual = dict.fromkeys((*_LAYOUTS, *_WAVES)) | {"wavefront": "spherical"}
    found = from_document(_Written, usual | values | {"pose": standing | pose if isinstance(pose, dict) else pose})
    if len(found.pose.position) != 3:
        raise ValueError("pose.position of other than three numbers")
    return found


def _check_one(values: dict[str, Any], names: tuple[str, ...]) -> None:
    """Refuse none or several of some keys.

    Raises:
        ValueError: either.
    """
    given = [name for name in names if name in values]
    if len(given) != 1:
        raise ValueError(f"{', '.join(given) or 'none'} where one of {', '.join(names)} is wanted")


def _elements(written: _Written, folder: Path) -> Any:  # noqa: ANN401
    """Places of the elements, (element, 3).

    Raises:
        ValueError: more elements than are read, a `csv` outside the folder, or one that holds no numbers.
    """
    if written.elements is not None:
        return written.elements
    if written.csv is not None:
        return _rows(folder, written.csv)
    if written.line is not None:
        _check_count(written.line.count)
        return Line(**vars(written.line)).elements()
    panel: Any = written.panel
    _check_count(panel.horizontal * panel.vertical)
    return Panel(**vars(panel)).elements()


def _check_count(elements: int) -> None:
    if elements > _MOST_ELEMENTS:
        raise ValueError(f"{elements} elements, more than {_MOST_ELEMENTS}")


def _rows(folder: Path, name: str) -> list[list[float]]:
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"csv = {name[:80]!r}, which leads out of the file's folder")
    lines = read_regular(folder / name, _MOST_BYTES).decode("utf-8").splitlines()
    rows = [[float(x) for x in line.split(",")] for line in lines if line.strip() and not line.startswith("#")]
    if not rows or any(len(row) != 3 for row in rows):
        raise ValueError(f"{name}, whose lines are not three numbers each")
    return rows


def _wavelengths(written: _Written) -> Any:  # noqa: ANN401
    if written.frequencies_hz is None:
        return written.wavelengths
    given = written.frequencies_hz
    many = given if isinstance(given, tuple) else (given,)
    return [SPEED_OF_LIGHT / f if f > 0 else -1.0 for f in many]
