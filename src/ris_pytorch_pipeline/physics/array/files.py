"""How an array is kept in a text file: TOML with a panel, a line or points, wavelengths or frequencies, and a pose."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError, RisError
from ...files import cause, from_document, move, parse_toml, read_regular, reason
from ...units import SPEED_OF_LIGHT
from .layouts import Line, Panel
from .value import Array, Pose
from .wavefronts import wavefront_named

_LAYOUTS = ("panel", "line", "elements", "csv")
_WAVES = ("wavelengths", "frequencies_hz")
_MOST_TOML, _MOST_CSV = 2**21, 2**26
"""Bytes of a file: TOML is read at some seconds a megabyte."""
_MOST_ELEMENTS, _MOST_WAVES, _FARTHEST = 2**20, 2**16, 1e9
"""Elements and wavelengths of an array, and metres of any length in it."""


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
    r"""Read an array from TOML.

    One of `panel = {horizontal, vertical, spacing}`, `line = {count, spacing}`, `elements = [[x, y, z], ...]` or
    `csv = "file of x,y,z lines"`; one of `wavelengths` in metres or `frequencies_hz`, a number or a list; and, if
    wanted, `pose = {position, yaw_deg, pitch_deg, roll_deg}` and `wavefront`.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "line.toml")
    ...     _ = file.write_text("line = {count = 15, spacing = 0.15}\nfrequencies_hz = 1e9\n")
    ...     array_from_file(file)
    Array(15 elements, line, 2.1 m, wavelength 0.2998 m)

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
        values = parse_toml(read_regular(path, _MOST_TOML))
        written = _written(values)
        for names in (_LAYOUTS, _WAVES):
            _check_one(values, names)
        elements, waves = _elements(written, path.parent), _wavelengths(written)
    except RisError:
        raise
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise ConfigurationError(
            "a TOML file of an array, as the documentation of array_from_file describes it", f"{path}: {why[:200]}",
            cause(error, "a mistyped path, a key left out or misspelt, or a number that no array has"),
            move(error, "write it as in the example"),
        ) from error  # fmt: skip
    pose = Pose(
        position=written.pose.position,  # pyright: ignore[reportArgumentType]
        **{name.removesuffix("_deg"): math.radians(x) for name, x in vars(written.pose).items() if name != "position"},
    )
    return Array(elements, waves, pose=pose, wavefront=wavefront_named(written.wavefront))


def positions_from_csv(path: Path | str) -> list[list[float]]:
    """Read element positions alone: a line `x,y,z` in metres for each.

    Args:
        path: of the file.

    Returns:
        (element, 3).

    Raises:
        ConfigurationError: no such file, or a line that is none of three numbers.
    """
    path = Path(path)
    try:
        return _rows(path.parent, path.name)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise ConfigurationError(
            "a CSV file of x,y,z in metres, a line for each element", f"{path}: {why[:200]}",
            cause(error, "a mistyped path, a header without #, or another separator"),
            move(error, "write lines such as 0.0,-0.15,0.3"),
        ) from error  # fmt: skip


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
    angles = [value for name, value in vars(found.pose).items() if name != "position"]
    _check_lengths(found.pose.position, "pose.position")
    if not all(map(math.isfinite, angles)):
        raise ValueError(f"angles of the pose that are not finite: {angles}")
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
        _check_count(len(written.elements))
        for place in written.elements:
            _check_lengths(place, "elements")
        return written.elements
    if written.csv is not None:
        return _rows(folder, written.csv)
    if written.line is not None:
        _check_count(written.line.count)
        return Line(**vars(written.line)).elements()
    panel: Any = written.panel
    _check_count(panel.horizontal * panel.vertical)
    if isinstance(panel.spacing, tuple) and len(panel.spacing) != 2:
        raise ValueError(f"panel.spacing of {len(panel.spacing)} numbers, where one or two are wanted")
    return Panel(**vars(panel)).elements()


def _check_count(elements: int) -> None:
    if elements > _MOST_ELEMENTS:
        raise ValueError(f"{elements} elements, more than {_MOST_ELEMENTS}")


def _rows(folder: Path, name: str) -> list[list[float]]:
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"csv = {name[:80]!r}, which leads out of the file's folder")
    lines = read_regular(folder / name, _MOST_CSV).decode("utf-8").splitlines()
    held = [(number, line) for number, line in enumerate(lines, 1) if line.split("#")[0].strip()]
    if not held:
        raise ValueError(f"{name[:80]!r} without a line of three numbers")
    _check_count(len(held))
    return [_row(name, number, line) for number, line in held]


def _row(name: str, number: int, line: str) -> list[float]:
    """The coordinates of a line.

    Raises:
        ValueError: naming it.
    """
    try:
        row = [float(x) for x in line.split(",")]
    except ValueError:
        row = []
    if len(row) != 3:
        raise ValueError(f"line {number} of {name[:80]!r}: {line[:40]!r}, where three numbers are wanted")
    _check_lengths(row, f"line {number} of {name[:80]!r}")
    return row


def _check_lengths(lengths: Sequence[float], where: str) -> None:
    if not all(abs(x) <= _FARTHEST for x in lengths):
        raise ValueError(f"{where}: {str(list(lengths))[:80]}, where lengths of at most {_FARTHEST:.0e} m are wanted")


def _wavelengths(written: _Written) -> tuple[float, ...]:
    """Wavelengths, in metres.

    Raises:
        ValueError: none, too many, or one that no wave has.
    """
    name = "wavelengths" if written.frequencies_hz is None else "frequencies_hz"
    given: Any = vars(written)[name]
    many = given if isinstance(given, tuple) else (given,)
    if not 1 <= len(many) <= _MOST_WAVES or not all(0 < x < math.inf for x in many):
        raise ValueError(f"{name} = {str(given)[:80]}, where 1 to {_MOST_WAVES} positive numbers are wanted")
    waves = many if written.frequencies_hz is None else tuple(SPEED_OF_LIGHT / f for f in many)
    if not all(1 / _FARTHEST**2 <= wave <= _FARTHEST for wave in waves):
        raise ValueError(f"{name} = {str(given)[:80]}, of no wave")
    return waves
