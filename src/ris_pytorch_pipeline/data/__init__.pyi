from .batch import Inputs, Labels, batch_from, energy_lags, inputs_from, labels_from
from .dataset import BatchSource, HeldScenes, SceneSource, Split, batch_bytes, check_disjoint, content_hashes
from .header import SCHEMA, VERSION, Header, config_digest
from .scene_file import SceneFile, load_scenes, save_scenes
from .simulation import simulate, simulated_blocks
from .whitening import Prior

__all__ = [
    "SCHEMA",
    "VERSION",
    "BatchSource",
    "Header",
    "HeldScenes",
    "Inputs",
    "Labels",
    "Prior",
    "SceneFile",
    "SceneSource",
    "Split",
    "batch_bytes",
    "batch_from",
    "check_disjoint",
    "config_digest",
    "content_hashes",
    "energy_lags",
    "inputs_from",
    "labels_from",
    "load_scenes",
    "save_scenes",
    "simulate",
    "simulated_blocks",
]
