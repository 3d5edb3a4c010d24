"""Which configurations build the same `HybridNet`? Those whose beams lie on the same grid, all else being equal."""

from dataclasses import replace

import torch

from ..estimate.grid import SearchGrid
from .beam_grids import beam_grid
from .config import NetConfig

_FINE = 1024
"""Oversampling is told apart to a thousandth: a panel of 64 x 64 gains a beam on an axis every seventieth."""


def plainest(config: NetConfig) -> NetConfig:
    """The one configuration that stands for all with these beams, so that equal networks have equal ones.

    More planes than the grid has are no limit, and a grid gains a point only now and then as it becomes finer. The
    defaults stand for themselves; otherwise it is as many planes as there are, and the least oversampling.

    >>> plainest(NetConfig(oversampling=1.02)) == plainest(NetConfig(oversampling=1.05))
    True
    >>> plainest(NetConfig(planes=30)).planes
    10

    Args:
        config: fitted to its scenario.

    Returns:
        One that builds the same network bit by bit.
    """
    usual = NetConfig()
    if (config.planes, config.oversampling) == (usual.planes, usual.oversampling):
        return config
    wanted = beam_grid(config)
    for planes in (usual.planes, wanted.q.numel()):
        if _same(beam_grid(replace(config, planes=planes)), wanted):
            config = replace(config, planes=planes)
            break
    if _same(beam_grid(replace(config, oversampling=usual.oversampling)), wanted):
        return replace(config, oversampling=usual.oversampling)
    return _least_oversampled(config, wanted)


def _least_oversampled(config: NetConfig, wanted: SearchGrid) -> NetConfig:
    """The least multiple of a thousandth with this grid, by bisection; as it is where there is none."""

    def same(count: int) -> bool:
        return count > 0 and _same(beam_grid(replace(config, oversampling=count / _FINE)), wanted)

    around = int(config.oversampling * _FINE)
    least, below = next((count for count in (around, around + 1) if same(count)), None), 0
    if least is None:
        return config
    while least - below > 1:
        middle = (below + least) // 2
        below, least = (below, middle) if same(middle) else (middle, least)
    return replace(config, oversampling=least / _FINE)


def _same(one: SearchGrid, other: SearchGrid) -> bool:
    pairs = ((one.u, other.u), (one.w, other.w), (one.q, other.q), (one.valid, other.valid))
    return one.box == other.box and all(torch.equal(*pair) for pair in pairs)
