from .beamspace import Beamspace
from .candidates import candidate_cells, candidate_factors
from .config import NET_PRESETS, NetConfig, net_preset
from .export import export_onnx, exported
from .hybrid import HybridNet
from .kinds import NETWORKS, Network, NetworkKind, built_network, network_kind
from .prediction import Columns, Prediction, R_pred, summed_out
from .statistics import Statistics

__all__ = [
    "NETWORKS",
    "NET_PRESETS",
    "Beamspace",
    "Columns",
    "HybridNet",
    "NetConfig",
    "Network",
    "NetworkKind",
    "Prediction",
    "R_pred",
    "Statistics",
    "built_network",
    "candidate_cells",
    "candidate_factors",
    "export_onnx",
    "exported",
    "net_preset",
    "network_kind",
    "summed_out",
]
