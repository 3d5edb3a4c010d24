"""Has a suspicion been seen often enough, and does a loss belong to one player alone?"""

from collections import defaultdict
from collections.abc import Hashable

from torch import nn

from ...findings import Stage
from ..losses.graph import leaves
from ..run import Run
from .probe import Loss


class Sightings:
    """Counts in how many updates something was seen: one update alone confirms nothing.

    Args:
        needed: updates that confirm.
    """

    def __init__(self, needed: int = 2) -> None:
        self.needed = needed
        self._seen: defaultdict[Hashable, set[int]] = defaultdict(set)

    def stage(self, key: Hashable, update: int) -> Stage:
        """The stage of what was seen at an update.

        Args:
            key: of the suspicion.
            update: at which it was seen.
        """
        self._seen[key].add(update)
        return Stage.CONFIRMED if len(self._seen[key]) >= self.needed else Stage.SUSPECTED

    def suspected(self, key: Hashable) -> bool:
        """True where it was seen before.

        Args:
            key: of the suspicion.
        """
        return key in self._seen

    def clear(self, key: Hashable) -> None:
        """It was not so after all.

        Args:
            key: of the suspicion.
        """
        self._seen.pop(key, None)


class Cast:
    """Which losses move all that is trained, and nothing else: in a game each player has a loss of its own."""

    def __init__(self) -> None:
        self._alone: dict[str, bool] = {}

    def alone(self, run: Run, loss: Loss) -> bool:
        """True where the loss depends on parameters of every optimiser, and on no parameter that none of them holds.

        Args:
            run: the counters.
            loss: with its graph; looked at once by name, and not again.
        """
        if loss.name not in self._alone:
            found = leaves(loss.tensor)
            met = {id(p) for p in found}
            held = [{id(p) for p in lane.parameters} for lane in run.lanes]
            known = set().union(*held)
            strangers = any(isinstance(p, nn.Parameter) and id(p) not in known for p in found)
            self._alone[loss.name] = not strangers and all(met & each for each in held)
        return self._alone[loss.name]

    @property
    def game(self) -> bool:
        """True where some loss moves a part of what is trained alone, or there are several losses."""
        return len(self._alone) > 1 or not all(self._alone.values())
