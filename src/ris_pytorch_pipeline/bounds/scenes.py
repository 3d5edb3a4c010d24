"""How good any estimator can be on simulated scenes: the bound that fits each scene's symbols."""

import torch

from ..physics import Scenes, Sounding
from .bound import Bound
from .deterministic import known_bound, pilot_bound
from .stochastic import stochastic_bound

_CHUNK = 64
"""Scenes per block of the computation: a block of 64 default scenes with K = 5 takes about 30 MB."""


def scene_bound(scenes: Scenes) -> Bound:
    """The bound that fits the symbols: `stochastic_bound` of random, `pilot_bound` of constant, `known_bound` of known.

    It is taken with the codes and the channel that really acted, in complex128.

    Returns:
        A bound of shape (scene, source), NaN in slots that hold no source.

    Raises:
        InputError: a scene whose parameters are not identifiable.
    """
    truth = scenes.truth
    count, slots = truth.powers.shape
    covariance = torch.full((count, slots, 3, 3), torch.nan, dtype=torch.float64, device=truth.powers.device)
    for order in truth.sources.unique().tolist():
        for index in torch.nonzero(truth.sources == order).squeeze(-1).split(_CHUNK):
            covariance[index, :order] = _bound_of(scenes[index], order).covariance
    azimuth, elevation, distance = covariance.diagonal(dim1=-2, dim2=-1).sqrt().unbind(-1)
    return Bound(azimuth=azimuth, elevation=elevation, distance=distance, covariance=covariance)


def _bound_of(scenes: Scenes, order: int) -> Bound:
    """The bound of scenes that all have `order` sources."""
    truth, given = scenes.truth, scenes.observation.to(dtype=torch.complex128)
    applied = Sounding(
        array=given.array,
        codes=truth.applied_codes.to(torch.complex128),
        channel=truth.applied_channel.to(torch.complex128),
    )
    positions, noise = truth.positions[:, :order].double(), truth.noise_variance.double()
    if given.symbols == "random":
        return stochastic_bound(positions, truth.powers[:, :order].double(), noise, applied)
    if given.symbols == "known":
        return known_bound(positions, truth.symbols[..., :order].to(torch.complex128), noise, applied)
    return pilot_bound(positions, truth.symbols[..., 0, :order].to(torch.complex128), noise, applied)
