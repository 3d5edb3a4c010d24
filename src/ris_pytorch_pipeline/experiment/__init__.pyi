from . import presets
from .experiment import Experiment
from .optimisation import Optimisation, Plan, Stopping
from .phases import GEOMETRY_ORDER_JOINT, Phase, Phases
from .presets import TRAINING_PRESETS, training_from_toml, training_preset
from .strict import fit, flat_fields, overlay, plain
from .toml import experiment_from_toml, parse_toml_value, resolve, to_toml
from .training import TrainingExperiment, differences, training_from_plain

__all__ = [
    "GEOMETRY_ORDER_JOINT",
    "TRAINING_PRESETS",
    "Experiment",
    "Optimisation",
    "Phase",
    "Phases",
    "Plan",
    "Stopping",
    "TrainingExperiment",
    "differences",
    "experiment_from_toml",
    "fit",
    "flat_fields",
    "overlay",
    "parse_toml_value",
    "plain",
    "presets",
    "resolve",
    "to_toml",
    "training_from_plain",
    "training_from_toml",
    "training_preset",
]
