"""Which scenes does a JSON document describe? The same that a scene file can hold, checked by the same rules."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from .. import __version__
from ..errors import InputError, SceneFileError
from ..files import from_document, parse_document
from ..physics import Observation, Pose
from ..physics.tensors import as_tensor
from .header import SCHEMA, VERSION, PoseParts, header_from_json, pose_values
from .plausible import check_kinds, check_plausible
from .scene_file import SceneFile


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Complex numbers as nested lists of the same shape.

    Args:
        real: real parts.
        imag: imaginary parts.
    """

    real: list[Any]
    imag: list[Any]


@dataclass(frozen=True, kw_only=True)
class SceneDocument:
    """Measured scenes as plain values; axes and units are those of `Observation`.

    >>> import json
    >>> from dataclasses import asdict
    >>> from ris_pytorch_pipeline.data.scene_document import Parts, PoseParts
    >>> one, two = Parts(real=[[[1.0]]], imag=[[[0.0]]]), Parts(real=[[[1.0, 0.0]]], imag=[[[0.0, 1.0]]])
    >>> document = SceneDocument(
    ...     measurements=one, codes=two, channel=two, elements=[[0, 0, 0], [0, 0.1, 0]], wavelengths=[0.2],
    ...     symbols="random", noise_variance=None, wavefront="spherical", sequences=None,
    ...     pose=PoseParts(position=[0.0, 0.0, 1.5], yaw=0.0, pitch=0.0, roll=0.0),
    ... )
    >>> scenes_from_json(json.dumps(asdict(document)), "the body").observation.array.pose.position  # metres
    (0.0, 0.0, 1.5)

    Args:
        measurements: (scene, [frequency,] snapshot, antenna).
        codes: (scene, [frequency,] snapshot, element).
        channel: (scene, [frequency,] antenna, element).
        elements: (element, 3), metres.
        wavelengths: metres.
        symbols: `random`, `pilot` or `known`, or a list of one of these for each source.
        noise_variance: (scene,), or None where it is not known.
        wavefront: name of the wave, see `wavefront_named`.
        pose: of the array, fields left out are zero.
        sequences: (scene, [frequency,] snapshot, source) of known symbols, or None.
    """

    measurements: Parts
    codes: Parts
    channel: Parts
    elements: list[Any]
    wavelengths: list[float]
    symbols: str | list[str]
    noise_variance: list[float] | None
    wavefront: str
    pose: PoseParts
    sequences: Parts | None


MOST_NUMBERS, MOST_ROWS = 2**20, 2**17
"""Of a document. A body of 16 MB that holds nothing but empty lists took a minute to read, and 0.5 GB."""
_OPTIONAL: dict[str, Any] = {"noise_variance": None, "wavefront": "spherical", "pose": {}, "sequences": None}
_MOVE = "pass {'real': x.real.tolist(), 'imag': x.imag.tolist()} of each array, and the axes of Observation"


def scenes_from_json(text: bytes | str, source: str) -> SceneFile:
    """The scenes that a JSON document describes.

    >>> import json
    >>> x = {"real": [[[1.0, 0.0]]], "imag": [[[0.0, 1.0]]]}
    >>> text = json.dumps({"measurements": x, "codes": x, "channel": {"real": [[[1, 1]] * 2], "imag": [[[0, 0]] * 2]},
    ...     "elements": [[0, 0, 0], [0, 0.1, 0]], "wavelengths": [0.2], "symbols": "random"})
    >>> scenes_from_json(text, "the body").observation.array
    Array(2 elements, line, 0.1 m, wavelength 0.2 m)

    Args:
        text: the document, with the fields of `SceneDocument`; the last four may be left out.
        source: its name, for messages.

    Returns:
        Observation in double precision and header; no truth.

    Raises:
        SceneFileError: no JSON, another field, numbers that are none, shapes that disagree, or values that cannot be.
    """
    given = _document(text, source)
    header = header_from_json(json.dumps(_header(given)), source)
    try:
        named = [name for name in ("measurements", "codes", "channel", "sequences") if vars(given)[name] is not None]
        values = {name: _complex(name, vars(given)[name]) for name in named}
        elements = _real("elements", given.elements)
        known = None if given.noise_variance is None else _real("noise_variance", given.noise_variance)
        reals = {name: value.real for name, value in values.items()} | {"elements": elements}
        check_kinds({name: (value.dtype, tuple(value.shape)) for name, value in reals.items()}, source)
        check_plausible({**values, "elements": elements})
        seen = Observation(
            **values, array=header.array(elements), symbols=header.symbols, noise_variance=known
        )  # fmt: skip
    except torch.linalg.LinAlgError as error:  # pyright: ignore[reportPrivateImportUsage]
        got = f"{source}: {str(error).splitlines()[0]}"
        raise SceneFileError("elements that span a panel", got, "places that are none", "pass metres") from error
    except SceneFileError:
        raise
    except InputError as error:
        raise SceneFileError(error.wanted, f"{source}: {error.got}", error.cause, error.move) from error
    return SceneFile(observation=seen, truth=None, header=header)


def _document(text: bytes | str, source: str) -> SceneDocument:
    """The document, of the right fields.

    Raises:
        SceneFileError: it is none.
    """
    content = text.encode() if isinstance(text, str) else text
    if content.count(b",") > MOST_NUMBERS or content.count(b"[") + content.count(b"{") > MOST_ROWS:
        raise SceneFileError(
            f"at most {MOST_NUMBERS} numbers in {MOST_ROWS} rows", f"{source}: more of either", "a large capture",
            "send a scene file, which takes a third of the bytes, or fewer scenes",
        )  # fmt: skip
    try:
        values = parse_document(text)
        whole = {**_OPTIONAL, **values} if isinstance(values, dict) else values
        if isinstance(whole, dict) and isinstance(whole["pose"], dict):
            whole["pose"] = {**pose_values(Pose()), **whole["pose"]}
        return from_document(SceneDocument, whole)
    except ValueError as error:
        raise SceneFileError(
            "a JSON table with measurements, codes, channel, elements, wavelengths and symbols", f"{source}: {error}",
            "a field left out or misspelt, or a body cut short", _MOVE,
        ) from error  # fmt: skip


def _header(given: SceneDocument) -> dict[str, Any]:
    """The header that a scene file of the document would have."""
    fixed = {"package": __version__, "note": "", "config": None, "digest": None, "schema": SCHEMA, "version": VERSION}
    return {
        **fixed, "wavelengths": given.wavelengths, "symbols": given.symbols, "wavefront": given.wavefront,
        "pose": asdict(given.pose),
    }  # fmt: skip


def _complex(name: str, parts: Parts) -> Tensor:
    """Complex numbers of their parts.

    Raises:
        InputError: parts of different shapes.
    """
    real, imag = _real(f"{name}.real", parts.real), _real(f"{name}.imag", parts.imag)
    if real.shape != imag.shape:
        raise InputError(
            f"{name}.real and {name}.imag of one shape", f"{tuple(real.shape)} and {tuple(imag.shape)}",
            "parts of different arrays", _MOVE,
        )  # fmt: skip
    return torch.complex(real, imag)


def _real(name: str, value: list[Any]) -> Tensor:
    """Numbers in double precision.

    Raises:
        InputError: texts or truth values, or rows of different lengths.
    """
    tensor = as_tensor(value)
    if tensor.dtype == torch.bool:
        raise InputError(f"numbers in {name}", "truth values", "a mask in place of values", _MOVE)
    return tensor.double()
