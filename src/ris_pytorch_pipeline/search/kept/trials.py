"""Which trials of a study count, which wait for whom, and which have lost their worker?"""

import time
from collections.abc import Callable
from typing import Any

from ...errors import InfeasibleError
from ..extra import optuna
from .lease import LEASE, Watchman
from .outcome import COUNTED, Outcome, outcome_from_plain

State = optuna.trial.TrialState
DIGEST, RECIPE, OUTCOME = "digest", "recipe", "outcome"
"""Attributes of a trial: digest of the resolved recipe it announces, that recipe once it trains, what came of it."""
_OPEN = (State.WAITING, State.RUNNING)
_POLL = 0.05
"""Seconds between two looks at the storage."""
MOST_FAILURES = 3
"""Failed trials, with no other so far, after which a search ends: what fails everywhere is not a matter of values."""


def digest_of(trial: "optuna.trial.FrozenTrial") -> str | None:
    """Of the recipe that a trial has announced; None before that, and the empty text where it has none."""
    return trial.user_attrs.get(DIGEST)


def outcome_in(trial: "optuna.trial.FrozenTrial") -> Outcome | None:
    """What came of a finished trial; None of one that is not finished."""
    if trial.state in _OPEN:
        return None
    kept: dict[str, Any] | None = trial.user_attrs.get(OUTCOME)
    if kept is None or (trial.state is State.FAIL and kept["kind"] in COUNTED):
        return Outcome(kind="lost", words="lost with its worker")
    return outcome_from_plain(kept)


def lost_before(study: "optuna.Study", number: int) -> int:
    """How many trials with a lower number were lost with their worker, so that their place in the search is another's.

    Args:
        study: of the trials.
        number: of a trial; as many as there are for all of them.
    """
    before = study.get_trials(deepcopy=False)[:number]
    return sum((outcome := outcome_in(trial)) is not None and outcome.kind == "lost" for trial in before)


def repeats_in(study: "optuna.Study") -> int:
    """How many of the last finished trials in a row brought no new recipe.

    Args:
        study: of the trials.
    """
    kinds = [outcome.kind for trial in study.get_trials(deepcopy=False) if (outcome := outcome_in(trial)) is not None]
    news = [kind not in {"same", "refused"} for kind in reversed(kinds) if kind != "lost"]
    return news.index(True) if True in news else len(news)


def counts(trial: "optuna.trial.FrozenTrial") -> bool:
    """Whether a trial stands for its recipe: it is trained, or will be."""
    outcome = outcome_in(trial)
    return bool(digest_of(trial)) and (outcome is None or outcome.kind in COUNTED)


def recipes_in(trials: "list[optuna.trial.FrozenTrial]") -> "dict[str, optuna.trial.FrozenTrial]":
    """The first trial of each recipe among those that count."""
    found: dict[str, optuna.trial.FrozenTrial] = {}
    for trial in trials:
        digest = digest_of(trial)
        if digest and counts(trial):
            found.setdefault(digest, trial)
    return found


def reap(study: "optuna.Study", watchman: Watchman, *, again: bool) -> list[int]:
    """Take running trials from workers that are dead.

    Args:
        study: of them.
        watchman: who knows the dead.
        again: let another worker try the same values.

    Returns:
        Numbers of the trials taken.
    """
    taken: list[int] = []
    for trial in study.get_trials(deepcopy=False, states=(State.RUNNING,)):
        if watchman.is_dead(trial.number, trial.user_attrs.get(LEASE)) and give_back(study, trial.number, again=again):
            taken.append(trial.number)
    return taken


def ended_as(study: "optuna.Study", outcome: Outcome) -> tuple[State, float | None]:
    """How Optuna is told of an outcome: the state of the trial, and its value.

    Args:
        study: of the trial.
        outcome: of it; one that is the same as an earlier trial's ends as that one did.
    """
    if outcome.kind == "same" and outcome.twin is not None:
        twin = study.get_trials(deepcopy=False)[outcome.twin]
        state = twin.state if twin.state in (State.COMPLETE, State.PRUNED) else State.FAIL
        return state, twin.value if state is State.COMPLETE else None
    state = {"done": State.COMPLETE, "beyond": State.FAIL}.get(outcome.kind, State.PRUNED)
    return state, outcome.value if state is State.COMPLETE else None


def finished(study: "optuna.Study", number: int, value: float | None, state: State) -> bool:
    """Tell Optuna how a trial ended, unless another worker has told it already.

    Args:
        study: of it.
        number: of the trial.
        value: of it; None where it has none.
        state: in which it ends.

    Returns:
        False where it was ended before.

    Raises:
        ValueError: Optuna refuses the value or the state.
    """
    try:
        study.tell(number, value, state=state)
    except optuna.exceptions.UpdateFinishedTrialError:
        return False
    except ValueError:  # also of a trial that is finished
        if study.get_trials(deepcopy=False)[number].state in _OPEN:
            raise
        return False
    return True


def give_back(study: "optuna.Study", number: int, *, again: bool) -> bool:
    """End a running trial, without a result unless it was written down, and let its values be tried again if not.

    Args:
        study: of it.
        number: of the trial.
        again: whether its values wait for the next worker.

    Returns:
        False where its result stands, or another worker has ended it.
    """
    trial = study.get_trials(deepcopy=False)[number]
    kept: dict[str, Any] | None = trial.user_attrs.get(OUTCOME)
    state, value = (State.FAIL, None) if kept is None else ended_as(study, outcome_from_plain(kept))
    if not finished(study, number, value, state) or kept is not None:
        return False
    if again and digest_of(trial):
        study.enqueue_trial(trial.params, user_attrs={DIGEST: digest_of(trial)})
    return True


def earlier(
    study: "optuna.Study", number: int, watchman: Watchman, *, again: bool, check: Callable[[], None]
) -> "list[optuna.trial.FrozenTrial]":
    """The trials before one, once each of them has announced its recipe.

    Workers draw at the same time and cannot see each other's draw. The number of a trial is its ticket: who has the
    higher one waits until those before have announced theirs, and gives way to them.

    Args:
        study: of the trials.
        number: of the trial.
        watchman: a worker that died before it announced anything is not waited for.
        again: see `reap`.
        check: called while waiting; raises where this worker is to end.

    Returns:
        The trials with a lower number.
    """
    while True:
        before = study.get_trials(deepcopy=False)[:number]
        silent = [trial for trial in before if trial.state is State.RUNNING and digest_of(trial) is None]
        if not silent:
            return before
        reap(study, watchman, again=again)
        pause(check)


def open_in(study: "optuna.Study") -> "list[optuna.trial.FrozenTrial]":
    """The trials that are running or wait."""
    return study.get_trials(deepcopy=False, states=_OPEN)


def is_waiting(study: "optuna.Study") -> bool:
    """Whether a trial waits for a worker."""
    return bool(study.get_trials(deepcopy=False, states=(State.WAITING,)))


def pause(check: Callable[[], None]) -> None:
    """Wait a moment for the others.

    Args:
        check: raises where this worker is to end.
    """
    check()
    time.sleep(_POLL)


def check_failures(study: "optuna.Study") -> None:
    """End a search in which nothing works.

    Raises:
        InfeasibleError: the first trials all failed.
    """
    found = [outcome for trial in study.get_trials(deepcopy=False) if (outcome := outcome_in(trial)) is not None]
    counted = [outcome for outcome in found if outcome.kind in COUNTED]
    if len(counted) >= MOST_FAILURES and all(outcome.kind == "failed" for outcome in counted):
        raise InfeasibleError(
            "a trial that can be judged", f"{len(counted)} that failed, the last one so: {counted[-1].words}",
            "a setting that all trials share", "mend it, try it with `ris train`, and begin in another folder",
        )  # fmt: skip
