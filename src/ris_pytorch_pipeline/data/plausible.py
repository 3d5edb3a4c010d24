"""Can these tensors be scenes? Types first, before anything is read, then sizes that no measurement has."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..errors import InputError, SceneFileError

REAL, WHOLE = (torch.float32, torch.float64), (torch.int64, torch.int32)
MOST, MOST_METRES = 1e12, 1e6
"""Largest measurement, code or channel entry, and place of an element: beyond it their products are no numbers."""
_COUNTS = {"truth.sources"}
_LEAST_AXES = {"truth.sources": 1, "truth.noise_variance": 1, "truth.snr_db": 1, "noise_variance": 1}
"""Axes of the tensors that have fewer than two; any other has two or more."""


def check_kinds(kinds: Mapping[str, tuple[torch.dtype, tuple[int, ...]]], source: str) -> None:
    """Refuse tensors of a type or number of axes that no scene file has, from its table alone.

    Args:
        kinds: type and shape by name.
        source: name of the file, for messages.

    Raises:
        SceneFileError: half precision, truth values, or a tensor without axes.
    """
    for name, (kind, shape) in kinds.items():
        wanted = WHOLE if name in _COUNTS else REAL
        if kind not in wanted or len(shape) < _LEAST_AXES.get(name, 2):
            raise SceneFileError(
                f"{name[:40]} of {' or '.join(str(x).removeprefix('torch.') for x in wanted)}, with a scene axis",
                f"{source}: {str(kind).removeprefix('torch.')} of shape {shape}", "a file written by another program",
                "write it with save_scenes",
            )  # fmt: skip


def check_plausible(values: Mapping[str, Tensor]) -> None:
    """Refuse scenes whose covariance cannot be that of a measurement: a code, channel or panel that is none.

    Args:
        values: by name, complex where they are; finite.

    Raises:
        InputError: a scene without codes or channel, elements in one place, or values too large to be squared.
    """
    for name in ("measurements", "codes", "channel", "elements", "sequences"):
        if name not in values or not values[name].numel():
            continue  # which is refused where they are put together
        size = values[name].abs().flatten(1).amax(1)
        largest = MOST_METRES if name == "elements" else MOST
        if not bool((size <= largest).all()):
            raise InputError(
                f"finite {name} of at most {largest:.0e}", f"{float(size.max()):.1e}", "a wrong unit, or damage",
                "scale the scenes, or copy the file again",
            )  # fmt: skip
        if name in ("codes", "channel") and bool((size < 1 / MOST).any()):
            raise InputError(
                f"{name} that are not zero", f"scene {int((size < 1 / MOST).nonzero()[0])}, all zero",
                "a field left at zero, or a failed capture", "drop those scenes",
            )  # fmt: skip
