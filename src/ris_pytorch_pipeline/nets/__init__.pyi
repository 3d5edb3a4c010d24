from .beamspace import Beamspace
from .candidates import candidate_cells, candidate_factors
from .config import NET_PRESETS, NetConfig, net_preset
from .export import export_onnx, exported
from .hybrid import HybridNet
from .prediction import Columns, Prediction, R_pred, summed_out
from .statistics import Statistics

__all__ = [
    "NET_PRESETS",
    "Beamspace",
    "Columns",
    "HybridNet",
    "NetConfig",
    "Prediction",
    "R_pred",
    "Statistics",
    "candidate_cells",
    "candidate_factors",
    "export_onnx",
    "exported",
    "net_preset",
    "summed_out",
]
