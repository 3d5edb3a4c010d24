"""How good are these weights on a set of scenes? The same loss as in training, averaged over scenes."""

from collections.abc import Sequence

import torch
from torch import nn

from ...data import BatchSource
from ..parts import Criterion, Measure
from ..processes.hardware import Hardware


@torch.no_grad()
def evaluate(
    net: nn.Module,
    loss: Criterion,
    measure: Measure | None,
    source: BatchSource,
    sizes: Sequence[int],
    hardware: Hardware,
) -> dict[str, float]:
    """Means over the scenes of a source: the loss, each of its terms before weighting, and further metrics.

    Args:
        net: in evaluation mode.
        loss: the training loss.
        measure: further metrics.
        source: of batches.
        sizes: scenes of each batch to use.
        hardware: device and precision, as in training.

    Returns:
        `total`, one value per term, and one per further metric.
    """
    sums: dict[str, float] = {}
    for index, size in enumerate(sizes):
        inputs, labels = hardware.batch(source, index, size)
        with hardware.autocast():
            prediction = net(inputs)
        report = loss(prediction, inputs, labels)
        found = {"total": report.total, **report.raw}
        if measure is not None:
            found |= {name: value.mean() for name, value in measure(prediction, labels).items()}
        for name, value in found.items():
            sums[name] = sums.get(name, 0.0) + float(value) * size
    return {name: value / sum(sizes) for name, value in sums.items()}
