"""How is one trial judged? Its objective is called, and whatever happens becomes an outcome that the storage keeps."""

import errno
import math
from collections.abc import Callable, Mapping
from typing import Any

from trainlint.errors import ExplainedError

from ..extra import optuna
from ..kept.outcome import Ended, Judged, Objective, Outcome, Pruned, Report, Task, outcome_of
from ..kept.trials import OUTCOME, State, ended_as, finished

_TAKEN_OVER = Outcome(kind="lost", words="taken over by another worker, which had not heard of this one")
_OF_THE_PLACE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO}
"""Errors of the disk, which any other recipe would meet too."""


def judge(
    trial: "optuna.Trial", task: Task, objective: Objective, *, prunes: bool, check: Callable[[], None]
) -> Outcome:
    """Call an objective.

    Args:
        trial: that keeps the reports.
        task: what to judge.
        objective: that judges.
        prunes: whether a report may end it.
        check: called at each report; raises where this worker is to end.

    Returns:
        The outcome; an exception of the objective is one too.

    Raises:
        Exception: the objective's own, where the place it writes to is the cause: that says nothing of the recipe.
    """
    try:
        last = task.recipe.training.plan.epochs  # after which there is nothing left to save
        return outcome_of(objective(task, _report(trial, last if prunes else 0, check)))
    except Ended as ended:
        error, verdict = ended.by, ended.verdict
    except Exception as raised:
        error, verdict = raised, None
    if _is_of_the_place(error):
        raise error
    return _outcome_of_error(error, verdict)


def _outcome_of_error(error: Exception, verdict: Mapping[str, Any] | None) -> Outcome:
    """What came of a trial that an exception ended, with the verdict of its watch until then."""
    if isinstance(error, Pruned):
        return Outcome(kind="pruned", words=error.got, verdict=verdict)
    if isinstance(error, optuna.exceptions.UpdateFinishedTrialError):
        return _TAKEN_OVER
    return outcome_of(Judged(value=None, words=_told(error), verdict=verdict))


def _is_of_the_place(error: BaseException | None) -> bool:
    """Whether a lost permission, a read-only or a full disk is behind an error."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _OF_THE_PLACE:
            return True
        error = error.__cause__ or error.__context__
    return False


def _told(error: Exception) -> str:
    """An error in one line; how to mend it is for who runs the recipe alone."""
    if isinstance(error, ExplainedError):
        return f"{type(error).__name__}: wanted {error.wanted}; got {error.got}"
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"


def keep(study: "optuna.Study", trial: "optuna.Trial", outcome: Outcome) -> Outcome:
    """Write an outcome down and finish the trial.

    Args:
        study: of the trial.
        trial: that is running.
        outcome: of it.

    Returns:
        The outcome that stands: `lost` where another worker has taken the trial over.
    """
    if outcome.kind == "lost":
        return outcome
    try:
        trial.set_user_attr(OUTCOME, outcome.to_plain())
    except optuna.exceptions.UpdateFinishedTrialError:
        return _TAKEN_OVER
    state, value = ended_as(study, outcome)
    return outcome if finished(study, trial.number, value, state) else _TAKEN_OVER


def keep_answer(study: "optuna.Study", trial: "optuna.Trial", twin: "optuna.trial.FrozenTrial") -> Outcome:
    """Answer a trial with what an earlier one of the same recipe came to, so that the sampler learns from it.

    Args:
        study: of both.
        trial: that is running.
        twin: the earlier one; it may still be running, and then it teaches nothing yet.

    Returns:
        The outcome.
    """
    outcome = Outcome(kind="same", words=f"the same recipe as trial {twin.number}", twin=twin.number)
    if twin.state is State.PRUNED:
        for step, value in twin.intermediate_values.items():
            trial.report(value, step)
    return keep(study, trial, outcome)


def _report(trial: "optuna.Trial", until: int, check: Callable[[], None]) -> Report:
    """Keeps each report, and prunes before the epoch `until`."""

    def report(epoch: int, value: float) -> None:
        check()
        if not math.isfinite(value):
            raise ValueError(f"the objective is {value} after epoch {epoch}")
        trial.report(value, epoch)
        if epoch < until and trial.should_prune():
            raise Pruned(
                "a trial as good as the median of those before it", f"pruned after epoch {epoch} at {value:.3f}",
                "values that learn slower, or not as far", "nothing: the next trial",
            )  # fmt: skip

    return report
