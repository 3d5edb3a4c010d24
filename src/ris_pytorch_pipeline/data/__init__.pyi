from .header import SCHEMA, VERSION, Header, config_digest
from .scene_file import SceneFile, load_scenes, save_scenes
from .simulation import simulate

__all__ = ["SCHEMA", "VERSION", "Header", "SceneFile", "config_digest", "load_scenes", "save_scenes", "simulate"]
