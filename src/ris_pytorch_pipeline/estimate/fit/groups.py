"""Which measurements share an amplitude: one snapshot of random symbols, or all snapshots of a pilot."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Complex
from torch import Tensor

from ...covariance import factored
from ...physics import Observation, steering_at, to_cosines
from ...shapes import Mask, Positions

_RIDGE = 1e-9
"""Part of the largest ‖b‖² that is added to B^H B: two sources at one place leave a matrix that can be factored."""

_SILENT = 1e-12
"""Part of the loudest group's ‖b‖² below which a group hears nothing."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Measurements y_g and responses B_g of sources at given positions, group by group: y_g = B_g s_g + n_g.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=2), scenes=1, seed=0)
    >>> groups = groups_of(scenes.observation, scenes.truth.positions)
    >>> left = groups.residual(groups.measurements).abs().square().sum() / groups.measurements.abs().square().sum()
    >>> groups.amplitudes.shape, float(left) < 0.1  # a symbol of each source and snapshot; the rest is noise
    (torch.Size([1, 16, 2]), True)

    Args:
        measurements: (scene, group, equation).
        responses: (scene, group, source, equation), 0 in absent slots.
        present: (scene, source), False in slots without a source.
        antennas: M; the equations of a group are those of one or more snapshots, antenna by antenna.
    """

    measurements: Complex[Tensor, "scene group equation"]
    responses: Complex[Tensor, "scene group source equation"]
    present: Mask
    antennas: int

    @property
    def order(self) -> Tensor:
        """(scene,), how many sources."""
        return self.present.sum(-1)

    @property
    def equations(self) -> int:
        """Complex numbers measured in a scene."""
        return self.measurements.shape[1] * self.measurements.shape[2]

    def __getitem__(self, rows: Tensor) -> "Groups":
        """Of some of the scenes."""
        return Groups(self.measurements[rows], self.responses[rows], self.present[rows], self.antennas)

    def keeping(self, present: Mask) -> "Groups":
        """The same with fewer sources.

        >>> import torch
        >>> import ris_pytorch_pipeline as ris
        >>> scenes = ris.simulate(ris.preset("random", sources=2), scenes=1, seed=0)
        >>> first = groups_of(scenes.observation, scenes.truth.positions).keeping(torch.tensor([[True, False]]))
        >>> first.order, int(first.amplitudes.abs().count_nonzero())  # one symbol a snapshot is left
        (tensor([1]), 16)
        """
        kept = present & self.present
        return Groups(self.measurements, self.responses * kept[:, None, :, None], kept, self.antennas)

    @cached_property
    def basis(self) -> Complex[Tensor, "scene group source equation"]:
        """Orthonormal rows Q^H that span the responses of each group; 0 in absent slots."""
        return orthonormal(self.responses, self.present)

    @cached_property
    def amplitudes(self) -> Complex[Tensor, "scene group source"]:
        """Least squares s_g = B_g⁺ y_g."""
        gram = loaded_gram(self.responses, self.present)
        seen = self.responses.conj() @ self.measurements.unsqueeze(-1)
        return torch.linalg.solve(gram, seen).squeeze(-1)

    def residual(self, values: Complex[Tensor, "*draw scene group equation"]) -> Tensor:
        """P⊥(B_g) x_g of measurements or of draws of noise."""
        basis = self.basis.to(values.dtype)
        if values.ndim < basis.ndim:
            return self.residual(values[None])[0]
        along = values.movedim(0, -2) @ basis.mT  # (scene, group, draw, source): one product for all draws
        return values - (along @ basis.conj()).movedim(-2, 0)

    def blocks(self, values: Tensor) -> Tensor:
        """(..., group, equation) as (..., snapshot, antenna).

        >>> import ris_pytorch_pipeline as ris
        >>> scenes = ris.simulate(ris.preset("pilot", sources=1), scenes=1, seed=0)
        >>> groups = groups_of(scenes.observation, scenes.truth.positions)  # all snapshots of a pilot are one group
        >>> groups.measurements.shape, groups.blocks(groups.measurements).shape
        (torch.Size([1, 1, 256]), torch.Size([1, 16, 16]))
        """
        return values.unflatten(-1, (-1, self.antennas)).flatten(-3, -2)


def groups_of(observation: Observation, positions: Positions) -> Groups:
    """The groups of an observation with sources at the given positions; NaN marks a slot without a source.

    >>> import ris_pytorch_pipeline as ris
    >>> for symbols in ("random", "pilot"):
    ...     scenes = ris.simulate(ris.preset("random", symbols=symbols, sources=1), scenes=1, seed=0)
    ...     print(symbols, groups_of(scenes.observation, scenes.truth.positions).measurements.shape)
    random torch.Size([1, 16, 16])
    pilot torch.Size([1, 1, 256])
    """
    present = ~positions[..., 0].isnan()
    safe = torch.where(present[..., None], positions, torch.ones_like(positions))
    cosines = to_cosines(safe, observation.array).to(observation.elements.dtype)
    response = observation.response(steering_at(cosines, observation.array).to(observation.codes.dtype))
    response = response * present[:, None, :, None]  # (scene, block, source, antenna)
    measured, antennas = observation.blocks, observation.blocks.shape[-1]
    if observation.symbols == "random":
        return Groups(measured, response, present, antennas)
    frequencies = observation.array.frequencies
    split = response.unflatten(1, (frequencies, -1)).transpose(2, 3).flatten(3)
    return Groups(measured.unflatten(1, (frequencies, -1)).flatten(2), split, present, antennas)


def responses_by_kind(
    heard: Complex[Tensor, "scene frequency snapshot source antenna"], random: Sequence[bool]
) -> Complex[Tensor, "scene frequency column equation"]:
    """Responses of all snapshots of a frequency on one axis: a random source has one for each snapshot, others one.

    Those of the random sources stand first, source by source and snapshot by snapshot.

    Args:
        heard: s_kl G_l a_k, with s = 1 where it is not known.
        random: of each source whether its symbols are random.
    """
    varying, steady = (heard[:, :, :, _of(random, kind)].movedim(3, 2) for kind in (True, False))
    eye = torch.eye(heard.shape[2], dtype=heard.dtype, device=heard.device)
    each = (varying.unsqueeze(3) * eye[:, :, None]).flatten(4).flatten(2, 3)
    return torch.cat([each, steady.flatten(3)], dim=2)


def symbols_by_kind(
    amplitudes: Complex[Tensor, "scene frequency column"], sent: Complex[Tensor, "scene frequency snapshot source"],
    random: Sequence[bool],
) -> Complex[Tensor, "scene frequency snapshot source"]:  # fmt: skip
    """What each source sends, from the amplitudes of `responses_by_kind` and the symbols that are known."""
    varying, snapshots = sum(random), sent.shape[2]
    free, factors = amplitudes.tensor_split([varying * snapshots], dim=-1)
    symbols = sent.clone()
    symbols[..., _of(random, True)] = free.unflatten(-1, (varying, snapshots)).mT
    symbols[..., _of(random, False)] *= factors.unsqueeze(2)
    return symbols


def _of(random: Sequence[bool], kind: bool) -> list[int]:
    """Numbers of the sources of a kind."""
    return [source for source, each in enumerate(random) if each == kind]


def loaded_gram(responses: Tensor, present: Mask) -> Tensor:
    """B^H B with a small load, and ones on the diagonal of absent slots.

    A group that hears nothing of the sources, such as a snapshot with codes of zeros, is loaded beside the loudest one.
    """
    gram = responses.conj() @ responses.mT
    if gram.shape[-1] == 0:
        return gram
    level = gram.diagonal(dim1=-2, dim2=-1).real.amax(-1)
    level = torch.maximum(level, _SILENT * level.amax(-1, keepdim=True)).clamp_min(torch.finfo(level.dtype).tiny)
    eye = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    return gram + _RIDGE * level[..., None, None] * eye + torch.diag_embed((~present).to(gram.dtype))[:, None]


def orthonormal(responses: Tensor, present: Mask) -> Tensor:
    """Rows Q^H = L⁻¹ B^H with L L^H = B^H B."""
    if responses.shape[-2] == 0:
        return responses
    return factored(loaded_gram(responses, present)).forward(responses.conj())
