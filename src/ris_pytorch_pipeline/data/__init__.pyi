from .header import SCHEMA, VERSION, Header, config_digest
from .scene_file import SceneFile, load_scenes, save_scenes
from .simulation import simulate, simulated_blocks

__all__ = [
    "SCHEMA",
    "VERSION",
    "Header",
    "SceneFile",
    "config_digest",
    "load_scenes",
    "save_scenes",
    "simulate",
    "simulated_blocks",
]
