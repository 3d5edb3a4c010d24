"""Which directions of the antennas hold the energy of a channel."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor


def principal_antennas(
    channel: Complex[Tensor, "*scene antenna element"], left_out: float
) -> tuple[Complex[Tensor, "*scene direction element"], Float[Tensor, "*scene element"]]:
    """u_i^H H of the strongest directions, and the energy that each element has in the others.

    Of the energy ‖H (c ∘ a)‖² = Σ_i |u_i^H H (c ∘ a)|² the strongest directions are to be computed and the rest stands
    at its mean over codes: what is left out deviates by sqrt(Σ λ_i²) / Σ λ_i with λ_i = ‖u_i^H H‖² of the rest. Of
    several scenes as many directions are computed as one of them needs; those that another does not need are 0 there.

    Args:
        channel: H.
        left_out: largest relative deviation; 0 keeps all antennas as they are.
    """
    if left_out == 0:
        return channel, channel.real.new_zeros((*channel.shape[:-2], channel.shape[-1]))
    powers, directions = torch.linalg.eigh(channel @ channel.mH)
    left = powers.clamp_min(0).flip(-1)
    tails = left.square().flip(-1).cumsum(-1).flip(-1).sqrt() / left.sum(-1, keepdim=True)
    strong = (tails > left_out).unsqueeze(-1)
    rows = directions.flip(-1).mH @ channel
    rest = (torch.view_as_real(rows).square().sum(-1) * ~strong).sum(-2)
    return (rows * strong)[..., : int(strong.sum(-2).max()), :], rest
