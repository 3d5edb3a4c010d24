"""Objectives without training, and a search over them that takes a moment."""

import math
from pathlib import Path

from ris_pytorch_pipeline.search import (
    Judged,
    Objective,
    Report,
    Settings,
    Studies,
    Task,
    joined_studies,
    new_studies,
    open_storage,
    work,
)


def distance(task: Task) -> float:
    """How far a recipe is from a best one: rate 8e-3, width 24, order 0.2; lower is better."""
    training = task.recipe.training
    rate, order = math.log(training.optimisation.rate / 8e-3), math.log(training.loss.order / 0.2)
    return abs(rate) + abs(training.net.width - 24) / 16 + 0.3 * abs(order)


def learns(task: Task, report: Report) -> Judged:
    """A value that falls with each epoch, to the distance of the recipe."""
    epochs = task.recipe.training.plan.epochs
    for epoch in range(1, epochs + 1):
        report(epoch, distance(task) + 3 / epoch)
    held = tuple(distance(task) + 0.1 * scene for scene in range(8)) if task.stage == "long" else ()
    return Judged(
        value=distance(task) + 3 / epochs, epoch=epochs, verdict={"verdict": "Healthy", "findings": []}, held=held
    )


def begun(folder: Path, settings: Settings | None = None, url: str | None = None) -> Studies:
    """The studies of a new search."""
    return new_studies(open_storage(folder, url), "stub", Settings() if settings is None else settings)


def worked(folder: Path, objective: Objective = learns, settings: Settings | None = None) -> tuple[Studies, list[str]]:
    """A search that is worked through, and what it said."""
    studies, said = begun(folder, settings), list[str]()
    work(studies, objective, folder, said.append)
    return studies, said


def stopped_and_resumed(folder: Path, objective: Objective, most: int = 60) -> Studies:
    """A search that is resumed whenever it is interrupted, until it ends by itself."""
    for _ in range(most):
        studies = joined_studies(open_storage(folder), "stub")
        try:
            work(studies, objective, folder, lambda line: None)
        except KeyboardInterrupt:
            continue
        return studies
    raise AssertionError(f"interrupted {most} times")
