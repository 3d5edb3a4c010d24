"""Which directions of the antennas hold the energy of a channel."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor


def principal_antennas(
    channel: Complex[Tensor, "antenna element"], left_out: float
) -> tuple[Complex[Tensor, "direction element"], Float[Tensor, "element"]]:  # noqa: F821
    """u_i^H H of the strongest directions, and the energy that each element has in the others.

    Of the energy ‖H (c ∘ a)‖² = Σ_i |u_i^H H (c ∘ a)|² the strongest directions are to be computed and the rest stands
    at its mean over codes: what is left out deviates by sqrt(Σ λ_i²) / Σ λ_i with λ_i = ‖u_i^H H‖² of the rest.

    Args:
        channel: H.
        left_out: largest relative deviation; 0 keeps all directions.
    """
    powers, directions = torch.linalg.eigh(channel @ channel.mH)
    left = powers.clamp_min(0).flip(0)
    tails = left.square().flip(0).cumsum(0).flip(0).sqrt() / left.sum()
    strong = int((tails > left_out).sum())
    rows = directions.flip(1).mH @ channel
    return rows[:strong], torch.view_as_real(rows[strong:]).square().sum(dim=(0, -1))
