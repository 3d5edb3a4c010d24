"""What one more source gains at its best power, beside others: random symbols."""

import torch
from torch import Tensor


def gain_beside(outputs: Tensor, energy: Tensor, noise: Tensor, least: float = 1e-3) -> tuple[Tensor, Tensor]:
    """Gain and power of one more source beside others, for r = σ² Γ⁻¹ y and σ² Γ⁻¹ = I - U U^H of the others.

    Args:
        outputs: |b^H r|² and |U^H b|², (block, ..., filter, point).
        energy: ‖b‖², (block, ..., point).
        noise: σ², as the leading axes of the result.
        least: part of ‖b‖² that is taken to be off the span of the others at least.

    Returns:
        Both (..., point).
    """
    beta = energy
    if outputs.shape[-2] > 1:
        beta = (beta - outputs[..., 1:, :].sum(-2)).maximum(least * beta)
    return one_source_gain(outputs[..., 0, :] / noise.square(), beta / noise)


def one_source_gain(alpha: Tensor, beta: Tensor, iterations: int = 2) -> tuple[Tensor, Tensor]:
    """T = 2 max_p Σ_l [p α_l/(1 + p β_l) - log(1 + p β_l)] over p > 0, and the maximising p.

    Fisher scoring: p = Σ w_l (α_l - β_l) / Σ w_l β_l² with w_l = 1/(1 + p β_l)².

    Args:
        alpha: (snapshot, ...).
        beta: (snapshot, ...), > 0.
        iterations: scoring iterations after the start Σ(α - β)/Σβ²; two leave less than 1 % of a large gain.

    Returns:
        T and p, each (...).
    """
    least = 1e-3 / beta.sum(0).clamp_min(1e-30)
    moments = torch.stack([alpha - beta, beta.square()])
    first, second = moments.sum(1).unbind(0)
    power = torch.maximum(first / second, least)
    for _ in range(iterations if len(alpha) > 1 else 0):  # of one snapshot the start is the maximum
        weight = (power * beta).add_(1).square_()
        first, second = (moments / weight).sum(1).unbind(0)
        power = torch.maximum(first / second, least)
    loaded = power * beta
    explained = (alpha * power).div_(1 + loaded)
    return 2 * explained.sub_(loaded.log1p_()).sum(0).clamp_min_(0), power
