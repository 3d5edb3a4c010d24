"""What amplitudes and powers the measurements give sources at known positions: least squares."""

from dataclasses import replace

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..errors import InputError
from ..physics import Observation, is_mixed, steering_at, to_cosines
from ..shapes import Cosines, Mask
from .estimate import Estimate


def fit_amplitudes(
    observation: Observation, cosines: Cosines, present: Mask
) -> tuple[Complex[Tensor, "scene block source"], Complex[Tensor, "scene block antenna"]]:
    """Least-squares amplitudes, and what they leave over: s = argmin Σ_l ‖y_l - B_l s_l‖².

    Each snapshot of each wavelength has its own amplitudes where symbols are random; pilots share one over the
    snapshots of a wavelength.

    Args:
        observation: the scenes.
        cosines: (scene, source, coordinate); anything finite in absent slots.
        present: (scene, source), False in slots without a source, whose amplitude is 0.

    Returns:
        Amplitudes and residuals of the snapshots of all wavelengths, on one axis: blocks.
    """
    not_known(observation)
    there = present[:, None, :, None] if observation.wide else present[..., None]
    vectors = steering_at(cosines, observation.array) * there
    response = observation.response(vectors.to(observation.codes.dtype))
    gram = response.conj() @ response.mT
    seen = (response.conj() @ observation.blocks[..., None]).squeeze(-1)
    frequencies = observation.array.frequencies
    if observation.symbols == "pilot":
        gram, seen = (each.unflatten(1, (frequencies, -1)).sum(2) for each in (gram, seen))
    level = gram.diagonal(dim1=-2, dim2=-1).real.amax(-1).clamp_min(torch.finfo(gram.real.dtype).tiny)
    absent = torch.diag_embed((~present).to(gram.dtype))[:, None]
    ridge = 100 * torch.finfo(gram.real.dtype).eps * torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    amplitudes = torch.linalg.solve(gram / level[..., None, None] + absent + ridge, seen / level[..., None])
    if observation.symbols == "pilot":
        amplitudes = amplitudes[:, :, None].expand(-1, -1, observation.codes.shape[-2], -1).flatten(1, 2)
    clean = (amplitudes[..., None, :] @ response).squeeze(-2)
    return amplitudes, observation.blocks - clean


def not_known(observation: Observation) -> None:
    """Refuse known symbols, and sources of several kinds.

    Raises:
        InputError: symbols that are known, or a kind for each source.
    """
    if observation.symbols == "known" or is_mixed(observation.symbols):
        raise InputError(
            "symbols that are not known ('random' or 'pilot'), of one kind", f"symbols {observation.symbols!r}",
            "an estimator that does not use known symbols or several kinds",
            f"use {'KnownMl' if observation.symbols == 'known' else 'MixedMl'}, or say symbols='random'",
        )  # fmt: skip


def one_wavelength(observation: Observation) -> None:
    """Refuse several wavelengths.

    Raises:
        InputError: a frequency axis.
    """
    if observation.wide:
        raise InputError(
            "measurements at one wavelength", f"{observation.array.frequencies} wavelengths",
            "a narrowband method called on a wideband or stepped-frequency capture",
            "use Sml or PilotMl, or BackProjected or Omp, which join them",
        )  # fmt: skip


def degrees_of_freedom(observation: Observation, order: Tensor) -> Float[Tensor, "scene"]:  # noqa: F821
    """Complex measurements less complex amplitudes: F L M - F K L for random symbols, F L M - F K for pilots."""
    _, blocks, antennas = observation.blocks.shape
    each = blocks if observation.symbols == "random" else observation.array.frequencies
    return (blocks * antennas - each * order).to(observation.elements.dtype)


def with_powers(estimate: Estimate, observation: Observation) -> Estimate:
    """The estimate with powers and σ² fitted to the measurements, strongest source first.

    p_k = mean |s_lk|² of the least-squares amplitudes, over snapshots and wavelengths, and σ² = ‖residual‖²/(degrees of
    freedom), NaN where none is left.
    """
    present = ~estimate.positions[..., 0].isnan()
    if present.shape[1] == 0:
        return estimate
    safe = torch.where(present[..., None], estimate.positions, torch.ones_like(estimate.positions))
    cosines = to_cosines(safe, observation.array).to(observation.elements.dtype)
    amplitudes, residual = fit_amplitudes(observation, cosines, present)
    powers = torch.view_as_real(amplitudes).square().sum(-1).mean(1).masked_fill(~present, torch.nan)
    freedom = degrees_of_freedom(observation, estimate.order)
    noise = torch.view_as_real(residual).square().sum(dim=(-1, -2, -3)) / freedom
    best = powers.masked_fill(~present, -1.0).argsort(dim=-1, descending=True)
    order = best[..., None].expand(-1, -1, 3)
    return replace(
        estimate,
        positions=estimate.positions.gather(1, order),
        powers=powers.gather(1, best).to(estimate.positions.dtype),
        deviations=estimate.deviations.gather(1, order),
        noise_variance=noise.masked_fill(freedom <= 0, torch.nan).to(estimate.positions.dtype),
    )
