"""How far do phase errors of the elements move a source? No scatter of scores shows what is alike in all snapshots."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from ....bounds import estimated_deviations
from ....bounds.bound import Known
from ....physics import Array, chart_of
from ....shapes import Positions
from ...estimate import Estimate
from ..groups import Groups
from ..residual.tangents import Tangents

_DOUBT = 0.2
"""p-value of the residual above which nothing speaks of errors."""


def with_panel_errors(
    estimate: Estimate,
    array: Array,
    groups: Groups,
    tangents: Tangents,
    p_value: Float[Tensor, "scene"],  # noqa: F821
    known: Known,
) -> Estimate:
    """The estimate with a sandwich ± that contains phase errors as large as what follows the elements in the residual.

    Args:
        estimate: in the units of the observation.
        array: the array.
        groups: of the sources.
        tangents: at the sources.
        p_value: of the residual.
        known: coordinates that are not estimated.
    """
    rows = torch.nonzero((p_value < _DOUBT) & (estimate.order > 0)).squeeze(-1)
    if estimate.sandwich is None or rows.numel() == 0:
        return estimate
    power, unequal = error_power(groups[rows], tangents[rows])
    level = power * unequal
    moved = panel_deviations(estimate.positions[rows], array, known) * level.sqrt()[:, None, None]
    wide = estimate.sandwich.clone()
    wide[rows] = (wide[rows].square() + moved.square()).sqrt()
    return replace(estimate, sandwich=wide)


def error_power(groups: Groups, tangents: Tangents) -> tuple[Float[Tensor, "scene"], Float[Tensor, "scene"]]:  # noqa: F821
    """Mean power s² of relative errors of single elements, by moments; 0 where noise explains as much.

    With r = P (W ε + n), P the projection beside the sources and their moves, W = [G_l diag(Σ_k a_k s_kl)]_l and
    A = P W W^H P: E‖r‖² = σ² tr P + s² tr A and E‖W^H r‖² = σ² tr A + s² ‖A‖². The second answer is N ‖A‖²/(tr A)² of N
    elements, by which errors move a source further than if all elements were heard alike.

    Args:
        groups: of the sources.
        tangents: at the sources.
    """
    shape = groups.measurements.shape[1:]
    columns = tangents.elements.movedim(-1, 0).unflatten(-1, shape)  # (element, scene, group, equation)
    kept = tangents.without_fitted(groups.residual(columns)).flatten(2).movedim(1, 0)
    left = tangents.without_fitted(groups.residual(groups.measurements[None].to(columns.dtype))).flatten(2)[0]
    kernel = kept.mT @ kept.conj()
    first, second = kernel.diagonal(dim1=-2, dim2=-1).real.sum(-1).double(), _energy(kernel)
    seen, along = _energy(left[:, None]), _energy((kept.conj() @ left[..., None]).mT)
    free = groups.equations - groups.order * shape[0] - tangents.fitted.square().sum((-1, -2)) / 2
    power = ((free * along - first * seen) / (free * second - first.square()).clamp_min(1e-300)).clamp_min(0)
    return power, len(columns) * second / first.square().clamp_min(1e-300)


def panel_deviations(positions: Positions, array: Array, known: Known) -> Positions:
    """Standard deviations of positions for independent phase errors of 1 rad, (scene, source, 3).

    A wave a with derivatives D that is fitted, its amplitude free, to a ∘ (1 + j φ) moves by F⁻¹ Re{D^H P⊥(a) j φ ∘ a}
    with F = Re{D^H P⊥(a) D}: for small φ of variance s² the covariance is s² F⁻¹, whatever the symbols are.

    Args:
        positions: (scene, source, 3); NaN in empty slots.
        array: the array; of several wavelengths the shortest is taken.
        known: coordinates that are not estimated.
    """
    narrow = replace(array, wavelengths=array.wavelength)
    present = ~positions[..., 0].isnan()
    flat = positions[present][:, None]
    result = torch.full_like(positions, torch.nan)
    if len(flat) == 0:
        return result
    chart, coordinates = chart_of(flat, narrow)
    wave, slope = chart.steering_with_derivatives(coordinates)
    slope = slope[:, :, 0]  # (place, coordinate, element)
    across = slope - (slope @ wave.mH) @ wave / wave.shape[-1]
    information = (across.conj() @ across.mT).real
    result[present] = estimated_deviations(coordinates, information, chart, known).deviations[:, 0]
    return result


def _energy(values: Tensor) -> Float[Tensor, "scene"]:  # noqa: F821
    """Sum of squares over the last two axes, in double precision."""
    return torch.view_as_real(values).double().square().sum((-1, -2, -3))
