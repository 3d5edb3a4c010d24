"""What the header of a scene file says: schema, wavelength, symbol model, and the configuration behind it."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NoReturn

from ..errors import ConfigurationError, InputError, SceneFileError
from ..files import from_document, parse_document
from ..physics import Array, Kinds, Pose, kinds_of, wavefront_named
from .digest import config_digest

SCHEMA = "ris-scenes"
"""Name of the schema."""
VERSION = 2
"""Version of the schema that is written. Version 1, which had one wavelength and no pose, is still read."""
_OTHERS = {"ris-calibration": "calibration of `ris calibrate`", "ris-checkpoint": "checkpoint of `ris train`"}
"""Files of the package that are no scenes, by the names of their schemas."""


def pose_values(pose: Pose) -> dict[str, Any]:
    """A pose as plain values."""
    return {**asdict(pose), "position": list(pose.position)}


@dataclass(frozen=True, kw_only=True)
class Header:
    """The JSON header of a scene file.

    >>> import json
    >>> header = Header(wavelengths=(0.3,), symbols="random", package="0.1.0", note="hall 3")
    >>> header.schema, header.pose["position"]
    ('ris-scenes', [0.0, 0.0, 0.0])
    >>> header.array([[0.0, 0.0, 0.0], [0.0, 0.15, 0.0]])
    Array(2 elements, line, 0.15 m, wavelength 0.3 m)
    >>> json.loads(header.to_json())["note"]
    'hall 3'

    Args:
        wavelengths: metres.
        symbols: `random`, `pilot` or `known`, or one of these for each source, see `Observation`.
        package: version of the package that wrote the file.
        note: where the scenes come from, in words.
        config: the resolved configuration they were simulated from; None for measured scenes.
        digest: `config_digest` of it; None for measured scenes.
        wavefront: name of the wave that the scenes were made with, see `wavefront_named`.
        pose: fields of the array's `Pose`.
        schema: name of the schema.
        version: its version.
    """

    wavelengths: tuple[float, ...]
    symbols: Kinds
    package: str
    note: str = ""
    config: Mapping[str, Any] | None = None
    digest: str | None = None
    wavefront: str = "spherical"
    pose: Mapping[str, Any] = field(default_factory=lambda: pose_values(Pose()))
    schema: str = SCHEMA
    version: int = VERSION

    def array(self, elements: Any) -> Array:  # noqa: ANN401
        """The array of the scenes, from its elements."""
        return Array(
            elements, self.wavelengths, pose=pose_of(self.pose), wavefront=wavefront_named(self.wavefront)
        )  # fmt: skip

    def to_json(self) -> str:
        """The header as text."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)


@dataclass(frozen=True, kw_only=True)
class PoseParts:
    """The array's `Pose` as plain values.

    Args:
        position: of the array's origin, metres.
        yaw: radians.
        pitch: radians.
        roll: radians.
    """

    position: list[float]
    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, kw_only=True)
class _Stored:
    """The schema of a header as it is stored."""

    schema: Literal["ris-scenes"]
    version: Literal[2]
    wavelengths: tuple[float, ...]
    symbols: str | list[str]
    package: str
    note: str
    config: Mapping[str, Any] | None
    digest: str | None
    wavefront: str
    pose: PoseParts


_HAND, _ANEW = "a file edited by hand", "write the file anew"
_ODD: Mapping[str, tuple[str, str, str]] = {
    "wavelengths": ("", "a wrong unit", "write positive wavelengths in metres"),
    "symbols": ("", "a misspelt name", "write 'random', 'pilot' or 'known', or one a source"),
    "package": ("", _HAND, "write a text"),
    "note": ("", _HAND, "write a text"),
    "config": ("a configuration that is no table: ", _HAND, _ANEW),
    "digest": ("", "a configuration edited after it was written", "simulate the file anew"),
    "wavefront": ("an array that cannot be: ", _HAND, _ANEW),
    "pose": ("an array that cannot be: ", _HAND, _ANEW),
}
"""Before what a field held that it may not hold; the likely cause and the next move."""


def header_from_json(text: str | None, source: str) -> Header:
    """Read and check a header.

    Args:
        text: what the file holds in its header's place, None if nothing.
        source: name of the file, for messages.

    Returns:
        The header.

    Raises:
        SceneFileError: none, another schema or version, a missing or foreign key, or a digest that does not fit.
    """
    if text is None:
        _refuse(source, "no scene header", "safetensors written by another program", "write it with save_scenes")
    try:
        values = parse_document(text)
    except ValueError as error:
        _refuse(source, f"a header that is no JSON ({error})", "a file edited by hand", "write it with save_scenes")
    schema = values.get("schema") if isinstance(values, dict) else None
    if schema != SCHEMA:
        if isinstance(schema, str) and schema in _OTHERS:
            _refuse(source, f"a {_OTHERS[schema]}", "two files that changed places", "pass the scenes here")
        _refuse(source, "a header of another schema", "safetensors of another program", "pass a file of `ris simulate`")
    if values.get("version") == 1:
        values = _upgraded(values)
    if values.get("version") != VERSION:
        got = f"version {values.get('version')!r:.40}"
        _refuse(
            source, got, "a file of another release of this package", "write the file anew, or install that release"
        )
    stored = _stored(values, source)
    _check(stored, source)
    return Header(**{**vars(stored), "pose": asdict(stored.pose), "symbols": kinds_of(stored.symbols)})


def _stored(values: Mapping[str, Any], source: str) -> _Stored:
    """The fields of a header, each of its type."""
    try:
        return from_document(_Stored, values)
    except ValueError as error:
        differing = sorted(key[:40] for key in set(values) ^ set(_Stored.__dataclass_fields__))
        if differing:
            _refuse(source, f"missing or foreign header keys: {', '.join(differing[:9])}", _HAND, _ANEW)
        found = re.match(r"\w+", str(error))
        before, cause, move = _ODD.get(found[0] if found else "", ("", _HAND, _ANEW))
        _refuse(source, f"{before}{error}", cause, move)


def _upgraded(values: Mapping[str, Any]) -> dict[str, Any]:
    """A header of version 1 as one of the present version."""
    rest = {key: value for key, value in values.items() if key != "wavelength"}
    waves = {"wavelengths": [values["wavelength"]]} if "wavelength" in values else {}
    return {**rest, **waves, "wavefront": "spherical", "pose": pose_values(Pose()), "version": VERSION}


def _check(stored: _Stored, source: str) -> None:
    """What no type says: positive wavelengths, an array that can be, kinds of symbols, and the digest."""
    if not stored.wavelengths or not all(0 < value < math.inf for value in stored.wavelengths):
        _refuse(source, f"wavelengths {list(stored.wavelengths)!r:.60}", *_ODD["wavelengths"][1:])
    try:
        wavefront_named(stored.wavefront)
        pose_of(asdict(stored.pose))
    except (ConfigurationError, ValueError) as error:
        _refuse(source, f"an array that cannot be: {error}", _HAND, _ANEW)
    try:
        kinds_of(stored.symbols)
    except InputError as error:
        _refuse(source, f"symbols {error.got}", error.cause, _ODD["symbols"][2])
    expected = None if stored.config is None else config_digest(stored.config)
    if stored.digest != expected:
        got = f"a configuration whose digest is {expected}, where the header says {stored.digest}"
        _refuse(source, got, *_ODD["digest"][1:])


def pose_of(values: Mapping[str, Any]) -> Pose:
    """A pose of the plain values that `pose_values` gave; KeyError, TypeError or ValueError where they are others."""
    x, y, z = (float(each) for each in values["position"])
    angles = {name: float(values[name]) for name in ("yaw", "pitch", "roll")}
    return Pose(position=(x, y, z), **angles)


def _refuse(source: str, got: str, cause: str, move: str) -> NoReturn:
    raise SceneFileError(f"a {SCHEMA} file of version {VERSION}", f"{source}: {got}", cause, move)
