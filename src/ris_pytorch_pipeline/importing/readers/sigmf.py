"""How samples are read from SigMF: a JSON text that says how the binary file beside it is laid out."""

import hashlib
import json
import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from .bounded import Source
from .parts import complex_of

_KIND = re.compile(r"(?P<form>[rc])(?P<number>f32|f64|i32|i16|i8|u32|u16|u8)(?P<order>_le|_be)?")
_TEXT_LIMIT = 2**24


def listing(source: Source) -> dict[str, tuple[int, ...]]:
    """`samples` (sample, channel), and `frequency` in Hz of each capture that states one."""
    meta, data = _files(source)
    shape = _layout(meta, data)[1]
    return {"samples": shape, "frequency": _frequencies(meta).shape}


def read(source: Source, name: str) -> NDArray[Any]:
    """One of them; integers are not scaled."""
    meta, data = _files(source)
    if name == "frequency":
        return _frequencies(meta)
    kind, shape, pairs = _layout(meta, data)
    source.check_size(shape, 16, name)
    _check_digest(meta, data)
    numbers = np.fromfile(data.path, dtype=kind, count=math.prod(shape) * pairs)
    if pairs == 1:
        return numbers.reshape(shape)
    parts = numbers.astype(np.float64).reshape(*shape, 2)
    return complex_of(parts[..., 0], parts[..., 1])


def _files(source: Source) -> tuple[dict[str, Any], Source]:
    """The metadata and the binary file.

    Raises:
        InputError: a binary file with headers.
        ValueError: no SigMF metadata.
    """
    text = source if source.path.suffix == ".sigmf-meta" else source.beside(f"{source.path.stem}.sigmf-meta")
    text.check_size((text.size * (_TEXT_LIMIT < text.size),), text.limit, "metadata")
    meta = json.loads(text.path.read_text(encoding="utf-8"))
    if not isinstance(meta, dict) or not isinstance(meta.get("global"), dict):
        raise ValueError("no table `global`")
    captures = meta.get("captures", [])
    if any(each.get("core:header_bytes") for each in captures) or meta["global"].get("core:trailing_bytes"):
        raise InputError("a binary file of samples alone", "headers in it", "a non-conforming data set", "strip them")
    return meta, text.beside(meta["global"].get("core:dataset") or f"{text.path.stem}.sigmf-data")


def _check_digest(meta: dict[str, Any], data: Source) -> None:
    """Compare the binary file with the digest that its metadata states, if they do.

    Raises:
        InputError: they differ.
    """
    stated = meta["global"].get("core:sha512")
    if stated is None:
        return
    with data.path.open("rb") as file:
        found = hashlib.file_digest(file, "sha512").hexdigest()
    if found != str(stated).lower():
        raise InputError(
            f"{data.path.name} of SHA-512 {str(stated)[:16]!r}..., as core:sha512 states", f"{found[:16]!r}...",
            "samples that were changed or cut short since, or metadata of another recording", "copy both files again",
        )  # fmt: skip


def _layout(meta: dict[str, Any], data: Source) -> tuple[np.dtype[Any], tuple[int, int], int]:
    """Type of one number, shape (sample, channel), and numbers of a sample.

    Raises:
        InputError: an unknown type, or a part of a sample at the end.
    """
    found = _KIND.fullmatch(str(meta["global"].get("core:datatype")))
    if found is None:
        raise InputError(
            "core:datatype such as cf32_le or ci16_le", repr(meta["global"].get("core:datatype")),
            "metadata of another kind", "mend the .sigmf-meta",
        )  # fmt: skip
    order = ">" if found["order"] == "_be" else "<"
    number = found["number"]
    kind = np.dtype(f"{order}{number[0]}{int(number[1:]) // 8}")
    pairs = 2 if found["form"] == "c" else 1
    channels = int(meta["global"].get("core:num_channels", 1))
    samples, rest = divmod(data.size, kind.itemsize * pairs * channels)
    if rest:
        raise InputError(
            f"{data.path.name} of whole samples, {kind.itemsize * pairs * channels} bytes each",
            f"{data.size} bytes, {rest} too many", "a recording that was cut short, or another core:num_channels",
            "copy it again, or mend the .sigmf-meta",
        )  # fmt: skip
    return kind, (samples, channels), pairs


def _frequencies(meta: dict[str, Any]) -> NDArray[np.float64]:
    found = [each["core:frequency"] for each in meta.get("captures", []) if "core:frequency" in each]
    return np.asarray(found, dtype=np.float64)
