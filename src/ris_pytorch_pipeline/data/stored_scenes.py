"""Which tensors does a scene file hold? Those of an observation and of its truth, complex ones as pairs of reals."""

from dataclasses import fields

import torch
from torch import Tensor

from ..physics import Observation, Truth

SEEN = ("measurements", "codes", "channel", "elements")
OPTIONAL = ("noise_variance", "sequences")
COMPLEX = {
    "measurements", "codes", "channel", "sequences", "truth.symbols", "truth.applied_codes", "truth.applied_channel",
}  # fmt: skip
"""Kept as real tensors with a last axis (real, imaginary), which every reader of safetensors understands."""
SAME = {"truth.applied_codes": "codes", "truth.applied_channel": "channel", "truth.applied_elements": "elements"}
"""Left out where it equals the given one, of each scene."""
PADDED = ("truth.positions", "truth.source_snr_db")
"""Not finite in empty slots."""


def stored_tensors(observation: Observation, truth: Truth | None) -> dict[str, Tensor]:
    """The tensors of a scene file by name, without what equals another one."""
    tensors = {name: vars(observation)[name] for name in SEEN[:3]} | {"elements": observation.elements}
    tensors |= {name: vars(observation)[name] for name in OPTIONAL if vars(observation)[name] is not None}
    if truth is not None:
        tensors |= {f"truth.{field.name}": vars(truth)[field.name] for field in fields(truth)}
        tensors = {n: x for n, x in tensors.items() if n not in SAME or not _equal(x, tensors[SAME[n]])}
    return {n: torch.view_as_real(x.resolve_conj()) if n in COMPLEX else x for n, x in tensors.items()}


def _equal(applied: Tensor, given: Tensor) -> bool:
    return torch.equal(applied, given.to(applied).expand_as(applied))
