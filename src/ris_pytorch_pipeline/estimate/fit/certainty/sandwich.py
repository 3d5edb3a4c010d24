"""How far positions scatter whether the model holds or not: J⁻¹ G J⁻¹ with the scores that were really seen."""

import torch
from jaxtyping import Float
from torch import Tensor


def sandwich_information(
    information: Float[Tensor, "scene p p"], scores: Float[Tensor, "scene block p"]
) -> Float[Tensor, "scene p p"]:
    """The inverse of C = J⁻¹ G J⁻¹, for `estimated_deviations`.

    G = L/(L - 1) Σ_l g_l g_l^T of the L blocks' scores is poor where L is small. It is shrunk towards c J, with
    c = tr(J⁻¹ G)/p and weight p/(L + p) for p parameters; c is at least 1: a
    misfit makes no ± smaller. Where an observed J has a negative diagonal there is no optimum to scatter about: NaN.

    >>> import torch
    >>> J = 500 * torch.eye(2, dtype=torch.float64)[None]  # of 500 snapshots, whose scores should have variance 1
    >>> scores = 3 * torch.randn(1, 500, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    >>> (J / sandwich_information(J, scores)).diagonal(dim1=-2, dim2=-1).sqrt().round(decimals=1)  # times the ±
    tensor([[3., 3.]], dtype=torch.float64)

    Args:
        information: J, Fisher information.
        scores: gradient of the NLL, block by block.
    """
    blocks, parameters = scores.shape[-2:]
    if blocks < 2:
        return torch.full_like(information, torch.nan)
    none = (information.diagonal(dim1=-2, dim2=-1) < 0).any(-1)[:, None, None]
    information = torch.where(none, torch.eye(parameters).to(information), information)
    level = information.diagonal(dim1=-2, dim2=-1).clamp_min(torch.finfo(information.dtype).tiny).rsqrt()
    scaled = information * level[:, :, None] * level[:, None, :]
    seen = (scores - scores.mean(-2, keepdim=True)) * level[:, None]
    outer = seen.mT @ seen * (blocks / (blocks - 1))
    inverse = torch.linalg.pinv(scaled, hermitian=True)
    inflation = ((inverse * outer.mT).sum((-1, -2)) / parameters).clamp_min(1)[:, None, None]
    share = parameters / (blocks + parameters)
    middle = (1 - share) * outer + share * inflation * scaled
    meat = torch.linalg.pinv(middle, hermitian=True)
    return (scaled @ meat @ scaled / (level[:, :, None] * level[:, None, :])).masked_fill(none, torch.nan)
