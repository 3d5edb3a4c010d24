"""Do passes without gradients measure the model, and in which mode is it then?"""

from collections import Counter
from collections.abc import Callable

_FEW = 3
"""Updates between two evaluations: a loop that runs its model more often acts, searches or looks at its own batch."""


class Tried:
    """What a run does between its updates without gradients.

    An evaluation computes losses, one for each pass, on other targets than those that are trained on. Monte Carlo
    dropout takes several passes for a loss; a teacher and a rollout compute none.

    Attributes:
        in_training: evaluations in which the model was in train mode alone.
        values: losses computed in those.
        well: evaluations in which it was in eval mode.
        otherwise: what else was done with losses or modes: nothing is said of such a run.
        place: the line of the program where the first loss was computed, where it is known.
    """

    def __init__(self) -> None:
        self.in_training = self.values = self.well = self.otherwise = 0
        self.place = ""
        self._training: Counter[int] = Counter()
        self._resting = self._values = self._at = 0
        self._fresh = True

    def ran(self, model: int, *, training: bool) -> None:
        """A model ran without gradients.

        Args:
            model: identity of a watched one.
            training: its mode.
        """
        if training:
            self._training[model] += 1
        else:
            self._resting += 1

    def valued(self, place: Callable[[], str], *, fresh: bool) -> None:
        """A loss was computed without gradients.

        Args:
            place: asked once for the line of the program.
            fresh: True where its target is not that of the last loss with gradients.
        """
        self.place = self.place or place()
        self._values += 1
        self._fresh &= fresh

    def end(self, applied: int) -> None:
        """An update was applied, or the run is over: judge what was done since the last one.

        Args:
            applied: updates so far.
        """
        if self._resting:
            self.well += 1
        elif self._values and self._training:
            since, self._at = applied - self._at, applied
            if since < _FEW or not self._fresh or max(self._training.values()) > self._values:
                self.otherwise += 1
            else:
                self.in_training, self.values = self.in_training + 1, self.values + self._values
        if self._values or self._training or self._resting:
            self._training.clear()
            self._resting = self._values = 0
            self._fresh = True
