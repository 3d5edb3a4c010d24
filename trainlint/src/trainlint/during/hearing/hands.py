"""When do weights move that no optimiser holds? Between a backward pass and the next one."""

from collections.abc import Callable

from torch.optim import Optimizer

from ..run import Lane
from ..weights.meter import Meter
from ..weights.windows import Fate, Windows, states


class Hands:
    """Updates by hand: weights that have moved since their gradients arrived.

    Args:
        windows: of every lane.
        applied: told of each update.
    """

    def __init__(self, windows: Windows, applied: Callable[[Lane, Optimizer, bool], None]) -> None:
        self._windows, self._applied = windows, applied
        self._arrived: dict[int, object] = {}

    def arrived(self, lane: Lane, meter: Meter) -> None:
        """Gradients are complete: what follows may be an update.

        Args:
            lane: any.
            meter: of the lane.
        """
        if lane.by_hands:
            meter.before()
            self._arrived[id(lane)] = states([p.grad for p in lane.held])

    def settle(self, lane: Lane) -> None:
        """The next pass begins, or a verdict is asked for: was there an update?

        Args:
            lane: any.
        """
        if lane.by_hands and lane.pending and self._windows.fate(lane) is Fate.BY_HAND:
            touched = states([p.grad for p in lane.held]) != self._arrived.get(id(lane))
            self._applied(lane, lane.optimizer, False)
            lane.cleared, lane.stepped = touched, False  # cleared, or scaled down as a momentum
