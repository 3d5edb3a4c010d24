from .estimate import Estimate, Estimator, Status, asked_sources, pad_sources
from .maximum_likelihood import MaximumLikelihood, PilotMl, Sml
from .region import SearchGrid, SearchRegion, search_grid
from .search import SearchEffort

__all__ = [
    "Estimate",
    "Estimator",
    "MaximumLikelihood",
    "PilotMl",
    "SearchEffort",
    "SearchGrid",
    "SearchRegion",
    "Sml",
    "Status",
    "asked_sources",
    "pad_sources",
    "search_grid",
]
