from .blind import calibrate_blind
from .calibration import Calibration, applied_to
from .calibration_file import load_calibration, save_calibration
from .choice import Choice, Learnt, calibrate, held_out_shares, unidentified
from .coverage import coverage, deviation_scale
from .doubts import doubts_of
from .fitting import Gains, fit_gains, identified
from .known import KnownScenes, known_scenes
from .pieces import Pieces
from .recording import Recording, scenes_to_learn_from
from .told_scale import different_places, scale_doubts, told_scale

__all__ = [
    "Calibration",
    "Choice",
    "Gains",
    "KnownScenes",
    "Learnt",
    "Pieces",
    "Recording",
    "applied_to",
    "calibrate",
    "calibrate_blind",
    "coverage",
    "deviation_scale",
    "different_places",
    "doubts_of",
    "fit_gains",
    "held_out_shares",
    "identified",
    "known_scenes",
    "load_calibration",
    "save_calibration",
    "scale_doubts",
    "scenes_to_learn_from",
    "told_scale",
    "unidentified",
]
