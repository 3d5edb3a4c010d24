"""How a calibration is kept: tensors in safetensors behind a JSON header, written whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from .. import __version__
from ..data.header import pose_values
from ..data.scene_file import check_writable
from ..errors import InputError, RisError, SceneFileError
from ..physics import Array, Pose, wavefront_named
from .calibration import Calibration

SCHEMA, VERSION = "ris-calibration", 1
_COMPLEX = ("elements", "antennas", "codes", "intended")
"""Kept as real tensors with a last axis (real, imaginary)."""


def save_calibration(path: Path | str, calibration: Calibration, *, overwrite: bool = False) -> None:
    """Write a calibration: to a temporary file beside it first.

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
    tensors = {name: torch.view_as_real(value.resolve_conj()).contiguous().clone() for name, value in given.items()}
    tensors |= {
        "positions": calibration.array.elements.contiguous().clone(),
        "deviation_scale": calibration.deviation_scale,
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        save_file(tensors, temporary, metadata={"header": json.dumps(_header(calibration), sort_keys=True)})
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        raise SceneFileError(
            "a writable file", f"{path}: {error}", "a full disk, or no permission", "try another folder"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def load_calibration(path: Path | str) -> Calibration:
    """Read a calibration.

    Raises:
        SceneFileError: missing, broken, or a file of another kind.
    """
    path = Path(path)
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("header", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        return _calibration(header, tensors)
    except FileNotFoundError as error:
        raise SceneFileError("a calibration", f"no file {path}", "a mistyped path", "check the path") from error
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RisError) as error:
        raise SceneFileError(
            f"a {SCHEMA} file of version {VERSION}", f"{path}: {type(error).__name__}: {error}",
            "a scene file or a file of another program, or one cut short", "pass the file that `ris calibrate` wrote",
        ) from error  # fmt: skip


def _header(calibration: Calibration) -> dict[str, Any]:
    array = calibration.array
    return {
        "schema": SCHEMA, "version": VERSION, "package": __version__, "wavelengths": list(array.wavelengths),
        "pose": pose_values(array.pose), "wavefront": array.wavefront.name, "shares": calibration.shares,
        "unidentified": list(calibration.unidentified),
    }  # fmt: skip


def _calibration(header: Any, tensors: dict[str, Tensor]) -> Calibration:  # noqa: ANN401
    """The calibration of a header and tensors, whose shapes are checked.

    Raises:
        InputError: another schema, or shapes that do not fit.
    """
    if not isinstance(header, dict) or (header.get("schema"), header.get("version")) != (SCHEMA, VERSION):
        raise InputError(f"schema {SCHEMA}", "another header", "another file", "check the path")
    pose = Pose(**{**header["pose"], "position": tuple(header["pose"]["position"])})
    array = Array(
        tensors["positions"], tuple(header["wavelengths"]), pose=pose, wavefront=wavefront_named(header["wavefront"])
    )
    values = {name: torch.view_as_complex(tensors[name].double()) for name in _COMPLEX if name in tensors}
    calibration = Calibration(
        array=array, deviation_scale=tensors["deviation_scale"].double(), shares=dict(header["shares"]),
        unidentified=tuple(header["unidentified"]), **values,
    )  # fmt: skip
    size = (array.frequencies, len(array))
    fits = tuple(calibration.elements.shape) == size and calibration.antennas.shape[0] == size[0]
    if calibration.codes is not None and calibration.intended is not None:
        fits = fits and tuple(calibration.codes.shape) == (size[0], *calibration.intended.shape)
    finite = all(bool(torch.isfinite(torch.view_as_real(value)).all()) for value in values.values())
    if not fits or not finite or tuple(calibration.deviation_scale.shape) != (3,):
        raise InputError("gains of every frequency and element", "others", "a file edited by hand", "calibrate anew")
    return calibration
