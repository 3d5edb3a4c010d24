"""What the header of a scene file says: schema, wavelength, symbol model, and the configuration behind it."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

from ..errors import ConfigurationError, InputError, SceneFileError
from ..files import parse_document
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
    known = set(Header.__dataclass_fields__)
    if set(values) != known:
        differing = ", ".join(sorted(set(values) ^ known))
        _refuse(source, f"missing or foreign header keys: {differing}", "a file edited by hand", "write the file anew")
    _check_texts(values, source)
    _check_values(values, source)
    kinds = {"wavelengths": tuple(values["wavelengths"]), "symbols": kinds_of(values["symbols"])}
    return Header(**{**values, **kinds})


def _upgraded(values: Mapping[str, Any]) -> dict[str, Any]:
    """A header of version 1 as one of the present version."""
    rest = {key: value for key, value in values.items() if key != "wavelength"}
    waves = {"wavelengths": [values["wavelength"]]} if "wavelength" in values else {}
    return {**rest, **waves, "wavefront": "spherical", "pose": pose_values(Pose()), "version": VERSION}


def _check_texts(values: Mapping[str, Any], source: str) -> None:
    for key in ("package", "note"):
        if not isinstance(values[key], str):
            _refuse(source, f"{key} {values[key]!r:.40}", "a file edited by hand", "write a text")


def _check_values(values: Mapping[str, Any], source: str) -> None:
    wavelengths, symbols, config, digest = (values[key] for key in ("wavelengths", "symbols", "config", "digest"))
    if not isinstance(wavelengths, list) or not wavelengths or not all(map(_is_positive, wavelengths)):
        _refuse(source, f"wavelengths {wavelengths!r}", "a wrong unit", "write positive wavelengths in metres")
    try:
        wavefront_named(values["wavefront"])
        pose_of(values["pose"])
    except (ConfigurationError, KeyError, TypeError, ValueError) as error:
        _refuse(source, f"an array that cannot be: {error}", "a file edited by hand", "write the file anew")
    try:
        kinds_of(symbols)
    except InputError as error:
        _refuse(source, f"symbols {error.got}", error.cause, "write 'random', 'pilot' or 'known', or one a source")
    if config is not None and not isinstance(config, dict):
        _refuse(source, "a configuration that is no table", "a file edited by hand", "write the file anew")
    expected = None if config is None else config_digest(config)
    if digest != expected:
        got = f"a configuration whose digest is {expected}, where the header says {digest}"
        _refuse(source, got, "a configuration edited after it was written", "simulate the file anew")


def pose_of(values: Mapping[str, Any]) -> Pose:
    """A pose of the plain values that `pose_values` gave; KeyError, TypeError or ValueError where they are others."""
    x, y, z = (float(each) for each in values["position"])
    angles = {name: float(values[name]) for name in ("yaw", "pitch", "roll")}
    return Pose(position=(x, y, z), **angles)


def _is_positive(value: Any) -> bool:  # noqa: ANN401
    return type(value) in (int, float) and 0 < value < math.inf


def _refuse(source: str, got: str, cause: str, move: str) -> NoReturn:
    raise SceneFileError(f"a {SCHEMA} file of version {VERSION}", f"{source}: {got}", cause, move)
