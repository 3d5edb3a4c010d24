"""Is Optuna there, and quiet? Every file of this room that needs it takes it from here."""

from ..errors import ConfigurationError

try:
    import optuna
    from optuna.storages import journal
except ImportError as missing:
    raise ConfigurationError(
        "the package optuna", str(missing), "an install without the extra", "pip install 'ris-pytorch-pipeline[search]'"
    ) from missing

optuna.logging.set_verbosity(optuna.logging.WARNING)  # a search says itself what happens

__all__ = ["journal", "optuna"]
