from .contract import check_covariance, default_jitter, exact, hermitise, load, trace, trace_normalise
from .factoring import Factor, factored
from .findings import covariance_contract, loading_contract
from .low_rank import Eigen, LowRank, eigenpairs, nmse
from .panel import (
    UninformativeCovarianceWarning,
    back_projected,
    back_projected_middle,
    back_projections,
    blend,
    check_share,
    subspace_overlap,
    true_covariance,
)
from .shrinkage import ledoit_wolf_intensity, oas_intensity, sample_covariance, shrink
from .spectrum import bartlett, beam_energy, energies, grid_energy, music, mvdr, mvdr_low_rank, tiles
from .subspace import signal_projector, signal_subspace

__all__ = [
    "Eigen",
    "Factor",
    "LowRank",
    "UninformativeCovarianceWarning",
    "back_projected",
    "back_projected_middle",
    "back_projections",
    "bartlett",
    "beam_energy",
    "blend",
    "check_covariance",
    "check_share",
    "covariance_contract",
    "default_jitter",
    "eigenpairs",
    "energies",
    "exact",
    "factored",
    "grid_energy",
    "hermitise",
    "ledoit_wolf_intensity",
    "load",
    "loading_contract",
    "music",
    "mvdr",
    "mvdr_low_rank",
    "nmse",
    "oas_intensity",
    "sample_covariance",
    "shrink",
    "signal_projector",
    "signal_subspace",
    "subspace_overlap",
    "tiles",
    "trace",
    "trace_normalise",
    "true_covariance",
]
