from .kept.checked import Check, Checked
from .kept.importances import importances_of
from .kept.lease import Watchman, Worker
from .kept.outcome import Judged, Objective, Outcome, Pruned, Report, Task
from .kept.results import Results, Row, best_toml, results_of, write_results
from .kept.storage import open_storage, read_storage
from .kept.studies import Studies, holds_search, joined_studies, new_studies, searches_in
from .settings import Settings
from .spaces.effect import check_effects
from .spaces.knobs import Choices, Range
from .spaces.sampler import SeededTpe
from .spaces.space import SPACES, Space, named_space, space_from_plain, space_of
from .trying.recipe import PHASES, Locating, Recipe, recipe_from_plain, resolved
from .trying.training import FixedScenes, TrainAndLocate, localiser_of
from .trying.workers import run_processes, watched, work

__all__ = [
    "PHASES",
    "SPACES",
    "Check",
    "Checked",
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
    "importances_of",
    "joined_studies",
    "localiser_of",
    "named_space",
    "new_studies",
    "open_storage",
    "read_storage",
    "recipe_from_plain",
    "resolved",
    "results_of",
    "run_processes",
    "searches_in",
    "space_from_plain",
    "space_of",
    "watched",
    "work",
    "write_results",
]
