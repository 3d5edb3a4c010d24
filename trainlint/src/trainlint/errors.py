"""How does an error speak? It says what was wanted, what came, the likely cause and the next move."""


class ExplainedError(Exception):
    """Base of every error raised on purpose: what was wanted, what came, the likely cause and the next move.

    Args:
        wanted: what the caller should have passed.
        got: what came instead.
        cause: the likely cause, in a few words.
        move: what to do next.

    >>> print(ExplainedError("a scalar loss", "shape (4,)", "reduction='none'", "take its mean"))
    wanted a scalar loss; got shape (4,). Likely cause: reduction='none'. Next: take its mean.
    """

    def __init__(self, wanted: str, got: str, cause: str, move: str) -> None:
        end = "" if move.endswith("?") else "."
        super().__init__(f"wanted {wanted}; got {got}. Likely cause: {cause}. Next: {move}{end}")
        self.wanted, self.got, self.cause, self.move = wanted, got, cause, move

    def __reduce__(self) -> tuple[type["ExplainedError"], tuple[str, str, str, str]]:
        """Pickle by the four parts, so that the error survives a worker process."""
        return type(self), (self.wanted, self.got, self.cause, self.move)


class InputError(ExplainedError, ValueError):
    """An argument has the wrong shape, type or value."""


class InfeasibleError(ExplainedError, RuntimeError):
    """The request is well formed, and nothing can satisfy it."""
