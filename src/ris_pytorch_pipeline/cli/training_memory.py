"""Does a training fit into memory? The scenes of a batch, and what an update of them takes, before any is drawn."""

from collections.abc import Callable

import torch

from ..experiment import TrainingExperiment
from ..train import Trainer
from ..train.loop.average import has_batch_norm
from ..train.loop.update_memory import UpdateMemory, update_memory
from ..units import storage
from .memory import affordable, drawn_bytes, require


def require_batch(training: TrainingExperiment) -> None:
    """Refuse a training whose first batch fits in no memory, before it is drawn.

    Args:
        training: what is trained, and on what.

    Raises:
        InfeasibleError: it does not fit.
    """
    scenes = training.plan.sizes()[0]
    require(
        drawn_bytes(training.scenario, scenes, torch.complex64),
        f"a batch of {scenes} scenes of {training.scenario.elements} elements",
        ("lower plan.batch", "take a smaller panel"),
    )


def require_update(trainer: Trainer, *, checked: bool, pieces: int = 1, at_once: int = 1) -> None:
    """Refuse a training whose first update fits in no memory, before its scenes are drawn.

    Nothing is refused on a GPU: an allocation that fails there is an error, which ends a check or is met by pieces.

    Args:
        trainer: that has not trained yet. One of several processes counts its share, or all where it checks for all.
        checked: whether the checks before training come first, which try a whole batch.
        pieces: in which a run that goes on computes a batch.
        at_once: trainings beside each other on this machine.

    Raises:
        InfeasibleError: it does not fit.
    """
    needed = update_memory(trainer) if trainer.hardware.device.type == "cpu" else None
    if needed is None:
        return
    scenario, scenes = trainer.experiment.scenario, _scenes(trainer, checked=checked)

    def bytes_of(batches: int) -> int:
        each = -(-scenes // batches)
        alone = needed.of(each, checked=True) if checked else 0
        return max(alone, at_once * needed.of(-(-each // pieces))) + at_once * _drawn(trainer, each)

    what = f"an update of {scenes} scenes of {scenario.elements} elements"
    beside = f" in each of {at_once} processes" if at_once > 1 else ""
    require(bytes_of(1), what + beside, _moves(trainer, bytes_of))


def said_of_limit(trainer: Trainer, limit: int) -> str:
    """What to say before a training under a limit of its memory, which computes a larger batch in pieces.

    Args:
        trainer: that has not trained yet.
        limit: bytes that it may add.

    Returns:
        A line; empty where a batch fits, and where a layer takes means over a batch, which is not computed in pieces.
    """
    needed: UpdateMemory | None = None if has_batch_norm(trainer.net) else update_memory(trainer)
    scenes = _scenes(trainer, checked=False)
    if needed is None or needed.of(scenes) + _drawn(trainer, scenes) <= limit:
        return ""
    total = storage(needed.of(scenes) + _drawn(trainer, scenes))
    return (
        f"[NOTE] an update of {scenes} scenes takes an estimate of {total}, and the limit is {storage(limit)}: where "
        "memory runs out, it is computed in pieces"
    )


def _scenes(trainer: Trainer, *, checked: bool) -> int:
    """Scenes of a batch that this process computes."""
    return -(-trainer.experiment.plan.sizes()[0] // (1 if checked else trainer.processes.world))


def _drawn(trainer: Trainer, scenes: int) -> int:
    return drawn_bytes(trainer.experiment.scenario, scenes, torch.complex64)


def _moves(trainer: Trainer, bytes_of: Callable[[int], int]) -> tuple[str, ...]:
    """Ways to need less: an update of as many scenes in several batches, where these fit, and a smaller network."""
    batch, window = trainer.experiment.plan.sizes()[0], trainer.experiment.optimisation.accumulation
    fitting = (2**power for power in range(1, batch.bit_length()) if affordable(bytes_of(2**power)))
    batches = next(fitting, None)
    if batches is None:
        return ("lower plan.n_val or plan.hold_mb", "take a smaller network", "take a smaller panel")
    return (
        f"lower plan.batch to {-(-batch // batches)}, which with optimisation.accumulation = {batches * window} gives "
        "an update of as many scenes", "take a smaller network",
    )  # fmt: skip
