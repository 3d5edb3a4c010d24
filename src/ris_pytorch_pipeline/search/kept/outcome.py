"""What came of a trial? One value, whatever happened, in words that a user reads."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from ...errors import RisError
from ...files import from_document
from ..trying.recipe import Recipe

StageName = Literal["short", "long"]
Kind = Literal["done", "pruned", "unhealthy", "failed", "refused", "same", "beyond", "lost"]
"""Of these, `refused`, `same`, `beyond` and `lost` trained nothing that counts as a trial."""
COUNTED = ("done", "pruned", "unhealthy", "failed")

Report = Callable[[int, float], None]
"""Told of each epoch, counted from 1, and the objective after it; raises `Pruned` where the trial is not worth more."""


class Pruned(RisError, RuntimeError):
    """The trial is worse than others were after as many epochs.

    >>> def report(epoch: int, value: float) -> None:
    ...     if value > 5.0:
    ...         raise Pruned("a value as of others", f"{value} after epoch {epoch}", "a poor recipe", "try another")
    >>> try:
    ...     report(2, 7.5)
    ... except Pruned as pruned:
    ...     print(pruned.got)
    7.5 after epoch 2
    """


class Ended(Exception):
    """An objective was ended by an exception, after its watch had come to a verdict.

    Args:
        by: the exception.
        verdict: plain record of the watch's verdict; None where none was reached.
    """

    def __init__(self, by: Exception, verdict: Mapping[str, Any] | None) -> None:
        super().__init__(f"ended by {type(by).__name__}")
        self.by, self.verdict = by, verdict


@dataclass(frozen=True, kw_only=True)
class Task:
    """What an objective is asked to judge.

    >>> from pathlib import Path
    >>> task = Task(recipe=Recipe(), stage="short", number=4, folder=Path("trials/4"))
    >>> task.recipe.training.net.width, task.recipe.locating.polish
    (32, 10)

    Args:
        recipe: to train, with its number of epochs, and to locate with.
        stage: `short` or `long`.
        number: of the trial in its stage.
        folder: that the trial may write to; nothing else does.
    """

    recipe: Recipe
    stage: StageName
    number: int
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What an objective found.

    >>> Judged(value=2.4, epoch=12).healthy
    True

    Args:
        value: lower is better; None where there is no network to judge.
        healthy: whether the watch found that it learnt.
        epoch: whose network it is, counted from 1; 0 where there is none.
        verdict: plain record of the watch's verdict; None where none was reached.
        words: why it is not healthy.
        held: value of each held-out scene; empty where none was judged.
    """

    value: float | None
    healthy: bool = True
    epoch: int = 0
    verdict: Mapping[str, Any] | None = None
    words: str = ""
    held: tuple[float, ...] = ()


@runtime_checkable
class Objective(Protocol):
    """Trains and judges a recipe.

    >>> def narrow_is_better(task: Task, report: Report) -> Judged:
    ...     value = task.recipe.training.net.width / 32
    ...     report(1, value)
    ...     return Judged(value=value, epoch=1)
    >>> isinstance(narrow_is_better, Objective)
    True
    """

    def __call__(self, task: Task, report: Report) -> Judged:
        """The value of a recipe; an exception is a trial that failed.

        Args:
            task: what to judge.
            report: to be told of each epoch.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a trial.

    >>> import math
    >>> from ris_pytorch_pipeline.search.kept.outcome import outcome_of
    >>> outcome = outcome_of(Judged(value=2.4, epoch=12))
    >>> outcome.kind, outcome.words
    ('done', '2.400 (epoch 12)')
    >>> outcome.to_plain()["value"], outcome.to_plain()["held"]
    (2.4, [])
    >>> outcome_of(Judged(value=math.inf)).words
    'failed, pruned: the objective is inf'

    Args:
        kind: of it.
        words: for the user.
        value: of the objective; None unless it is done or unhealthy.
        epoch: whose network the value is of.
        verdict: of the watch.
        held: value of each held-out scene.
        twin: number of the earlier trial of the same recipe; None unless `same`.
    """

    kind: Kind
    words: str
    value: float | None = None
    epoch: int = 0
    verdict: Mapping[str, Any] | None = None
    held: tuple[float, ...] = ()
    twin: int | None = None

    def to_plain(self) -> dict[str, Any]:
        """For the storage, which keeps JSON."""
        return asdict(self) | {"held": list(self.held)}


def outcome_from_plain(values: Mapping[str, Any]) -> Outcome:
    """The outcome that `Outcome.to_plain` gave.

    Raises:
        ValueError: another one.
    """
    return from_document(Outcome, values)


def outcome_of(judged: Judged) -> Outcome:
    """What an objective's answer amounts to: infinity or NaN is a failure, and an unhealthy training is no result."""
    value, words = judged.value, judged.words
    if value is not None and not math.isfinite(value):
        return outcome_of(replace(judged, value=None, healthy=True, words=f"the objective is {value}"))
    if value is None:
        kind: Kind = "failed" if judged.healthy else "unhealthy"
        words = words or "no network to judge"
        return Outcome(kind=kind, words=f"{kind}, pruned: {words}", verdict=judged.verdict)
    if not judged.healthy:
        words = f"unhealthy, pruned: {words} ({value:.3f} after epoch {judged.epoch})"
        return Outcome(kind="unhealthy", words=words, value=value, epoch=judged.epoch, verdict=judged.verdict,
                       held=judged.held)  # fmt: skip
    return Outcome(kind="done", words=f"{value:.3f} (epoch {judged.epoch})", value=value, epoch=judged.epoch,
                   verdict=judged.verdict, held=judged.held)  # fmt: skip
