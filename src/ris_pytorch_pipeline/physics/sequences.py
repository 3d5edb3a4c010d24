"""Which symbols are known to be sent? Their axes, and which of their slots hold a source."""

from typing import Any

import torch
from torch import Tensor

from .kinds import Kinds, SourceKind, is_mixed
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


def check_sequences(symbols: Kinds, sequences: Tensor | None, measured: Tensor) -> Tensor | None:
    """The sequences, once they are known to fit: of sources of several kinds 1 in slots of pilots, 0 of random ones.

    Raises:
        InputError: known symbols without sequences, sequences of symbols that are not known, or values of neither.
    """
    if (sequences is not None) != ("known" in (symbols if is_mixed(symbols) else (symbols,))):
        disagree(
            "sequences with symbols='known', and with nothing else",
            f"symbols {symbols!r} and {'no ' if sequences is None else ''}sequences",
            "one of the two left out", "pass both, or neither",
        )  # fmt: skip
    if sequences is None:
        return None
    _check_axes(sequences, tuple(measured.shape[:-1]))
    if is_mixed(symbols):
        return _by_kind(symbols, sequences)
    _check_sent(sequences)
    return sequences


def _by_kind(kinds: tuple[SourceKind, ...], sequences: Tensor) -> Tensor:
    """Sequences of sources of several kinds, one slot each, in every scene."""
    if sequences.shape[-1] != len(kinds):
        disagree(
            f"sequences of {len(kinds)} sources, as many as kinds", str(sequences.shape[-1]),
            "sequences of the known sources alone", "leave the slots of the others zero",
        )  # fmt: skip
    made = sequences.clone()
    for slot, kind in enumerate(kinds):
        own = sequences[..., slot]
        if kind == "known" and not bool((own.abs().flatten(1).amax(1) > 0).all()):
            disagree(
                f"a symbol other than zero of the known source {slot} in every scene", "zeros",
                "kinds in another order than the sequences", "put each kind in the slot of its sequence",
            )  # fmt: skip
        if kind != "known" and not bool(((own == 0) | (own == 1)).flatten(1).all()):
            disagree(
                f"no sequence (zeros), or ones, in the slot of source {slot}, which is {kind!r}", "other symbols",
                "kinds in another order than the sequences", "put each kind in the slot of its sequence",
            )  # fmt: skip
        if kind != "known":
            made[..., slot] = 1 if kind == "pilot" else 0
    return made


def _check_axes(sequences: Tensor, wanted: tuple[int, ...]) -> None:
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


def _check_sent(sequences: Tensor) -> None:
    """Refuse slots without a symbol before those that have some."""
    heard = sequences.abs().flatten(1, -2)
    sent = heard.amax(1) > 0
    counts = sent.sum(1)
    first = torch.arange(sequences.shape[-1], device=counts.device) < counts[:, None]
    if not bool((counts > 0).all()) or not bool((sent == first).all()):
        disagree(
            "a symbol other than zero of every source, in the first slots of each scene", "zeros before a source",
            "a source that is silent", "leave it out, or move it behind the others",
        )  # fmt: skip


def sent_by(sequences: Tensor) -> Tensor:
    """(scene,): of how many sources the sequences are; slots behind them are zero."""
    return (sequences.abs().flatten(1, -2).amax(1) > 0).sum(1)
