from .bench import matched
from .bounds import scene_bound
from .calibrate import load_calibration
from .data import load_scenes, save_scenes, simulate
from .estimate import KnownMl, MixedMl, PilotMl, SearchRegion, Sml
from .importing import import_scenes
from .localise import Localiser
from .physics import Line, Observation, Panel, Points, preset
from .train import Trainer, load_network

__version__: str
__all__ = [
    "KnownMl",
    "Line",
    "Localiser",
    "MixedMl",
    "Observation",
    "Panel",
    "PilotMl",
    "Points",
    "SearchRegion",
    "Sml",
    "Trainer",
    "import_scenes",
    "load_calibration",
    "load_network",
    "load_scenes",
    "matched",
    "preset",
    "save_scenes",
    "scene_bound",
    "simulate",
]
