"""What the panel sees once the strongest sources are explained: images whitened by a covariance that holds them."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..physics import Array, Observation, coded_response, panel_images, steering_at
from ..shapes import Cosines

_FOUND, _REST = 0.5, 0.3
"""Power of each found source and of the rest of the panel, as parts of the power of all sources."""


def cleaned_images(
    observation: Observation,
    log_noise: Float[Tensor, "scene"],  # noqa: F821
    found: Cosines,
    array: Array,
) -> Complex[Tensor, "scene snapshot element"]:
    """z_l = conj(c_l) ∘ (H^H Γ_l⁻¹ y_l) with Γ_l = s/2 Σ_k b_lk b_lk^H + 0.3 s H H^H + σ² I, y of unit mean power.

    The b_lk = G_l a(p_k) are the responses of the sources found so far and s is the power of all sources. What is found
    is suppressed and no longer hides the others: one step of a greedy search by the likelihood, without its statistic.

    Args:
        observation: the scenes.
        log_noise: (scene,), log of the share of noise in the mean power of an antenna.
        found: (scene, source, 3), (u, w, q) of the sources found so far.
        array: the array.

    Returns:
        The images in complex64.
    """
    measurements, codes, channel = (x.to(torch.complex64) for x in _arrays(observation))
    power = torch.view_as_real(measurements).square().sum(-1).mean(dim=(-1, -2))
    outer = channel @ channel.mH
    noise, gain = log_noise.float().exp(), outer.diagonal(dim1=-2, dim2=-1).real.mean(-1)
    signal = (1 - noise).clamp_min(1e-3) / gain
    response = coded_response(steering_at(found.float(), array), codes, channel).mT
    rest = _REST * signal[:, None, None] * outer + torch.diag_embed(noise[:, None].expand(-1, outer.shape[-1]))
    gamma = _FOUND * signal[:, None, None, None] * (response @ response.mH) + rest[:, None]
    scaled = (measurements * power.rsqrt()[:, None, None])[..., None]
    solved = torch.cholesky_solve(scaled, torch.linalg.cholesky(gamma))[..., 0]
    return panel_images(solved, codes, channel)


def _arrays(observation: Observation) -> tuple[Tensor, Tensor, Tensor]:
    return observation.measurements, observation.codes, observation.channel
