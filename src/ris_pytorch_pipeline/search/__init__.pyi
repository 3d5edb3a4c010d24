from .effect import check_effects
from .knobs import Choices, Range
from .lease import Watchman, Worker
from .outcome import Judged, Objective, Outcome, Pruned, Report, Task
from .recipe import PHASES, Locating, Recipe, recipe_from_plain, resolved
from .results import Results, Row, best_toml, results_of, write_results
from .sampler import SeededTpe
from .settings import Settings
from .space import SPACES, Space, named_space, space_from_plain, space_of
from .storage import open_storage
from .studies import Studies, holds_search, joined_studies, new_studies
from .training import FixedScenes, TrainAndLocate, localiser_of
from .workers import run_processes, work

__all__ = [
    "PHASES",
    "SPACES",
    "Choices",
    "FixedScenes",
    "Judged",
    "Locating",
    "Objective",
    "Outcome",
    "Pruned",
    "Range",
    "Recipe",
    "Report",
    "Results",
    "Row",
    "SeededTpe",
    "Settings",
    "Space",
    "Studies",
    "Task",
    "TrainAndLocate",
    "Watchman",
    "Worker",
    "best_toml",
    "check_effects",
    "holds_search",
    "joined_studies",
    "localiser_of",
    "named_space",
    "new_studies",
    "open_storage",
    "recipe_from_plain",
    "resolved",
    "results_of",
    "run_processes",
    "space_from_plain",
    "space_of",
    "work",
    "write_results",
]
