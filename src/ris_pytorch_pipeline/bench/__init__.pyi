from .below_bound import ALONE, Family, alarm
from .calibrated import calibrated_scenes
from .cell import Cell, RangeBin
from .finding import Finding, findings_of, located, summary_of
from .genie import GenieStart, Refiner, genie_for, region_of
from .gospa import Gospa, cartesian_gospa, direction_gospa, gospa, whitened_distance, whitened_gospa
from .hybrid import DOUBT, HYBRIDS, CovarianceError, covariance_error, hybrids, proposer
from .interval import Measure, bootstrap, bootstrap_mean, share
from .pairing import Matched, matched
from .score import (
    COORDINATES,
    KNOWABLE_DISTANCE,
    TOLERANCE,
    Score,
    confusion_matrix,
    joined_scores,
    judged,
    knowable,
    match_directions,
    score,
)
from .stated import STATED, Stated, crps, stated_of
from .suites.columns import COLUMNS, RESULTS, TIMES, Row, beside_genie, cell_of, figures_of
from .suites.entering import Entering, ModelSettings
from .suites.keeping import Kept
from .suites.located_rows import read_located
from .suites.parquet import read_rows, write_rows
from .suites.processes import Answers, serve, worked_apart, worked_by, worked_here
from .suites.reading import suite_from_toml, suite_of
from .suites.suite import Axis, Entrant, Pending, Suite, Sweep
from .suites.working import Worked, work
from .summary import bound_quantiles, distance_by_range, summarise, to_json
from .sweep import Drawer, Progress, Run, blind, check_needs, in_parts, sweep
from .trial_scenes import Trial, cell_scenes, label_of, spelled, trial_of, trial_on

__all__ = [
    "ALONE",
    "COLUMNS",
    "COORDINATES",
    "DOUBT",
    "HYBRIDS",
    "KNOWABLE_DISTANCE",
    "RESULTS",
    "STATED",
    "TIMES",
    "TOLERANCE",
    "Answers",
    "Axis",
    "Cell",
    "CovarianceError",
    "Drawer",
    "Entering",
    "Entrant",
    "Family",
    "Finding",
    "GenieStart",
    "Gospa",
    "Kept",
    "Matched",
    "Measure",
    "ModelSettings",
    "Pending",
    "Progress",
    "RangeBin",
    "Refiner",
    "Row",
    "Run",
    "Score",
    "Stated",
    "Suite",
    "Sweep",
    "Trial",
    "Worked",
    "alarm",
    "beside_genie",
    "blind",
    "bootstrap",
    "bootstrap_mean",
    "bound_quantiles",
    "calibrated_scenes",
    "cartesian_gospa",
    "cell_of",
    "cell_scenes",
    "check_needs",
    "confusion_matrix",
    "covariance_error",
    "crps",
    "direction_gospa",
    "distance_by_range",
    "figures_of",
    "findings_of",
    "genie_for",
    "gospa",
    "hybrids",
    "in_parts",
    "joined_scores",
    "judged",
    "knowable",
    "label_of",
    "located",
    "match_directions",
    "matched",
    "proposer",
    "read_located",
    "read_rows",
    "region_of",
    "score",
    "serve",
    "share",
    "spelled",
    "stated_of",
    "suite_from_toml",
    "suite_of",
    "summarise",
    "summary_of",
    "sweep",
    "to_json",
    "trial_of",
    "trial_on",
    "whitened_distance",
    "whitened_gospa",
    "work",
    "worked_apart",
    "worked_by",
    "worked_here",
    "write_rows",
]
