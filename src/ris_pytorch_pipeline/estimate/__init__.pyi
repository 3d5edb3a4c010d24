from .back_projection import BackProjected
from .contenders import CONTENDERS, GENIE, Contender, contender, likelihood_for
from .estimate import Estimate, Estimator, Fit, Mode, Status, asked_sources, joined_estimates, pad_sources
from .grid import SearchGrid, search_grid
from .hypothesis import Hypothesis
from .levenberg import Box, Local, minimise
from .maximum_likelihood import MaximumLikelihood, Sml
from .mirrors import Mirrors
from .modified_music import ModifiedMusic
from .omp import Omp
from .order import EigenvalueGap, InformationCriterion, OrderRule, aic, mdl
from .pilot_ml import PilotMl
from .region import SearchRegion
from .search import SearchEffort
from .sparse_bayesian import SparseBayesian
from .spectral import Bartlett, Music, Mvdr, Spectral
from .steered import GridSteering, grid_steering, products, real_rows
from .stochastic import StochasticLikelihood, one_source_gain

__all__ = [
    "CONTENDERS",
    "GENIE",
    "BackProjected",
    "Bartlett",
    "Box",
    "Contender",
    "EigenvalueGap",
    "Estimate",
    "Estimator",
    "Fit",
    "GridSteering",
    "Hypothesis",
    "InformationCriterion",
    "Local",
    "MaximumLikelihood",
    "Mirrors",
    "Mode",
    "ModifiedMusic",
    "Music",
    "Mvdr",
    "Omp",
    "OrderRule",
    "PilotMl",
    "SearchEffort",
    "SearchGrid",
    "SearchRegion",
    "Sml",
    "SparseBayesian",
    "Spectral",
    "Status",
    "StochasticLikelihood",
    "aic",
    "asked_sources",
    "contender",
    "grid_steering",
    "joined_estimates",
    "likelihood_for",
    "mdl",
    "minimise",
    "one_source_gain",
    "pad_sources",
    "products",
    "real_rows",
    "search_grid",
]
