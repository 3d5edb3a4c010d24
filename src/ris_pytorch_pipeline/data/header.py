"""What the header of a scene file says: schema, wavelength, symbol model, and the configuration behind it."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, NoReturn

from ..errors import SceneFileError
from ..files import parse_document

SCHEMA = "ris-scenes"
"""Name of the schema."""
VERSION = 1
"""Version of the schema; another one is refused."""


def config_digest(config: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of a plain configuration as JSON with sorted keys and no spaces."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(first: Mapping[str, Any], second: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Where two plain configurations differ: `plan.epochs: 10, 20`.

    Args:
        first: one configuration.
        second: the other.
        prefix: dotted name of what is compared.

    Yields:
        One text per field.
    """
    for key in sorted(first.keys() | second.keys()):
        one, two = first.get(key), second.get(key)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            yield from differences(one, two, f"{prefix}{key}.")
        elif one != two:
            yield f"{prefix}{key}: {one}, {two}"


@dataclass(frozen=True, kw_only=True)
class Header:
    """The JSON header of a scene file.

    Args:
        wavelength: metres.
        symbols: `random` or `pilot`, see `Observation`.
        package: version of the package that wrote the file.
        note: where the scenes come from, in words.
        config: the resolved configuration they were simulated from; None for measured scenes.
        digest: `config_digest` of it; None for measured scenes.
        schema: name of the schema.
        version: its version.
    """

    wavelength: float
    symbols: Literal["random", "pilot"]
    package: str
    note: str = ""
    config: Mapping[str, Any] | None = None
    digest: str | None = None
    schema: str = SCHEMA
    version: int = VERSION

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
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        _refuse(source, "a header of another schema", "safetensors of another program", "pass a file of `ris simulate`")
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
    return Header(**values)


def _check_texts(values: Mapping[str, Any], source: str) -> None:
    for key in ("package", "note"):
        if not isinstance(values[key], str):
            _refuse(source, f"{key} {values[key]!r:.40}", "a file edited by hand", "write a text")


def _check_values(values: Mapping[str, Any], source: str) -> None:
    wavelength, symbols, config, digest = (values[key] for key in ("wavelength", "symbols", "config", "digest"))
    if isinstance(wavelength, bool) or not isinstance(wavelength, int | float) or not 0 < wavelength < math.inf:
        _refuse(source, f"wavelength {wavelength!r}", "a wrong unit", "write a positive wavelength in metres")
    if symbols not in ("random", "pilot"):
        _refuse(source, f"symbols {symbols!r}", "a misspelt name", "write 'random' or 'pilot'")
    if config is not None and not isinstance(config, dict):
        _refuse(source, "a configuration that is no table", "a file edited by hand", "write the file anew")
    expected = None if config is None else config_digest(config)
    if digest != expected:
        got = f"a configuration whose digest is {expected}, where the header says {digest}"
        _refuse(source, got, "a configuration edited after it was written", "simulate the file anew")


def _refuse(source: str, got: str, cause: str, move: str) -> NoReturn:
    raise SceneFileError(f"a {SCHEMA} file of version {VERSION}", f"{source}: {got}", cause, move)
