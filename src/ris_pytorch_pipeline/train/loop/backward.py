"""What is the gradient of an update? Summed batch by batch, and in pieces of a batch where a whole one does not fit."""

from collections import Counter
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...data import Inputs, Labels
from ...foreign import out_of_memory
from ..randomness import seeded
from ..watching.checks import check_report, numbers
from .average import has_batch_norm

if TYPE_CHECKING:
    from .trainer import Trainer

Batch = tuple[Inputs, Labels]


def backward(trainer: "Trainer", window: range) -> dict[str, float]:
    """Leave the gradient of the mean loss over the scenes of a window at the parameters.

    Where memory runs out, each batch is computed in twice as many pieces from then on, whose gradients add up to that
    of the whole batch: an update is of the same scenes as before. From the next update on all processes compute in as
    many pieces, and the checkpoint keeps the number. Each piece draws its dropout after the one before, so that other
    pieces drop other units.

    Args:
        trainer: whose network, loss and batches.
        window: numbers of the batches.

    Returns:
        The mean loss and its terms, over all processes.
    """
    sizes = trainer.experiment.plan.sizes()
    scenes, means = sum(sizes[index] for index in window), Counter[str]()
    trainer.net.train()
    for index in window:
        batch = trainer.hardware.moved(*trainer.fetch(index))
        terms = _terms(trainer, batch, index, window.start, scenes)
        values = numbers(terms, trainer.processes, len(batch[1]) / sizes[index])
        trainer.progress.note_batch(values["total"], sizes[index])
        means.update({name: value * sizes[index] / scenes for name, value in values.items()})
    trainer.spoilers = trainer.processes.sum_gradients(trainer.groups.parameters)
    _agree(trainer)
    return dict(means)


def _terms(trainer: "Trainer", batch: Batch, index: int, first: int, scenes: int) -> dict[str, Tensor]:
    """Add the gradient of a batch; where memory runs out, begin the window again in smaller pieces.

    Raises:
        Exception: whatever is raised but for a lack of memory, and that too where a piece is one scene.
    """
    number, again = trainer.progress.batches, range(0)
    while True:
        try:
            for earlier in again:
                moved = trainer.hardware.moved(*trainer.share(earlier))
                _added(trainer, moved, number - (index - earlier), scenes)
            return _added(trainer, batch, number, scenes)
        except Exception as error:
            if not (out_of_memory(error) and _can_halve(trainer, len(batch[1]))):
                raise
        again = range(first, index)
        _halve(trainer, len(batch[1]))


def _can_halve(trainer: "Trainer", scenes: int) -> bool:
    """Whether smaller pieces are possible, and the same as the whole; where a layer forbids it, that is said."""
    if has_batch_norm(trainer.net):
        trainer.reporter.say(
            "[NOTE] memory ran out: batch-norm layers take means over a batch, which is not computed in pieces; "
            "choose a smaller batch"
        )
        return False
    return trainer.progress.pieces < scenes


def _halve(trainer: "Trainer", scenes: int) -> None:
    """Forget the gradient of this window, and make pieces half as large."""
    trainer.progress.pieces *= 2
    for parameter in trainer.groups.parameters:
        parameter.grad = None
    if trainer.hardware.device.type == "cuda":
        torch.cuda.empty_cache()
    at_a_time = -(-scenes // trainer.progress.pieces)
    trainer.reporter.say(
        f"[NOTE] memory ran out: batches of {scenes} scenes are computed {at_a_time} at a time from now on, "
        "and an update is of as many scenes as before"
    )


def _agree(trainer: "Trainer") -> None:
    """Let every process compute in as many pieces as the one with the least memory, and say which that is."""
    processes, progress = trainer.processes, trainer.progress
    if processes.world == 1:
        return
    counts = [int(pieces) for (pieces,) in processes.gathered([progress.pieces])]
    if max(counts) > progress.pieces:
        progress.pieces = max(counts)
        trainer.reporter.say(
            f"[NOTE] memory ran out in process {counts.index(progress.pieces)}: every process computes its share of a "
            f"batch in {progress.pieces} pieces from now on, and an update is of as many scenes as before"
        )


def _added(trainer: "Trainer", batch: Batch, number: int, scenes: int) -> dict[str, Tensor]:
    """Add the gradient of a batch to that at the parameters; returns its mean loss and terms."""
    inputs, labels = batch
    phase = trainer.phase(trainer.progress.updates)
    loss, name = trainer.losses[phase], trainer.experiment.phases.stages[phase].name
    size, terms = -(-len(labels) // trainer.progress.pieces), dict[str, Tensor]()
    with seeded(trainer.experiment.seed, trainer.processes.stream("dropout"), number, trainer.hardware.device):
        for begin in range(0, len(labels), size):
            piece = slice(begin, begin + size)
            part, true = batch if size == len(labels) else (inputs[piece], labels[piece])
            with trainer.hardware.autocast():
                prediction = trainer.net(part)
            report = loss(prediction, part, true)
            total = check_report(report) if begin or number < trainer.looked else trainer.watching.loss(report, name)
            trainer.looked = max(trainer.looked, number + 1)
            trainer.scaler.scale(total * (len(true) / scenes)).backward()
            for term, value in {"total": report.total, **report.terms}.items():
                mean = value.detach().double() * (len(true) / len(labels))
                terms[term] = terms[term] + mean if begin else mean
    return terms
