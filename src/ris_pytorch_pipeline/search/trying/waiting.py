"""Whom does a worker wait for? Open trials of others, which it names once they have been open for a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ...errors import InputError
from ..extra import optuna
from ..kept.lease import LEASE
from ..kept.outcome import StageName
from ..kept.trials import State, pause

PATIENCE = 10.0
"""Seconds of waiting for the same trials before it is said: workers that draw at the same time wait for less."""


@dataclass
class Waiting:
    """A worker's waiting in a stage, which says whom it waits for.

    Args:
        stage: whose trials are open.
        say: takes each line for the user.
        check: called often; raises where this worker is to end.
        clock: that runs forwards.
    """

    stage: StageName
    say: Callable[[str], object]
    check: Callable[[], None]
    clock: Callable[[], float] = time.monotonic
    _who: tuple[int, ...] = field(default=(), init=False)
    _since: float = field(default=0.0, init=False)
    _told: bool = field(default=False, init=False)

    def on(self, open_trials: "list[optuna.trial.FrozenTrial]") -> None:
        """Wait a moment for trials, and say so where it has been the same ones for long.

        Args:
            open_trials: that this worker has nothing to do with.

        Raises:
            InputError: one of the long stage waits for a worker, which none will ever take.
        """
        lost = [trial.number for trial in open_trials if trial.state is State.WAITING and self.stage == "long"]
        if lost:  # a short one may just have been given back, and is taken in the next round
            raise InputError(
                "a long stage whose open trials are somebody's", f"trial {lost[0]}, which nobody takes",
                "a journal or database that another program wrote to", "begin in another folder",
            )  # fmt: skip
        who = tuple(trial.number for trial in open_trials)
        if who != self._who:
            self._who, self._since, self._told = who, self.clock(), False
        elif not self._told and self.clock() - self._since > PATIENCE:
            self._told = True
            self.say(f"waits for {self.stage} {' and '.join(map(_named, open_trials))}")
        pause(self.check)


def _named(trial: "optuna.trial.FrozenTrial") -> str:
    lease = trial.user_attrs.get(LEASE)
    return f"trial {trial.number}, {'which no worker has signed' if lease is None else 'on ' + str(lease['machine'])}"
