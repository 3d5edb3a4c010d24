"""What does a client hear that is not answered? An HTTP status, and wanted, got, cause and move."""

from typing import Any

from trainlint.errors import ExplainedError

from ..errors import InfeasibleError, RisError, SceneFileError

_NO_SCENES, _TOO_LARGE, _NOT_LOCATED, _BUG = 400, 413, 422, 500


class Refused(RisError):
    """A request that is not answered.

    Args:
        status: of HTTP.
        wanted: what the client should have sent.
        got: what came.
        cause: the likely cause.
        move: what to do next.
        retry: seconds after which it is worth while to ask again; None where it is not.
    """

    def __init__(self, status: int, wanted: str, got: str, cause: str, move: str, retry: int | None = None) -> None:
        super().__init__(wanted, got, cause, move)
        self.status, self.retry = status, retry


def status_of(error: ExplainedError) -> int:
    """The HTTP status of an error: its own, else 400 for no scenes, 413 for too large ones, 422 for others.

    >>> status_of(SceneFileError("a scene file", "an empty body", "a slip", "send one"))
    400
    """
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, InfeasibleError):
        return _TOO_LARGE
    if isinstance(error, SceneFileError):
        return _NO_SCENES
    return _NOT_LOCATED


def problem_of(error: ExplainedError) -> dict[str, Any]:
    """The four parts of an error."""
    return {name: vars(error)[name] for name in ("wanted", "got", "cause", "move")}


def explained(error: Exception) -> ExplainedError:
    """An error as one that may be shown: of a bug nothing of its inside, which belongs into the log."""
    if isinstance(error, ExplainedError):
        return error
    return Refused(
        _BUG, "an answer", f"an unforeseen {type(error).__name__}", "a bug of the service; its log has the traceback",
        "report it with the scene file, and try `ris locate` on it",
    )  # fmt: skip
