"""On which grid do the beams of a network lie? The search's own, or the nearest that a Fourier transform gives."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..estimate import SearchGrid, search_grid
from ..estimate.grid import in_view
from .config import NetConfig


@dataclass(frozen=True, kw_only=True)
class Lattice:
    """Lengths of the Fourier transforms over the columns and the rows of a panel, and the steps they make in u and w.

    A transform of length L over elements d apart has a beam every λ/(L d).

    >>> lattice_of(NetConfig(beams="fft")).lengths  # of 12 x 12 elements, at half a beamwidth
    (24, 24)

    Args:
        lengths: along y and along z.
        steps: in u and in w.
    """

    lengths: tuple[int, int]
    steps: tuple[float, float]


def lattice_of(config: NetConfig) -> Lattice:
    """The shortest fast transforms whose beams are no farther apart than those of the search's grid.

    Args:
        config: of a panel.
    """
    panel, wavelength = config.panel, config.wavelength
    counts = (panel.horizontal, panel.vertical)
    lengths: list[int] = []
    for count, spacing in zip(counts, panel.spacings, strict=True):
        step = wavelength / (2 * ((count - 1) * spacing + wavelength / 2) * config.oversampling)
        lengths.append(_fast(max(count, math.ceil(wavelength / (spacing * step) - 1e-6))))
    steps = [wavelength / (length * spacing) for length, spacing in zip(lengths, panel.spacings, strict=True)]
    return Lattice(lengths=(lengths[0], lengths[1]), steps=(steps[0], steps[1]))


def beam_grid(config: NetConfig) -> SearchGrid:
    """The search grid with at most `planes` distance planes: a proposal needs to tell few of them apart.

    The directions of beams by transforms lie as far apart as the transforms make them, about the same middle.
    """
    grid = search_grid(config.region, config.array, config.oversampling)
    if grid.q.numel() > config.planes:
        grid = replace(grid, q=torch.linspace(float(grid.q[0]), float(grid.q[-1]), config.planes).to(grid.q))
    if config.beams == "exact":
        return grid
    u, w = (_about(axis, step) for axis, step in zip((grid.u, grid.w), lattice_of(config).steps, strict=True))
    return replace(grid, u=u, w=w, valid=in_view(config.region, u, w, float(grid.step[0]) / 2))


def _about(axis: Tensor, step: float) -> Tensor:
    """Points `step` apart that reach as far as an axis does, about its middle."""
    low, high = float(axis[0]), float(axis[-1])
    count = 1 if high <= low else math.ceil((high - low) / step - 1e-9) + 1
    return (low + high) / 2 + step * (torch.arange(count).to(axis) - (count - 1) / 2)


def _fast(length: int) -> int:
    """The least number from `length` on that has no prime factor above 5."""
    rest = length
    for prime in (2, 3, 5):
        while rest % prime == 0:
            rest //= prime
    return length if rest == 1 else _fast(length + 1)
