"""How does a worker go through the two stages? Many short trials, then the best of them and the base, long."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...errors import ConfigurationError
from ...rng import stream
from ..extra import optuna
from ..kept.lease import Watchman, Worker
from ..kept.outcome import COUNTED, Objective, Outcome, StageName, Task
from ..kept.studies import Studies
from ..kept.trials import (
    DIGEST,
    RECIPE,
    State,
    check_failures,
    counts,
    earlier,
    give_back,
    is_waiting,
    lost_before,
    open_in,
    reap,
    recipes_in,
    repeats_in,
)
from ..spaces.suggesting import suggest, unknown_point, values_of
from .attempt import judge, keep, keep_answer
from .recipe import Recipe
from .waiting import Waiting

REPEATS = 5
"""Known recipes suggested in a row after which a new one is drawn evenly; a sampler does not know which it may not."""


@dataclass(frozen=True, kw_only=True)
class Crew:
    """A worker with its tools.

    Args:
        studies: of the search.
        objective: that judges.
        worker: this one.
        watchman: who knows which workers are dead.
        folder: of the search.
        say: takes each line for the user.
        check: called often; raises where this worker is to end.
    """

    studies: Studies
    objective: Objective
    worker: Worker
    watchman: Watchman
    folder: Path
    say: Callable[[str], object]
    check: Callable[[], None]

    def go(self) -> None:
        """Work until both stages are finished, by whomever.

        Raises:
            InfeasibleError: the first trials all failed.
        """
        short_stage(self)
        if self.studies.settings.best:
            long_stage(self)

    def judged(self, trial: "optuna.Trial", recipe: Recipe, stage: StageName) -> Outcome:
        """Run a trial that is this worker's own."""
        study = self.studies.of(stage)
        trial.set_user_attr(RECIPE, recipe.to_plain())
        task = Task(recipe=recipe, stage=stage, number=trial.number, folder=self.folder / stage / f"{trial.number:04d}")
        return keep(study, trial, judge(trial, task, self.objective, prunes=stage == "short", check=self.check))


def short_stage(crew: Crew) -> None:
    """Try recipes until there are as many different ones as planned, and none is open any more.

    Args:
        crew: of this worker.

    Raises:
        InfeasibleError: the first trials all failed.
    """
    study, settings = crew.studies.short, crew.studies.settings
    waiting = Waiting("short", crew.say, crew.check)
    while True:
        _say_taken(crew, reap(study, crew.watchman, again=True))
        known = recipes_in(study.get_trials(deepcopy=False))
        wanted = len(known) < settings.trials and (
            repeats_in(study) < REPEATS or is_waiting(study) or _draw_new(crew, set(known))
        )
        if wanted or is_waiting(study):
            _own_trial(crew, "short", _short_trial)
            check_failures(study)
        elif others := open_in(study):
            waiting.on(others)
        else:
            break
    if len(known) < settings.trials:
        crew.say(f"the space holds no further recipe: {len(known)} of {settings.trials} trials")


def _draw_new(crew: Crew, known: set[str]) -> bool:
    """Let a recipe that nobody has tried wait for a worker; False where there seems to be none."""
    study, settings = crew.studies.short, crew.studies.settings
    if is_waiting(study):
        return True
    tried = len(study.get_trials(deepcopy=False))
    seed = stream(settings.seed, "search/unknown", tried - lost_before(study, tried)).initial_seed()
    found = unknown_point(settings.space, settings.base, settings.epochs, known, random.Random(seed))
    if found is not None:
        study.enqueue_trial(found[0], user_attrs={DIGEST: found[1]})
    return found is not None


def long_stage(crew: Crew) -> None:
    """Train each finalist once, and wait until none is open any more.

    Args:
        crew: of this worker.
    """
    study = crew.studies.long
    finalists = finalists_of(crew.studies)
    waiting = Waiting("long", crew.say, crew.check)
    while True:
        _say_taken(crew, reap(study, crew.watchman, again=False))
        taken = recipes_in(study.get_trials(deepcopy=False))
        if any(recipe.digest not in taken for recipe in finalists):
            _own_trial(crew, "long", lambda crew, trial: _long_trial(crew, trial, finalists))
        elif others := open_in(study):
            waiting.on(others)
        else:
            return


def finalists_of(studies: Studies) -> list[Recipe]:
    """The recipes of the long stage: the best of the short one, best first, and the base.

    Args:
        studies: of a search whose short stage is finished.

    Returns:
        Each with its number of epochs.
    """
    settings = studies.settings
    done = [
        trial for trial in studies.short.get_trials(deepcopy=False) if trial.state is State.COMPLETE and counts(trial)
    ]
    done.sort(key=lambda trial: (trial.value, trial.number))
    values = [values_of(settings.space, trial.params) for trial in done[: settings.best]]
    recipes = [settings.base.changed(found).trained_for(settings.long_epochs) for found in values]
    recipes.append(settings.base.trained_for(settings.long_epochs))
    return list({recipe.digest: recipe for recipe in recipes}.values())


def _own_trial(crew: Crew, stage: StageName, run: "Callable[[Crew, optuna.Trial], Outcome]") -> Outcome:
    """Take a new trial, and give it back where this worker is made to end in the middle of it.

    It is taken once those before it have announced their recipes: one that was killed before it could sign is known to
    be lost only after a while, and until then it would take a place in the search.
    """
    study = crew.studies.of(stage)
    earlier(study, len(study.get_trials(deepcopy=False)), crew.watchman, again=stage == "short", check=crew.check)
    trial = study.ask()
    try:
        with crew.worker.working_on(trial):
            outcome = run(crew, trial)
    except BaseException:  # Ctrl-C, SIGTERM, a storage that is gone: the trial must not stay running
        give_back(study, trial.number, again=stage == "short")
        raise
    if outcome.kind in COUNTED or outcome.kind in {"refused", "lost"}:
        crew.say(f"{stage} trial {trial.number}: {outcome.words}")
    return outcome


def _short_trial(crew: Crew, trial: "optuna.Trial") -> Outcome:
    study, settings = crew.studies.short, crew.studies.settings
    try:
        recipe = settings.base.changed(suggest(trial, settings.space)).trained_for(settings.epochs)
    except ConfigurationError as error:  # values that do not go together
        trial.set_user_attr(DIGEST, "")
        return keep(study, trial, Outcome(kind="refused", words=f"not trained: wanted {error.wanted}; got {error.got}"))
    trial.set_user_attr(DIGEST, recipe.digest)
    before = recipes_in(earlier(study, trial.number, crew.watchman, again=True, check=crew.check))
    if recipe.digest in before:
        return keep_answer(study, trial, before[recipe.digest])
    if len(before) >= settings.trials:
        return keep(study, trial, Outcome(kind="beyond", words="one more than planned"))
    return crew.judged(trial, recipe, "short")


def _long_trial(crew: Crew, trial: "optuna.Trial", finalists: list[Recipe]) -> Outcome:
    study = crew.studies.long
    before = recipes_in(earlier(study, trial.number, crew.watchman, again=False, check=crew.check))
    left = [recipe for recipe in finalists if recipe.digest not in before]
    trial.set_user_attr(DIGEST, left[0].digest if left else "")
    if not left:
        return keep(study, trial, Outcome(kind="beyond", words="one more than planned"))
    return crew.judged(trial, left[0], "long")


def _say_taken(crew: Crew, numbers: list[int]) -> None:
    for number in numbers:
        crew.say(f"trial {number} has lost its worker, and is tried again")
