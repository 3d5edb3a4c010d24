from .contrast import peak_contrast
from .hybrid import HybridLoss, LossReport, LossWeights
from .likelihood import coded_likelihood
from .measures import Measures, measure_prediction
from .targets import Targets, targets_on
from .terms import (
    covariance_nmse,
    direction_error,
    heat_focal,
    inverse_distance_nll,
    order_cross_entropy,
    subspace_distance,
)

__all__ = [
    "HybridLoss",
    "LossReport",
    "LossWeights",
    "Measures",
    "Targets",
    "coded_likelihood",
    "covariance_nmse",
    "direction_error",
    "heat_focal",
    "inverse_distance_nll",
    "measure_prediction",
    "order_cross_entropy",
    "peak_contrast",
    "subspace_distance",
    "targets_on",
]
