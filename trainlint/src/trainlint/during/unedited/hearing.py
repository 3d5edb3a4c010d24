"""Who hears what the watch of one training of a program finds, and from which line of the program?"""

from typing import TYPE_CHECKING

from ...findings import Finding
from .frames import users_line
from .trainings import Training, labelled
from .written import with_line

if TYPE_CHECKING:
    from .session import Session


class Hearing:
    """Passes on what the watch of one training finds, under the training's name where there are several.

    Args:
        session: of the training.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.training: Training | None = None

    def place(self) -> str:
        """The line of the user's code that is running; what is judged at the end belongs to no line."""
        line = None if self._session.over else users_line()
        return "" if line is None else str(line)

    def hear(self, finding: Finding) -> None:
        """A finding comes: pass it on.

        Args:
            finding: new, or surer than before, or withdrawn.
        """
        tell, training = self._session.options.tell, self.training
        if tell is not None:
            finding = finding if training is None else with_line(finding, training.watch.run.model)
            alone = training is None or not self._session.trainings.several
            tell(finding if alone or training is None else labelled(finding, training.label))
