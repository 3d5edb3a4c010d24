from .cell import Cell, RangeBin
from .contenders import CONTENDERS, GENIE, GenieStart, Refiner, contender, genie_for, region_of
from .gospa import Gospa, cartesian_gospa, direction_gospa, gospa, whitened_distance, whitened_gospa
from .interval import Measure, bootstrap, bootstrap_mean
from .score import Score, confusion_matrix, joined_scores, match_directions, score
from .summary import alarm, bound_quantiles, distance_by_range, summarise, to_json
from .sweep import Progress, Run, Trial, blind, joined, sweep, trial_of

__all__ = [
    "CONTENDERS",
    "GENIE",
    "Cell",
    "GenieStart",
    "Gospa",
    "Measure",
    "Progress",
    "RangeBin",
    "Refiner",
    "Run",
    "Score",
    "Trial",
    "alarm",
    "blind",
    "bootstrap",
    "bootstrap_mean",
    "bound_quantiles",
    "cartesian_gospa",
    "confusion_matrix",
    "contender",
    "direction_gospa",
    "distance_by_range",
    "genie_for",
    "gospa",
    "joined",
    "joined_scores",
    "match_directions",
    "region_of",
    "score",
    "summarise",
    "sweep",
    "to_json",
    "trial_of",
    "whitened_distance",
    "whitened_gospa",
]
