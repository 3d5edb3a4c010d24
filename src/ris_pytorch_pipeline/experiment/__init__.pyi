from .experiment import Experiment
from .strict import fit, flat_fields, overlay, plain
from .toml import experiment_from_toml, parse_toml_value, resolve, to_toml

__all__ = [
    "Experiment",
    "experiment_from_toml",
    "fit",
    "flat_fields",
    "overlay",
    "parse_toml_value",
    "plain",
    "resolve",
    "to_toml",
]
