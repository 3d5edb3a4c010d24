"""How good are these weights on a set of scenes? The same loss as in training, averaged over scenes."""

from collections.abc import Sequence

import torch
from torch import nn

from ...data import BatchSource
from ..parts import Criterion, Measure
from ..processes.ahead import Ahead
from ..processes.hardware import Hardware, fetched
from ..processes.together import ALONE, Processes


@torch.no_grad()
def evaluate(
    net: nn.Module,
    loss: Criterion,
    measure: Measure | None,
    source: BatchSource,
    sizes: Sequence[int],
    hardware: Hardware,
    processes: Processes = ALONE,
    ahead: type[Ahead] = Ahead,
) -> dict[str, float]:
    """Means over the scenes of a source: the loss, each of its terms before weighting, and further metrics.

    Args:
        net: in evaluation mode.
        loss: the training loss.
        measure: further metrics.
        source: of batches.
        sizes: scenes of each batch to use.
        hardware: device and precision, as in training.
        processes: that take the batches in turns, and all learn the result: the same for any number of them.
        ahead: makes the next batches meanwhile.

    Returns:
        `total`, one value per term, and one per further metric.
    """
    mine = range(processes.rank, len(sizes), processes.world)
    mine = mine or range(1)  # whose values nobody takes: it shows the names that the others sum under
    rows: dict[int, dict[str, float]] = {}
    with ahead(lambda index: fetched(source, index, sizes[index]), mine, hardware.device) as fetch:
        for index in mine:
            inputs, labels = hardware.moved(*fetch(index))
            with hardware.autocast():
                prediction = net(inputs)
            report = loss(prediction, inputs, labels)
            found = {"total": report.total, **report.raw}
            if measure is not None:
                found |= {name: value.mean() for name, value in measure(prediction, labels).items()}
            rows[index] = {name: float(value) for name, value in found.items()}
    names = list(rows[mine[0]])
    table = _gathered([list(rows.get(index, {}).values()) for index in range(len(sizes))], len(names), processes)
    sums = dict.fromkeys(names, 0.0)
    for row, size in zip(table, sizes, strict=True):
        sums = {name: sums[name] + value * size for name, value in zip(names, row, strict=True)}
    return {name: value / sum(sizes) for name, value in sums.items()}


def _gathered(rows: list[list[float]], columns: int, processes: Processes) -> list[list[float]]:
    """A row of numbers for each batch, of which a process has its own: each is the one that its owner has."""
    if processes.world == 1:
        return rows
    own = [row if i % processes.world == processes.rank else [] for i, row in enumerate(rows)]
    flat = [value for row in own for value in (row or [0.0] * columns)]
    return processes.sum(torch.tensor(flat, dtype=torch.float64, device=processes.device)).view(-1, columns).tolist()
