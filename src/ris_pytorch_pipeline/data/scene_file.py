"""How scenes are kept on disk: tensors in safetensors behind a JSON header, written whole or not at all."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor

from .. import __version__
from ..errors import InputError, SceneFileError
from ..files import (
    Content,
    StoredTensors,
    cause,
    move,
    read_tensors,
    reason,
    warn_unsealed,
    write_tensors,
)
from ..physics import Observation, Scenes, Truth, check_visible, is_mixed
from .digest import config_digest
from .header import Header, header_from_json, pose_values
from .plausible import check_kinds, check_plausible
from .stored_scenes import COMPLEX, OPTIONAL, PADDED, SAME, SEEN, stored_tensors
from .writable import check_writable

_Source = Path | Content


@dataclass(frozen=True, kw_only=True)
class SceneFile:
    """What a scene file holds.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("pilot", horizontal=4, vertical=4), scenes=2, seed=0)
    >>> _ = ris.save_scenes("seen.safetensors", scenes.observation)  # without the truth, as measured ones are
    >>> file = ris.load_scenes("seen.safetensors")
    >>> len(file.observation), file.truth, file.header.symbols
    (2, None, 'pilot')

    Args:
        observation: what an estimator is given.
        truth: what the scenes really were; None for measured scenes.
        header: the file's header.
    """

    observation: Observation
    truth: Truth | None
    header: Header

    @property
    def scenes(self) -> Scenes | None:
        """Observation and truth together; None without a truth."""
        return None if self.truth is None else Scenes(observation=self.observation, truth=self.truth)


def save_scenes(
    path: Path | str,
    observation: Observation,
    truth: Truth | None = None,
    *,
    config: Mapping[str, Any] | None = None,
    note: str = "",
    overwrite: bool = False,
) -> Header:
    """Write a scene file whole or not at all, with a digest of its bytes that reading verifies.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("pilot"), scenes=2, seed=0)
    >>> ris.save_scenes("hall.safetensors", scenes.observation, scenes.truth, note="hall 3").note
    'hall 3'

    Args:
        path: the file.
        observation: measured or simulated scenes.
        truth: what they really were, if known.
        config: the resolved configuration that they were simulated from, plain values.
        note: where the scenes come from, in words.
        overwrite: replace an existing file.

    Returns:
        The header written.

    Raises:
        SceneFileError: the file exists, or cannot be written.
    """
    path = Path(path)
    check_writable(path, overwrite=overwrite)
    header = Header(
        wavelengths=observation.array.wavelengths,
        wavefront=observation.array.wavefront.name,
        pose=pose_values(observation.array.pose),
        symbols=observation.symbols,
        package=__version__,
        note=note,
        config=config,
        digest=None if config is None else config_digest(config),
    )
    try:
        write_tensors(path, stored_tensors(observation, truth), header.to_json(), overwrite=overwrite)
    except OSError as error:
        raise SceneFileError(
            "a writable file", f"{path}: {reason(error)}", cause(error, "a folder that is gone"),
            "try another folder",
        ) from error  # fmt: skip
    return header


def load_scenes(
    path: Path | str | Content, first: int = 0, last: int | None = None, *, check: bool = True
) -> SceneFile:  # fmt: skip
    """Read a scene file, or some of its scenes, and check everything that is read.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("pilot"), scenes=4, seed=0)
    >>> _ = ris.save_scenes("four.safetensors", scenes.observation, scenes.truth)
    >>> ris.load_scenes("four.safetensors", first=1).observation.measurements.shape
    torch.Size([3, 16, 16])

    Args:
        path: the file, or its bytes.
        first: number of the first scene to keep; others are not held in memory.
        last: number of the scene to stop before; None reads to the end.
        check: compare the whole file with its digest first; a file that was verified before need not be again.

    Returns:
        Observation, truth if there is one, and header; tensors on the CPU.

    Raises:
        SceneFileError: missing, truncated, altered, foreign, a link, of another schema, without a tensor that it should
            have, or with values that cannot be.
    """
    path = Path(path) if isinstance(path, str) else path
    header, tensors = _read(path, None if (first, last) == (0, None) else slice(first, last), check=check)
    values = {name: _from_stored(path, name, value) for name, value in tensors.items()}
    for name in values.keys() - {"elements", *PADDED}:
        _check_finite(path, name, values[name], first)
    try:
        check_plausible(values)
        observation = Observation(
            **{name: _taken(path, values, name) for name in SEEN[:3]},
            array=header.array(_taken(path, values, "elements")),
            symbols=header.symbols,
            **{name: values.get(name) for name in OPTIONAL},
        )
        truth = _truth(path, values, observation, first) if any(name.startswith("truth.") for name in values) else None
    except torch.linalg.LinAlgError as error:  # pyright: ignore[reportPrivateImportUsage]
        _refuse(path, "elements that span a panel", str(error).splitlines()[0])
    except InputError as error:
        raise SceneFileError(error.wanted, f"{path}: {error.got}", error.cause, error.move) from error
    return SceneFile(observation=observation, truth=truth, header=header)


def count_scenes(path: Path | str | Content) -> int:
    """How many scenes a file says it holds, from its header alone.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("pilot", horizontal=4, vertical=4), scenes=5, seed=0)
    >>> _ = ris.save_scenes("five.safetensors", scenes.observation)
    >>> count_scenes("five.safetensors")
    5

    Args:
        path: the file, or its bytes.

    Raises:
        SceneFileError: as `load_scenes`, but for what only reading shows.
    """
    path = Path(path) if isinstance(path, str) else path
    with _opened(path, check=False) as file:
        if "measurements" not in file.names or not file.kind("measurements")[1]:
            header_from_json(file.metadata.get("header"), str(path))  # says first what other kind of file it is
            _refuse(path, "a tensor 'measurements' with a scene axis", f"{', '.join(file.names)[:200] or 'no tensor'}")
        return file.kind("measurements")[1][0]


def _read(path: _Source, part: slice | None, *, check: bool) -> tuple[Header, dict[str, Tensor]]:
    with _opened(path, check=check) as file:
        header = header_from_json(file.metadata.get("header"), str(path))
        check_kinds({name: file.kind(name) for name in file.names}, str(path))
        warn_unsealed(file, path)
        return header, {name: file.tensor(name, None if name == "elements" else part) for name in file.names}


@contextmanager
def _opened(path: _Source, *, check: bool) -> Iterator[StoredTensors]:
    """The tensors of a scene file.

    Raises:
        SceneFileError: everything that can be wrong with it.
    """
    if isinstance(path, Path) and os.path.isdir(path):  # noqa: PTH112  (which never raises)
        raise SceneFileError("a scene file", f"{path}, a folder", "a folder of shards", "name one of its .safetensors")
    try:
        with read_tensors(path, check=check) as file:
            yield file
    except FileNotFoundError as error:
        raise SceneFileError("a scene file", f"no file {path}", "a mistyped path", "check the path") from error
    except OSError as error:
        raise SceneFileError(
            "a readable scene file", f"{path}: {reason(error)}", cause(error, "a damaged disk"),
            move(error, "copy the file again"),
        ) from error  # fmt: skip
    except SceneFileError:
        raise
    except ValueError as error:
        raise SceneFileError(
            "a scene file (safetensors)",
            f"{path}: {error}",
            "a download or copy cut short, a damaged disk, or a file of another kind",
            "copy it again, or write it with `ris simulate` or save_scenes",
        ) from error


def _from_stored(path: _Source, name: str, value: Tensor) -> Tensor:
    if name not in COMPLEX:
        return value
    if value.ndim < 1 or value.shape[-1] != 2 or not value.is_floating_point():
        _refuse(path, f"{name} with a last axis (real, imaginary)", f"{tuple(value.shape)} of {value.dtype}")
    return torch.view_as_complex(value.contiguous())


def _taken(path: _Source, values: Mapping[str, Tensor], name: str) -> Tensor:
    if name not in values:
        _refuse(path, f"a tensor {name!r}", f"tensors {', '.join(sorted(values)) or 'none'}")
    return values[name]


def _check_finite(path: _Source, name: str, value: Tensor, first: int) -> None:
    """Refuse NaN and infinities; one pass in the usual case, since they cannot leave a sum.

    Raises:
        SceneFileError: naming the first scene that has one.
    """
    if value.ndim and not bool(torch.isfinite(value.sum())):
        bad = (~torch.isfinite(value)).flatten(1).any(-1) if value.ndim > 1 else ~torch.isfinite(value)
        if bool(bad.any()):
            raise SceneFileError(
                f"finite {name}", f"{path}: NaN or infinite values in {int(bad.sum())} of {len(bad)} scenes, "
                f"the first of them scene {first + int(bad.nonzero()[0])}",
                "a failed capture, or a division by zero before the file was written", "drop or repair those scenes",
            )  # fmt: skip


def _truth(path: _Source, values: Mapping[str, Tensor], observation: Observation, first: int) -> Truth:
    """The truth, after checking it against the observation."""
    scenes, *blocks, _ = observation.measurements.shape
    told = {**values, "elements": values["elements"].expand(scenes, -1, -1)}
    values = {**{name: told[given] for name, given in SAME.items()}, **values}
    given = {field.name: _taken(path, values, f"truth.{field.name}") for field in fields(Truth)}
    slots = given["positions"].shape[1] if given["positions"].ndim == 3 else 0
    shapes = {
        "positions": (scenes, slots, 3),
        "sources": (scenes,),
        "powers": (scenes, slots),
        "noise_variance": (scenes,),
        "snr_db": (scenes,),
        "source_snr_db": (scenes, slots),
        "symbols": (scenes, *blocks, slots),
        "applied_codes": tuple(observation.codes.shape),
        "applied_channel": tuple(observation.channel.shape),
        "applied_elements": (scenes, len(observation.array), 3),
    }
    for name, shape in shapes.items():
        if tuple(given[name].shape) != shape:
            _refuse(path, f"truth.{name} of shape {shape}", str(tuple(given[name].shape)))
    counts, kinds = given["sources"], observation.symbols
    least, most = (len(kinds), len(kinds)) if is_mixed(kinds) else (1, slots)
    if counts.is_floating_point() or not bool(((counts >= least) & (counts <= min(most, slots))).all()):
        _refuse(path, f"truth.sources as whole numbers in {least}..{most}", str(counts.tolist()[:8]))
    truth = Truth(**given)
    for name in PADDED:
        value = values[name]
        present = truth.present.view(*truth.present.shape, *[1] * (value.ndim - 2))
        _check_finite(path, name, value.masked_fill(~present, 0), first)
    check_visible(truth.positions[truth.present], observation.array)
    if not bool((truth.noise_variance > 0).all()) or not bool((truth.powers[truth.present] > 0).all()):
        _refuse(path, "a positive noise variance and positive powers", "zero, negative or NaN values")
    return truth


def _refuse(path: _Source, wanted: str, got: str) -> NoReturn:
    raise SceneFileError(wanted, f"{path}: {got}", "a file written by another program", "write it with save_scenes")
