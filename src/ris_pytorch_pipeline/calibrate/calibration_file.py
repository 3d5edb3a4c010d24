"""How is a calibration kept? As sealed tensors behind a JSON header, written whole or not at all."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from .. import __version__
from ..data.header import pose_of, pose_values
from ..data.plausible import MOST, check_plausible
from ..data.writable import check_writable
from ..errors import InputError, RisError, SceneFileError
from ..files import (
    StoredTensors,
    cause,
    from_document,
    move,
    parse_document,
    read_tensors,
    reason,
    warn_unsealed,
    write_tensors,
)
from ..physics import Array, wavefront_named
from .calibration import Calibration

_COMPLEX = ("elements", "antennas", "codes", "intended")
"""Kept as real tensors with a last axis (real, imaginary)."""
_AXES = {"positions": 2, "deviation_scale": 1, "elements": 3, "antennas": 3, "codes": 4, "intended": 3}
"""Of each tensor in the file."""
_ALWAYS = {"positions", "deviation_scale", "elements", "antennas"}


@dataclass(frozen=True, kw_only=True)
class _Header:
    """What the file says of itself."""

    package: str
    wavelengths: tuple[float, ...]
    pose: dict[str, Any]
    wavefront: str
    shares: dict[str, float]
    unidentified: tuple[str, ...]
    scale_places: int | None = None
    schema: Literal["ris-calibration"] = "ris-calibration"
    version: Literal[1] = 1


def save_calibration(path: Path | str, calibration: Calibration, *, overwrite: bool = False) -> None:
    """Write a calibration, whole or not at all, with a digest of its bytes.

    >>> save_calibration("ideal.safetensors", Calibration.nominal(Line(count=3, spacing=0.15).array(0.3), antennas=2))

    Args:
        path: the file.
        calibration: what to keep.
        overwrite: replace an existing file.

    Raises:
        SceneFileError: the file exists, or cannot be written.
    """
    path = Path(path)
    check_writable(path, overwrite=overwrite)
    given = {name: value for name in _COMPLEX if (value := vars(calibration)[name]) is not None}
    tensors = {name: torch.view_as_real(value.resolve_conj()) for name, value in given.items()}
    tensors |= {"positions": calibration.array.elements, "deviation_scale": calibration.deviation_scale}
    try:
        write_tensors(path, tensors, json.dumps(asdict(_header_of(calibration)), sort_keys=True), overwrite=overwrite)
    except OSError as error:
        raise SceneFileError(
            "a writable file", f"{path}: {reason(error)}", cause(error, "a folder that is gone"),
            "try another folder",
        ) from error  # fmt: skip


def load_calibration(path: Path | str) -> Calibration:
    """Read a calibration.

    >>> save_calibration("gains.safetensors", Calibration.nominal(Line(count=3, spacing=0.15).array(0.3), antennas=2))
    >>> load_calibration("gains.safetensors").elements.shape  # (frequency, element)
    torch.Size([1, 3])

    Raises:
        SceneFileError: missing, altered, a link, or a file of another kind.
    """
    path = Path(path)
    try:
        with read_tensors(path) as file:
            header = from_document(_Header, parse_document(file.metadata.get("header", "null")))
            _check_kinds(file)
            warn_unsealed(file, path)
            tensors = {name: file.tensor(name) for name in file.names}
        return _calibration(header, tensors)
    except FileNotFoundError as error:
        raise SceneFileError("a calibration", f"no file {path}", "a mistyped path", "check the path") from error
    except OSError as error:
        raise SceneFileError(
            "a readable calibration", f"{path}: {reason(error)}", cause(error, "a damaged disk"),
            move(error, "copy the file again"),
        ) from error  # fmt: skip
    except (KeyError, TypeError, ValueError, RisError, torch.linalg.LinAlgError) as error:  # pyright: ignore[reportPrivateImportUsage]
        raise SceneFileError(
            "a ris-calibration file of version 1", f"{path}: {str(error).splitlines()[0][:200]}",
            "a scene file or a file of another program, or one that was altered or cut short",
            "pass the file that `ris calibrate` wrote",
        ) from error  # fmt: skip


def _header_of(calibration: Calibration) -> _Header:
    array = calibration.array
    return _Header(
        package=__version__, wavelengths=tuple(array.wavelengths), pose=pose_values(array.pose),
        wavefront=array.wavefront.name, shares=dict(calibration.shares), unidentified=calibration.unidentified,
        scale_places=calibration.scale_places,
    )  # fmt: skip


def _check_kinds(file: StoredTensors) -> None:
    """Refuse tensors that no calibration has, before they are read.

    Raises:
        ValueError: one too many or too few, or of another type or number of axes.
    """
    names = set(file.names)
    if not _ALWAYS <= names <= _AXES.keys():
        raise ValueError(f"tensors {', '.join(sorted(names))[:100] or 'none'}")
    for name in names:
        kind, shape = file.kind(name)
        pair = name not in _COMPLEX or shape[-1:] == (2,)
        if kind not in (torch.float32, torch.float64) or len(shape) != _AXES[name] or not pair or 0 in shape:
            raise ValueError(f"{name} of shape {shape}, {kind}")


def _calibration(header: _Header, tensors: Mapping[str, Tensor]) -> Calibration:
    """The calibration of a header and tensors, whose shapes are checked.

    Raises:
        InputError: shapes or values that cannot be.
        ValueError: wavelengths that are none, or gains that are all zero.
    """
    if not header.wavelengths or not all(0 < each < math.inf for each in header.wavelengths):
        raise ValueError(f"wavelengths {header.wavelengths[:8]}")
    check_plausible({"elements": tensors["positions"]})
    array = Array(
        tensors["positions"], header.wavelengths, pose=pose_of(header.pose),
        wavefront=wavefront_named(header.wavefront),
    )  # fmt: skip
    values = {name: torch.view_as_complex(tensors[name].double()) for name in _COMPLEX if name in tensors}
    calibration = Calibration(
        array=array, deviation_scale=tensors["deviation_scale"].double(), shares=header.shares,
        unidentified=header.unidentified, scale_places=header.scale_places, **values,
    )  # fmt: skip
    size = (array.frequencies, len(array))
    fits = tuple(calibration.elements.shape) == size and calibration.antennas.shape[0] == size[0]
    fits = fits and (calibration.codes is None) == (calibration.intended is None)
    if calibration.codes is not None and calibration.intended is not None:
        fits = fits and tuple(calibration.codes.shape) == (size[0], *calibration.intended.shape)
        fits = fits and calibration.intended.shape[1] == size[1]
    finite = all(bool((value.abs() <= MOST).all()) for value in (*values.values(), calibration.deviation_scale))
    if silent := [name for name in ("elements", "antennas") if not values[name].any(-1).all()]:
        raise ValueError(f"gains of {' and '.join(silent)} that are all zero at some frequency")
    if not fits or not finite or tuple(calibration.deviation_scale.shape) != (3,):
        raise InputError("gains of every frequency and element", "others", "a file edited by hand", "calibrate anew")
    return calibration
