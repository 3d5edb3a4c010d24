"""What would beams by fast Fourier transforms cost and lose on large panels, beside those of the network?

A transform has one direction-independent focus a plane of distance, exp(-i k q (x² + z²)/2): it leaves out what the
wave bends less off the axis, (u x + w z)². A row is a side of the panel of `mmwave`: CPU seconds of one map of a scene
of 16 images by the network's beams and by transforms of twice the side, medians, and the powers of N by which they
grow; then the least and the mean share of its energy that a source at the distances of the network's planes has at the
best plane of the transforms, over the network's directions.

    python benchmarks/beams_by_fft.py --side 32 48 64
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from ris_pytorch_pipeline.nets import NetConfig
from ris_pytorch_pipeline.nets.beamspace import Beamspace
from ris_pytorch_pipeline.physics import preset
from ris_pytorch_pipeline.rng import stream

ROWS, TURNS, LOOKED_AT = 16, 5, 200
COLUMNS = ("side", "beams, s", "grows as", "transforms, s", "grows as", "least energy left", "mean")


def beams_of(side: int) -> Beamspace:
    """The beams of a network for the panel."""
    return Beamspace(NetConfig().fitted_to(preset("mmwave", horizontal=side, vertical=side)))


def bent(beams: Beamspace) -> tuple[Tensor, Tensor, Tensor]:
    """Elements along x and z in radians of the wave, (element,), and q over its wavenumber, (plane,)."""
    wavenumber = 2 * math.pi / float(beams.array.wavelength)
    x, _, z = (wavenumber * beams.elements.double()).unbind(-1)
    return x, z, beams.grid.q.double() / wavenumber


def by_transforms(beams: Beamspace, images: Tensor, side: int) -> Tensor:
    """(plane, n_u, n_w): energies of the images, focused for each plane, in a lattice of twice the side."""
    x, z, q = bent(beams)
    focus = torch.polar(torch.ones((), dtype=torch.float32), (q[:, None] * (x.square() + z.square()) / 2).float())
    energies = []
    for each in focus:
        seen = torch.fft.fft2((images * each).unflatten(-1, (side, side)), s=(2 * side, 2 * side))
        energies.append(torch.view_as_real(seen).square().sum((0, -1)))
    return torch.stack(energies)


def left(beams: Beamspace) -> Tensor:
    """(direction, plane): which share of a source's energy the best of the foci keeps in its own direction."""
    x, z, q = bent(beams)
    inside = beams.grid.directions[beams.grid.valid].double()
    some = inside[:: max(1, len(inside) // LOOKED_AT)]
    along = some[:, :1] * x + some[:, 1:2] * z
    r = x.square() + z.square()
    kept = []
    for true in q:
        bending = true * (r - along.square()) / 2
        foci = [torch.polar(torch.ones_like(bending), bending - focus * r / 2).mean(-1).abs().square() for focus in q]
        kept.append(torch.stack(foci).amax(0))
    return torch.stack(kept, dim=1)


def seconds(work: Callable[[], object]) -> float:
    """The median of CPU seconds, after a first time that is not counted."""
    spent = []
    for _ in range(TURNS + 1):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return statistics.median(spent[1:])


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, nargs="+", default=[32, 48, 64])
    given = parser.parse_args()
    torch.set_num_threads(1)
    before: tuple[int, list[float]] | None = None
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for side in given.side:
        beams, shape = beams_of(side), (ROWS, side * side)
        images = torch.randn(shape, dtype=torch.complex64, generator=stream(0, "beams by fft"))
        ways = (lambda: beams.energy(images[None, None]), lambda: by_transforms(beams, images, side))  # noqa: B023
        took, kept = [seconds(way) for way in ways], left(beams)
        grows = ["", ""]
        if before is not None:
            more = math.log((side / before[0]) ** 2)
            grows = [f"N^{math.log(now / then) / more:.1f}" for now, then in zip(took, before[1], strict=True)]
        cells = [f"{took[0]:.4f}", grows[0], f"{took[1]:.4f}", grows[1], f"{kept.amin():.2f}", f"{kept.mean():.2f}"]
        print(f"| {side} | " + " | ".join(cells) + " |", flush=True)
        before = side, took


if __name__ == "__main__":
    main()
