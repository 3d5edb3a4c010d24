"""What may leave a watch and reach somebody's loop? A fatal finding, and nothing else."""

import functools
import traceback
from collections.abc import Callable
from typing import ParamSpec

from ..verdict import TrainingFault

_P = ParamSpec("_P")


class Boundary:
    """Runs what torch calls back; the first error of our own ends the measuring, and is kept.

    Args:
        told: called once with the event and the traceback of the error.
    """

    def __init__(self, told: Callable[[str, str], object]) -> None:
        self.told = told
        self.broken: str | None = None

    def guarded(self, callback: Callable[_P, object]) -> Callable[_P, None]:
        """The callback, behind the boundary; it answers nothing.

        Args:
            callback: may raise `TrainingFault`, which passes, or anything else, which does not.
        """

        @functools.wraps(callback)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> None:
            if self.broken is not None:
                return
            try:
                callback(*args, **kwargs)
            except TrainingFault:
                raise
            except Exception as error:
                self.fail(callback.__name__, error)

        return call

    def fail(self, event: str, error: Exception) -> None:
        """Measuring ends here; the loop goes on.

        Args:
            event: where it happened.
            error: what happened.
        """
        self.broken = f"{type(error).__name__}: {error}".splitlines()[0]
        self.told(event, "".join(traceback.format_exception(error)))
