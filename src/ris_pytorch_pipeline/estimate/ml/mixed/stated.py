"""What is stated of sources of several kinds: ± of both kinds, powers, other answers, and whether the model fits."""

from ....physics import chart_of
from ....bounds import estimated_deviations
from ...estimate import Estimate
from ...outcome import ending_of
from ...normalise import Scaled
from ..hypothesis import Hypothesis
from .likelihood import MixedLikelihood
import torch

def stated(scaled, likelihood, end, threshold):
    array = likelihood.observation.array
    positions = likelihood.region.reported(end.cosines, array)
    chart, coordinates = chart_of(positions, array)
    rows = torch.arange(len(positions))
    model = likelihood.model(rows, end)
    bound = estimated_deviations(coordinates, model.information(), chart, likelihood.region.fixed)
    return Estimate(positions=positions, order=torch.full_like(rows, positions.shape[1]),
      powers=end.log_powers.exp()*(scaled.measured/scaled.channel)[:,None], deviations=bound.deviations,
      noise_variance=end.log_noise.exp()*scaled.measured, status=ending_of(end.converged, bound.deviations, array))
