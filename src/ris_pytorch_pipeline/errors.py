"""The errors this package raises: each says what was wanted, what came, the likely cause and the next move."""


class RisError(Exception):
    """Base of every error raised on purpose by this package.

    Args:
        wanted: what the caller should have passed.
        got: what came instead.
        cause: the likely cause, in a few words.
        move: what to do next.
    """

    def __init__(self, wanted: str, got: str, cause: str, move: str) -> None:
        end = "" if move.endswith("?") else "."
        super().__init__(f"wanted {wanted}; got {got}. Likely cause: {cause}. Next: {move}{end}")
        self.wanted, self.got, self.cause, self.move = wanted, got, cause, move

    def __reduce__(self) -> tuple[type["RisError"], tuple[str, str, str, str]]:
        """Pickle by the four parts, so that the error survives a worker process."""
        return type(self), (self.wanted, self.got, self.cause, self.move)


class InputError(RisError, ValueError):
    """An argument has the wrong shape, type or value."""


class ConfigurationError(RisError, ValueError):
    """A configuration value, key or preset is not valid."""


class SceneFileError(RisError, ValueError):
    """A scene file is missing, truncated, foreign or of another schema."""


class InfeasibleError(RisError, RuntimeError):
    """The request is well formed, and nothing can satisfy it."""
