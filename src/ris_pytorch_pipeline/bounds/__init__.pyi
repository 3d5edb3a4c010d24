from .bound import Bound, deviations_from_information, estimated_deviations
from .deterministic import deterministic_bound, known_bound, pilot_bound
from .mixed import mixed_bound
from .scenes import scene_bound
from .stochastic import stochastic_bound

__all__ = [
    "Bound",
    "deterministic_bound",
    "deviations_from_information",
    "estimated_deviations",
    "known_bound",
    "mixed_bound",
    "pilot_bound",
    "scene_bound",
    "stochastic_bound",
]
