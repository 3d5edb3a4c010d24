"""What can only a trainer's own watch ask? Are the rates the planned ones, and do the evaluated weights follow?"""

from collections.abc import Iterable

import torch
from torch import Tensor
from trainlint.rules import losses, updates

from trainlint import Epoch, Finding, Found, Lane, Probe, Run, Step, sample

from ...experiment.training import TrainingExperiment
from ..loop.average import Average
from ..loop.progress import Progress
from ..loop.schedule import rates
from ..loop.update import Outcome

_REFUSED = (Outcome.NOT_FINITE.value, Outcome.ZERO.value)
"""Failures in which the optimizer was not called."""


class Planned(Probe):
    """The rates that the optimizer used against the plan, by a count of its own.

    Args:
        experiment: with its plan settled.
        progress: live counts.
    """

    def __init__(self, experiment: TrainingExperiment, progress: Progress) -> None:
        self.config = experiment.optimisation
        self.length = experiment.plan.updates(self.config.accumulation)
        self.progress, self.done, self.idle = progress, progress.updates, idle_steps(progress)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """A step ran: its rates must be those of as many updates as have been applied."""
        used = {group["name"]: rate for group, rate in zip(lane.optimizer.param_groups, step.rates, strict=True)}
        latest = self.done + step.index - 1
        earliest = latest - (idle_steps(self.progress) - self.idle)
        if any(self._fits(used, update) for update in range(earliest, latest + 1)):
            return
        wanted = self._planned(latest, used)
        told = f"update {latest + 1} used {used}, planned {wanted}"
        meant = next((u for u in range(latest + 1, self.length) if self._fits(used, u)), None)
        if meant is not None:
            told += f", which are the rates of update {meant + 1}"
            yield updates.TICK_WITHOUT_UPDATE.found(told, update=step.index)
        else:
            wrong = next(name for name in used if used[name] != wanted[name])
            yield updates.WRONG_GROUP.found(told, subject=wrong, update=step.index)

    def _planned(self, update: int, groups: Iterable[str]) -> dict[str, float]:
        return rates(min(update, self.length - 1), self.length, self.config, groups)

    def _fits(self, used: dict[str, float], update: int) -> bool:
        planned = self._planned(update, used)
        return all(planned[name] == rate for name, rate in used.items())


def idle_steps(progress: Progress) -> int:
    """Steps of the optimizer that did not count as updates."""
    return sum(count for reason, count in progress.failures.items() if reason not in _REFUSED)


class Followed(Probe):
    """Whether the evaluated weights follow the live ones.

    Args:
        average: the network that is evaluated, and the live one.
    """

    def __init__(self, average: Average) -> None:
        self.average, self._moves = average, 0
        self._first = self._kept = marks(average)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """After the first measured updates that moved the live weights, seen from the third."""
        if not step.measured or step.index > 4:
            return
        if self._moves >= 2 and same(self._first, marks(self.average)):
            yield self._still(self._moves)
        self._moves += step.relative > 0

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """After each epoch with updates."""
        now = marks(self.average)
        if epoch.applied and same(self._kept, now):
            yield self._still(epoch.applied)
        self._kept = now

    def _still(self, count: int) -> Finding:
        return losses.CONSTANT_VALIDATION.found(
            f"the evaluated weights are bit by bit what they were {count} updates ago", subject="evaluated weights"
        )


def marks(average: Average) -> list[Tensor]:
    """A sample of the entries of each evaluated parameter."""
    return [sample(parameter).clone() for parameter in average.net.parameters()]


def same(first: list[Tensor], second: list[Tensor]) -> bool:
    """Whether two samples agree bit by bit."""
    return all(torch.equal(one, two) for one, two in zip(first, second, strict=True))
