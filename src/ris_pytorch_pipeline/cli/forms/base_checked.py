"""Would `ris train` refuse the base of a search? Its preflight, made where the trials will run, before the first."""

from collections.abc import Mapping
from typing import Any

from trainlint import Preflight

from ...search import Settings, recipe_from_plain
from ...tasks import Executor
from ...train import Reporter, Trainer


def base_preflight(settings: Settings, executor: Executor) -> Preflight:
    """Check the base as the first trial trains it.

    Args:
        settings: of a search that has not begun.
        executor: this process, or the workers that the trials run beside; the device of the base may be theirs alone.

    Raises:
        RisError: what ended the checks.
    """
    base = settings.base.trained_for(settings.epochs)
    (done,) = executor.carry_out(_preflight_of, [base.to_plain()])
    return done.value


def _preflight_of(recipe: Mapping[str, Any]) -> Preflight:
    trainer = Trainer(recipe_from_plain(recipe).training, reporter=Reporter(quiet=True))
    return Preflight(lines=trainer.preflight())
