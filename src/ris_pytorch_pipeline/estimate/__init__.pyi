from .baselines.back_projection import BackProjected
from .baselines.modified_music import ModifiedMusic
from .baselines.omp import Omp
from .baselines.sparse_bayesian import SparseBayesian
from .contenders import CONTENDERS, GENIE, Contender, contender, likelihood_for
from .estimate import Estimate, Estimator, Fit, Mode, Status, asked_sources
from .fit.images.same_symbols import Images, images_of
from .grid import SearchGrid, search_grid
from .interval import Interval, interval_of, reach_of
from .joining import joined_estimates, pad_sources
from .judging import Judging, StatesFit, judged
from .ml.known.known_ml import KnownMl
from .ml.maximum_likelihood import MaximumLikelihood
from .ml.mixed.mixed_ml import MixedMl
from .ml.pilots.pilot_ml import PilotMl
from .ml.search import SearchEffort
from .ml.sml import Sml
from .region import SearchRegion
from .spectral.order import EigenvalueGap, InformationCriterion, OrderRule, aic, mdl
from .spectral.spectra import Bartlett, Music, Mvdr, Spectral
from .told import UsesSequences, told

__all__ = [
    "CONTENDERS",
    "GENIE",
    "BackProjected",
    "Bartlett",
    "Contender",
    "EigenvalueGap",
    "Estimate",
    "Estimator",
    "Fit",
    "Images",
    "InformationCriterion",
    "Interval",
    "Judging",
    "KnownMl",
    "MaximumLikelihood",
    "MixedMl",
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
    "StatesFit",
    "Status",
    "UsesSequences",
    "aic",
    "asked_sources",
    "contender",
    "images_of",
    "interval_of",
    "joined_estimates",
    "judged",
    "likelihood_for",
    "mdl",
    "pad_sources",
    "reach_of",
    "search_grid",
    "told",
]
