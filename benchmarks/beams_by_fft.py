"""What do beams by fast Fourier transforms cost and lose on large panels, beside exact ones? And what else grows?

A row of the first table is a side of the panel of `mmwave`: CPU seconds of a network's forward pass of one scene of 32
snapshots with exact beams and with `beams = "fft"`, the least of turns that alternate; how many foci there are; and the
least and the mean share of its energy that a source has left at its own place, over all directions and planes, with
these foci and with one for each plane. Below stand the powers of N by which the times grow, fitted to all sides.

A row of the second table is a part of one update of training, in CPU milliseconds a scene: drawing, inputs, beams,
everything behind them, loss and backward pass, with the power of N by which it grows.

    python benchmarks/beams_by_fft.py --side 32 48 64
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from ris_pytorch_pipeline.data import Inputs, batch_from
from ris_pytorch_pipeline.losses import HybridLoss, LossWeights
from ris_pytorch_pipeline.nets import HybridNet, NetConfig
from ris_pytorch_pipeline.nets.foci import foci_of
from ris_pytorch_pipeline.physics import Scenario, Scenes, draw, phases_at, preset
from ris_pytorch_pipeline.rng import stream

KINDS = ("exact", "fft")
COLUMNS = (
    "side",
    "exact, s",
    "fft, s",
    "times as fast",
    "foci",
    "least energy left",
    "mean",
    "one a plane: least",
    "mean",
)
LOOKED_AT = 200
"""Directions in which one focus a plane is looked at."""
BATCH = 4
"""Scenes of an update."""


def scenario_of(side: int) -> Scenario:
    """A panel of the preset."""
    return preset("mmwave", horizontal=side, vertical=side, sources=(1, 3))


def nets_of(side: int) -> dict[str, HybridNet]:
    """Networks that differ in their beams."""
    config = NetConfig().fitted_to(scenario_of(side))
    return {kind: HybridNet(replace(config, beams=kind)) for kind in KINDS}


def seconds(works: Sequence[Callable[[], object]], turns: int) -> list[float]:
    """The least CPU seconds of works that take turns, after a first time that is not counted.

    Whatever else a machine does adds to the time, and nothing takes away from it.
    """
    spent: list[list[float]] = [[] for _ in works]
    for _ in range(turns + 1):
        for work, each in zip(works, spent, strict=True):
            begin = time.process_time()
            work()
            each.append(time.process_time() - begin)
    return [min(each[1:]) for each in spent]


def growth(sides: Sequence[int], times: Sequence[float]) -> str:
    """The power of N, by least squares of the logarithms."""
    if len(sides) < 2:
        return ""
    x, y = ([math.log(value) for value in values] for values in ([side**2 for side in sides], times))
    return f"N^{statistics.linear_regression(x, y).slope:.1f}"


def forwards(nets: dict[str, HybridNet], inputs: Inputs, turns: int) -> list[float]:
    """Seconds of the forward pass of one scene, of each network."""
    with torch.no_grad():
        return seconds([lambda net=net: net.eval()(inputs[:1]) for net in nets.values()], turns)


def left(net: HybridNet) -> list[str]:
    """How many foci there are, and what they leave of a source's energy."""
    grid = net.beams.grid
    foci = foci_of(net.config.array, grid)
    kept = foci.kept[grid.valid]
    return [str(len(foci.shapes)), f"{kept.amin():.2f}", f"{kept.mean():.3f}"]


def left_by_one(net: HybridNet) -> list[str]:
    """The least and the mean of what one focus for each plane leaves: the mean bending over the directions."""
    grid, array = net.beams.grid, net.config.array
    inside = grid.directions[grid.valid].double()
    some = inside[:: max(1, len(inside) // LOOKED_AT)]
    points = torch.cat([some, torch.zeros_like(some[:, :1])], dim=-1)
    kept = []
    for q in grid.q.double():
        bent = phases_at(torch.cat([some, q.expand(len(some), 1)], dim=-1), array) - phases_at(points, array)
        kept.append(torch.polar(torch.ones_like(bent), bent - bent.mean(0)).mean(-1).abs().square())
    return [f"{torch.stack(kept).amin():.2f}", f"{torch.stack(kept).mean():.3f}"]


def parts(nets: dict[str, HybridNet], side: int, turns: int) -> dict[str, float]:
    """Seconds of the parts of an update."""
    scenes = draw(scenario_of(side), BATCH, stream(0, "beams by fft"), torch.complex64)
    array, loss = nets["fft"].config.array, HybridLoss(LossWeights())
    inputs, labels = batch_from(scenes, array)
    prediction = nets["fft"].train()(inputs)
    total = loss(prediction, inputs, labels).total
    works: dict[str, Callable[[], object]] = {
        "drawing": lambda: drawn(side),
        "inputs and labels": lambda: batch_from(scenes, array),
        "forward pass, exact": lambda: nets["exact"].train()(inputs),
        "forward pass, fft": lambda: nets["fft"].train()(inputs),
        "of it the beams, exact": lambda: nets["exact"].beams(inputs),
        "of it the beams, fft": lambda: nets["fft"].beams(inputs),
        "loss": lambda: loss(prediction, inputs, labels),
        "backward pass": lambda: total.backward(retain_graph=True),
    }
    return dict(zip(works, seconds(list(works.values()), turns), strict=True))


def drawn(side: int) -> Scenes:
    """New scenes."""
    return draw(scenario_of(side), BATCH, stream(1, "beams by fft"), torch.complex64)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, nargs="+", default=[32, 48, 64])
    parser.add_argument("--turns", type=int, default=7)
    given = parser.parse_args()
    torch.set_num_threads(1)
    took: list[list[float]] = []
    spent: list[dict[str, float]] = []
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for side in given.side:
        nets = nets_of(side)
        took.append(forwards(nets, batch_from(drawn(side), nets["fft"].config.array)[0], given.turns))
        times = [f"{took[-1][0]:.3f}", f"{took[-1][1]:.3f}", f"{took[-1][0] / took[-1][1]:.1f}"]
        cells = [*times, *left(nets["fft"]), *left_by_one(nets["fft"])]
        print(f"| {side} | " + " | ".join(cells) + " |", flush=True)
        spent.append(parts(nets, side, given.turns))
    grows = [growth(given.side, each) for each in zip(*took, strict=True)]
    print("| grows as | " + " | ".join([*grows, *[""] * (len(COLUMNS) - 3)]) + " |\n")
    print(
        "| part of an update, ms a scene | " + " | ".join(f"{side} x {side}" for side in given.side) + " | grows as |"
    )
    print("|---" * (2 + len(given.side)) + "|")
    for part in spent[0]:
        times = [each[part] for each in spent]
        cells = [f"{1e3 * value / BATCH:.1f}" for value in times]
        print(f"| {part} | " + " | ".join([*cells, growth(given.side, [max(x, 1e-6) for x in times])]) + " |")


if __name__ == "__main__":
    main()
