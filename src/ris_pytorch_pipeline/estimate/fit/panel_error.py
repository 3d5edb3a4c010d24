"""How far do phase errors of the elements move a source? No scatter of scores shows what is alike in all snapshots."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from ...bounds import deviations_from_information
from ...bounds.bound import Known
from ...physics import Array, Observation, chart_of
from ...shapes import Positions
from ..estimate import Estimate
from .groups import Groups
from .model_error import error_level
from .scatter import scatter_of

_DOUBT = 0.2
"""p-value of the residual above which nothing speaks of errors."""


def with_panel_errors(
    estimate: Estimate,
    observation: Observation,
    groups: Groups,
    powers: Tensor,
    p_value: Float[Tensor, "scene"],  # noqa: F821
    known: Known,
) -> Estimate:
    """The estimate with a sandwich ± that contains phase errors as large as what follows the sources in the residual.

    Of pilots a residual that follows the sources is the same in all snapshots, and is left to the tests.

    Args:
        estimate: in the units of the observation.
        observation: scaled scenes.
        groups: of the sources.
        powers: (scene, source), of the scaled scenes.
        p_value: of the residual.
        known: coordinates that are not estimated.
    """
    rows = torch.nonzero((p_value < _DOUBT) & (estimate.order > 0)).squeeze(-1)
    if estimate.sandwich is None or observation.symbols != "random" or rows.numel() == 0:
        return estimate
    some = groups[rows]
    level = error_level(scatter_of(observation[rows], some), some.present, powers[rows].masked_fill(~some.present, 0))
    moved = panel_deviations(estimate.positions[rows], observation.array, known) * level.sqrt()[:, None, None]
    wide = estimate.sandwich.clone()
    wide[rows] = (wide[rows].square() + moved.square()).sqrt()
    return replace(estimate, sandwich=wide)


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
    result[present] = deviations_from_information(coordinates, information, chart, known).deviations[:, 0]
    return result
