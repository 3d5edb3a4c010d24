"""How good any estimator can be on simulated scenes: the bound that fits each scene's symbols."""

from dataclasses import replace

import torch
from torch import Tensor

from ..physics import Scenes, Sounding, is_mixed
from .bound import Bound, NotIdentifiableError
from .deterministic import known_bound, pilot_bound
from .mixed import mixed_bound
from .stochastic import stochastic_bound

_CHUNK = 64
"""Scenes per block of the computation: a block of 64 default scenes with K = 5 takes about 30 MB."""


def scene_bound(scenes: Scenes, *, partial: bool = False) -> Bound:
    """The bound that fits the symbols.

    It is `stochastic_bound` of random, `pilot_bound` of constant, `known_bound` of known symbols, and `mixed_bound` of
    several kinds; taken with the codes, the channel and the places of the elements that really acted, in complex128.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=2, snr_db=10.0), scenes=4, seed=0)
    >>> ris.scene_bound(scenes).deviations.shape  # (scene, source, coordinate), in rad, rad, m
    torch.Size([4, 2, 3])

    Args:
        scenes: the scenes.
        partial: whether scenes whose parameters are not identifiable have a bound of NaN, and are not refused.

    Returns:
        A bound of shape (scene, source), NaN in slots that hold no source.

    Raises:
        NotIdentifiableError: a scene whose parameters are not identifiable, unless `partial`.
    """
    truth = scenes.truth
    count, slots = truth.powers.shape
    at_a_time = _CHUNK if _as_placed(scenes) else 1  # elements that are elsewhere are those of one scene
    covariance = torch.full((count, slots, 3, 3), torch.nan, dtype=torch.float64, device=truth.powers.device)
    for order in truth.sources.unique().tolist():
        for index in torch.nonzero(truth.sources == order).squeeze(-1).split(at_a_time):
            covariance[index, :order] = _covariance(scenes[index], order, partial=partial)
    azimuth, elevation, distance = covariance.diagonal(dim1=-2, dim2=-1).sqrt().unbind(-1)
    return Bound(azimuth=azimuth, elevation=elevation, distance=distance, covariance=covariance)


def _as_placed(scenes: Scenes) -> bool:
    """Whether all elements are where the array says."""
    there = scenes.truth.applied_elements
    return torch.equal(there, scenes.observation.elements.to(there).expand_as(there))


def _covariance(scenes: Scenes, order: int, *, partial: bool) -> Tensor:
    """(scene, source, 3, 3) of scenes that all have `order` sources; NaN where `partial` and not identifiable.

    Raises:
        NotIdentifiableError: a scene whose parameters are not identifiable, unless `partial`.
    """
    try:
        return _bound_of(scenes, order).covariance
    except NotIdentifiableError:
        if not partial:
            raise
    if len(scenes) == 1:
        return scenes.truth.positions.new_full((1, order, 3, 3), torch.nan, dtype=torch.float64)
    return torch.cat([_covariance(scenes[[i]], order, partial=True) for i in range(len(scenes))])


def _bound_of(scenes: Scenes, order: int) -> Bound:
    """The bound of scenes that all have `order` sources."""
    truth, given = scenes.truth, scenes.observation.to(dtype=torch.complex128)
    applied = Sounding(
        array=given.array if _as_placed(scenes) else replace(given.array, elements=truth.applied_elements[0].double()),
        codes=truth.applied_codes.to(torch.complex128),
        channel=truth.applied_channel.to(torch.complex128),
    )
    positions, noise = truth.positions[:, :order].double(), truth.noise_variance.double()
    if given.symbols == "random":
        return stochastic_bound(positions, truth.powers[:, :order].double(), noise, applied)
    if given.symbols == "known":
        return known_bound(positions, truth.symbols[..., :order].to(torch.complex128), noise, applied)
    if is_mixed(given.symbols):
        symbols = truth.symbols[..., :order].to(torch.complex128)
        return mixed_bound(positions, given.symbols, truth.powers[:, :order].double(), symbols, noise, applied)
    return pilot_bound(positions, truth.symbols[..., 0, :order].to(torch.complex128), noise, applied)
