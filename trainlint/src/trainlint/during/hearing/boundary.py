"""What may leave a watch and reach somebody's loop? A fatal finding, and nothing else."""

import traceback
from collections.abc import Callable

from ...verdict import TrainingFault


class Boundary:
    """Runs what torch calls back; the first error of our own ends the measuring, and is kept.

    Args:
        told: called once with the event and the traceback of the error.
    """

    def __init__(self, told: Callable[[str, str], object]) -> None:
        self.told = told
        self.broken: str | None = None

    def run(self, event: str, callback: Callable[..., object], *facts: object) -> None:
        """Call back, behind the boundary.

        Args:
            event: what the ledger calls it.
            callback: may raise `TrainingFault`, which passes, or anything else, which does not.
            *facts: its arguments.

        Raises:
            TrainingFault: a fatal finding was confirmed.
        """
        if self.broken is not None:
            return
        try:
            callback(*facts)
        except TrainingFault:
            raise
        except Exception as error:
            self.fail(event, error)

    def fail(self, event: str, error: Exception) -> None:
        """Measuring ends here; the loop goes on.

        Args:
            event: where it happened.
            error: what happened.
        """
        self.broken = f"{type(error).__name__}: {error}".splitlines()[0]
        self.told(event, "".join(traceback.format_exception(error)))
