from .cell import Cell, RangeBin
from .contenders import CONTENDERS, GENIE, Contender, GenieStart, Refiner, contender, genie_for, region_of
from .gospa import Gospa, cartesian_gospa, direction_gospa, gospa, whitened_distance, whitened_gospa
from .hybrid import DOUBT, HYBRIDS, CovarianceError, covariance_error, hybrids
from .interval import Measure, bootstrap, bootstrap_mean
from .score import Score, confusion_matrix, joined_scores, match_directions, score
from .summary import alarm, bound_quantiles, distance_by_range, summarise, to_json
from .sweep import Drawer, Progress, Run, Trial, blind, cell_scenes, label_of, spelled, sweep, trial_of, trial_on

__all__ = [
    "CONTENDERS",
    "DOUBT",
    "GENIE",
    "HYBRIDS",
    "Cell",
    "Contender",
    "CovarianceError",
    "Drawer",
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
    "cell_scenes",
    "confusion_matrix",
    "contender",
    "covariance_error",
    "direction_gospa",
    "distance_by_range",
    "genie_for",
    "gospa",
    "hybrids",
    "joined_scores",
    "label_of",
    "match_directions",
    "region_of",
    "score",
    "spelled",
    "summarise",
    "sweep",
    "to_json",
    "trial_of",
    "trial_on",
    "whitened_distance",
    "whitened_gospa",
]
