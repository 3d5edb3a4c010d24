"""Which symbols are known to be sent? Their axes, and which of their slots hold a source."""

from typing import Any

import torch
from torch import Tensor

from .sounding import as_complex, disagree
from .tensors import as_tensor


def sequences_of(value: Any, measured: Tensor, frequencies: int) -> Tensor | None:  # noqa: ANN401
    """Sequences with the frequency axis that several wavelengths ask for; one set may serve all of them.

    Args:
        value: (scene, [frequency,] snapshot, source), or None.
        measured: the measurements, with their frequency axis where there is one.
        frequencies: how many wavelengths.
    """
    if value is None:
        return None
    sequences = as_tensor(value)
    if frequencies == 1 or sequences.ndim != 3:
        one = frequencies == 1 and sequences.ndim == 4 and sequences.shape[1] == 1
        return sequences.squeeze(1) if one else sequences
    if measured.shape[-2] == 1 and sequences.shape[1] == frequencies:  # stepped: a wavelength per snapshot
        return sequences.unsqueeze(2)
    return sequences.unsqueeze(1).expand(-1, frequencies, -1, -1)


def check_sequences(symbols: object, sequences: Tensor | None, measured: Tensor) -> None:
    """Refuse known symbols that are none, and others beside symbols that are not known."""
    if isinstance(symbols, tuple | list):
        disagree(
            "one kind of symbols for all sources", f"{symbols!r:.60}", "sources of different kinds",
            "give a pilot beside known sources a sequence of ones; if one of them is random, say symbols='random'",
        )  # fmt: skip
    if (sequences is not None) != (symbols == "known"):
        disagree(
            "sequences with symbols='known', and with nothing else",
            f"symbols {symbols!r} and {'no ' if sequences is None else ''}sequences",
            "one of the two left out", "pass both, or neither",
        )  # fmt: skip
    if sequences is not None:
        _check_values(sequences, tuple(measured.shape[:-1]))


def _check_values(sequences: Tensor, wanted: tuple[int, ...]) -> None:
    shape = tuple(sequences.shape)
    axes = "scene, snapshot, source" if len(wanted) == 2 else "scene, frequency, snapshot, source"
    if len(shape) != len(wanted) + 1 or shape[:-1] != wanted or shape[-1] == 0:
        disagree(
            f"sequences of shape ({axes}), {(*wanted, 'K')}", str(shape), "axes in another order",
            "pass s of every snapshot and source",
        )  # fmt: skip
    as_complex(sequences, "sequences")
    if not bool(torch.isfinite(sequences).all()):
        disagree(
            "finite sequences", "NaN or infinite values", "a source whose symbols are not known",
            "leave its slot out and zero, or say symbols='random' for all",
        )  # fmt: skip
    heard = sequences.abs().flatten(1, -2)
    sent = heard.amax(1) > 0
    counts = sent.sum(1)
    first = torch.arange(shape[-1], device=counts.device) < counts[:, None]
    if not bool((counts > 0).all()) or not bool((sent == first).all()):
        disagree(
            "a symbol other than zero of every source, in the first slots of each scene", "zeros before a source",
            "a source that is silent", "leave it out, or move it behind the others",
        )  # fmt: skip


def sent_by(sequences: Tensor) -> Tensor:
    """(scene,): of how many sources the sequences are; slots behind them are zero."""
    return (sequences.abs().flatten(1, -2).amax(1) > 0).sum(1)
