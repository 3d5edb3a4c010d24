"""Would `ris train` refuse the base of a search? Its memory, and its preflight where the trials will run."""

import argparse
from collections.abc import Mapping
from typing import Any

from trainlint import Preflight

from ...physics import Hardware
from ...search import Settings, recipe_from_plain
from ...tasks import Executor
from ...train import Parts, Reporter, Trainer, scenes_behind
from ..memory import PROCESS_BYTES, fixed_bytes, require
from ..training_memory import require_batch, require_update


def base_preflight(settings: Settings, hardware: Hardware | None, executor: Executor) -> Preflight:
    """Check the base as the first trial trains it.

    Args:
        settings: of a search that has not begun.
        hardware: of the panel that its scenes are drawn behind; None is a nominal one.
        executor: this process, or the workers that the trials run beside; the device of the base may be theirs alone.

    Raises:
        RisError: what ended the checks.
    """
    base = settings.base.trained_for(settings.epochs)
    (done,) = executor.carry_out(_preflight_of, [(base.to_plain(), hardware, settings.calibration or "")])
    return done.value


def _preflight_of(told: tuple[Mapping[str, Any], Hardware | None, str]) -> Preflight:
    recipe, hardware, calibration = told
    parts = Parts() if hardware is None else Parts(data=scenes_behind(hardware, calibration))
    trainer = Trainer(recipe_from_plain(recipe).training, reporter=Reporter(quiet=True), parts=parts)
    return Preflight(lines=trainer.preflight())


def require_search(settings: Settings, workers: int, arguments: argparse.Namespace) -> None:
    """Refuse fixed scenes that fit in no memory, of which each process holds its own, and a batch that does not.

    This machine alone is asked, not what workers of a cluster elsewhere have.

    Args:
        settings: of a search that has not begun.
        workers: processes beside each other.
        arguments: of the command.

    Raises:
        InfeasibleError: they do not fit.
    """
    base = settings.base.trained_for(settings.epochs).training
    require_batch(base)
    scenario = base.scenario
    here = (arguments.cluster or "1").isdecimal()
    beside = workers if here else 1  # what workers of a cluster elsewhere have is not known here
    own = 0 if beside == 1 else PROCESS_BYTES  # one works in this process
    require(
        beside * (own + fixed_bytes(scenario, settings.scenes)),
        f"{2 * settings.scenes} fixed scenes of {scenario.elements} elements in each process of --workers {workers}",
        ("lower --scenes", "lower --workers", "take a smaller panel"),
    )
    if base.device == "cpu" and here:
        trainer = Trainer(base, reporter=Reporter(quiet=True))
        require_update(trainer, checked=arguments.preflight, at_once=workers)
