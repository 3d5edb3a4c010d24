"""The errors this package raises: each says what was wanted, what came, the likely cause and the next move."""

from trainlint.errors import ExplainedError


class RisError(ExplainedError):
    """Base of every error raised on purpose by this package."""


class InputError(RisError, ValueError):
    """An argument has the wrong shape, type or value."""


class ConfigurationError(RisError, ValueError):
    """A configuration value, key or preset is not valid."""


class SceneFileError(RisError, ValueError):
    """A scene file is missing, truncated, foreign or of another schema."""


class InfeasibleError(RisError, RuntimeError):
    """The request is well formed, and nothing can satisfy it."""
