"""What the rows of an operator see on the grid of a large panel: waves plane over its blocks, joined as they are."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag

from ....physics import Array, projections
from ...grid import SearchGrid

_BENT = 0.25
"""Radians, root mean square, by which a wave may bend within a block: 6 % of the gain."""
_OVERSAMPLING = 3
"""Slopes per beamwidth of a block: the nearest one is at most 0.5 rad off at the rim, and costs 6 % of the gain."""
_SAME = 1e-4
"""Part of the wavelength within which an element stands where the lattice has it."""
_ROWS = 32
"""Rows at a time, so that their beams stay in cache."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """A regular flat panel: element n stands at (origin + column · pitch) of its frame.

    Args:
        columns: (element, 2), whole numbers along h and v.
        counts: places along h and v.
        pitch: metres along h and v.
        origin: (h, v) of the first place, metres.
    """

    columns: Int[Tensor, "element 2"]
    counts: tuple[int, int]
    pitch: tuple[float, float]
    origin: tuple[float, float]

    def laid_out(self, rows: Complex[Tensor, "row element"]) -> Complex[Tensor, "v h row"]:
        """Rows on the places of the lattice, zero where no element stands."""
        out = rows.new_zeros((self.counts[1] * self.counts[0], len(rows)))
        out[self.columns[:, 1] * self.counts[0] + self.columns[:, 0]] = rows.mT
        return out.unflatten(0, (self.counts[1], self.counts[0]))


def lattice_of(array: Array) -> Lattice | None:
    """The lattice of a regular panel or line; None of any other array, and where half of the places are empty."""
    if not array.flat or array.dimension not in {1, 2}:
        return None
    axes = [_axis(x, _SAME * array.wavelength) for x in array.local[:, 1:].double().unbind(-1)]
    if any(axis is None for axis in axes):
        return None
    columns, pitch, origin = zip(*(axis for axis in axes if axis is not None), strict=True)
    numbers = torch.stack(columns, dim=1)
    counts = (int(numbers[:, 0].amax()) + 1, int(numbers[:, 1].amax()) + 1)
    alone = len(torch.unique(numbers, dim=0)) == len(array)
    return Lattice(numbers, counts, pitch, origin) if alone and counts[0] * counts[1] <= 2 * len(array) else None


def _axis(places: Tensor, tolerance: float) -> tuple[Tensor, float, float] | None:
    """Whole numbers, pitch and origin of one coordinate; None where it is not regular."""
    origin = float(places.amin())
    gaps = torch.unique(places).diff()
    gaps = gaps[gaps > tolerance]
    pitch = float(gaps.amin()) if gaps.numel() else 1.0
    numbers = ((places - origin) / pitch).round()
    exact = (numbers * pitch + origin - places).abs().amax() <= tolerance
    return (numbers.long(), pitch, origin) if bool(exact) else None


@dataclass(frozen=True, eq=False)
class Blocks:
    """Grid planes that share a division of the panel into blocks.

    Over a block about c the wave is exp(-j k (δ_c + s · (x - c))), with the slopes s out of a table.

    Args:
        planes: numbers of the distances.
        counts: blocks along h and v.
        sizes: elements of a block along h and v.
        slopes: the table's slopes along h and v.
        entry: (plane and direction, block), which entry of the table each block answers with.
        cosine: (plane and direction, block), cos k δ_c.
        sine: likewise.
    """

    planes: list[int]
    counts: tuple[int, int]
    sizes: tuple[int, int]
    slopes: tuple[Float[Tensor, "i"], Float[Tensor, "j"]]  # noqa: F821
    entry: Int[Tensor, "point block"]
    cosine: Float[Tensor, "point block"]
    sine: Float[Tensor, "point block"]


@dataclass(frozen=True, eq=False)
class BlockSteering:
    """The steering vectors of a regular panel at all grid points, never formed.

    Each block of the panel makes beams of plane waves, which is separable in h and v; a grid point joins the beam of
    every block along the exact wavefront. Blocks are as large as the curvature at their distance lets them be: far
    away the whole panel is one. It approximates: `_BENT` and `_OVERSAMPLING` say how well.

    Args:
        lattice: of the panel.
        wavenumber: k, 1/m.
        groups: planes by the blocks that they need.
        shape: directions and distances of the grid.
    """

    lattice: Lattice
    wavenumber: float
    groups: tuple[Blocks, ...]
    shape: tuple[int, int]

    def squares(self, rows: Complex[Tensor, "row element"]) -> Float[Tensor, "row point"]:
        """|w^T a(g)|² of rows w at all grid points g, plane by plane: `on_grid` has them in the grid's order."""
        directions, planes = self.shape
        out = torch.empty((len(rows), planes, directions), dtype=rows.dtype.to_real(), device=rows.device)
        for some in range(0, len(rows), _ROWS):
            placed = self.lattice.laid_out(rows[some : some + _ROWS])
            for group in self.groups:
                table = torch.view_as_real(self._beams(placed, group)).flatten(-2)
                joined = _joined(table, group.entry, group.cosine, group.sine)
                out[some : some + _ROWS, group.planes] = joined.mT.unflatten(-1, (-1, directions))
        return out.flatten(1)

    def on_grid(self, values: Float[Tensor, "*batch point"]) -> Float[Tensor, "*batch grid_point"]:
        """Values plane by plane in the order of the grid, distances last."""
        return values.unflatten(-1, (-1, self.shape[0])).mT.flatten(-2)

    def _beams(self, placed: Complex[Tensor, "v h row"], group: Blocks) -> Complex[Tensor, "entry row"]:
        """Σ_x w(x) exp(-j k s · (x - c)) over every block: first along h, then along v."""
        (across, up), (wide, high) = group.counts, group.sizes
        padded = placed.new_zeros((up * high, across * wide, placed.shape[-1]))
        padded[: placed.shape[0], : placed.shape[1]] = placed
        along, upward = (
            _plane_waves(self.wavenumber * pitch * slopes, size).to(placed.dtype)
            for pitch, slopes, size in zip(self.lattice.pitch, group.slopes, group.sizes, strict=True)
        )
        first = along @ padded.view(up * high * across, wide, -1)
        second = upward @ first.view(up, high, -1)
        return second.view(-1, placed.shape[-1])


def _plane_waves(phases: Float[Tensor, "slope"], size: int) -> Complex[Tensor, "slope element"]:  # noqa: F821
    """exp(-j phase (n - (size - 1)/2)) of the elements of a block."""
    places = torch.arange(size, dtype=phases.dtype, device=phases.device) - (size - 1) / 2
    return torch.polar(torch.ones_like(phases)[:, None], -phases[:, None] * places)


def _joined(table: Tensor, entry: Tensor, cosine: Tensor, sine: Tensor) -> Float[Tensor, "point row"]:
    """|Σ_b exp(-j k δ_b) beam_b|² over the blocks, from beams stored as neighbouring real and imaginary parts."""
    kind = table.dtype
    turned, quarter = (
        embedding_bag(entry, table, mode="sum", per_sample_weights=x.to(kind)).unflatten(-1, (-1, 2))
        for x in (cosine, sine)
    )
    return (turned[..., 0] + quarter[..., 1]).square_() + (turned[..., 1] - quarter[..., 0]).square_()


def block_steering(array: Array, grid: SearchGrid, bent: float = _BENT) -> BlockSteering | None:
    """The grid of a large regular panel divided into blocks; None where an array asks for every steering vector.

    Args:
        array: the array.
        grid: its search grid.
        bent: radians, root mean square, by which the wave may bend within a block.
    """
    lattice = lattice_of(array) if array.frequencies == 1 and not grid.angles else None
    if lattice is None:
        return None
    wavenumber = 2 * math.pi / array.wavelength
    divided = [_divided(lattice, wavenumber * q, bent) for q in grid.q.tolist()]
    groups = [
        _blocks(array, grid, lattice, [plane for plane, mine in enumerate(divided) if mine == counts], counts)
        for counts in dict.fromkeys(divided)
    ]
    return BlockSteering(lattice, wavenumber, tuple(groups), (int(grid.valid.sum()), grid.q.numel()))


def _divided(lattice: Lattice, curvature: float, bent: float) -> tuple[int, int]:
    """Blocks along h and v: over a square of half side d the phase k q ρ²/2 deviates by 0.21 k q d² rad rms."""
    side = 2 * math.sqrt(bent / (0.21 * max(curvature, 1e-12)))
    wanted = (math.ceil(count * pitch / side) for count, pitch in zip(lattice.counts, lattice.pitch, strict=True))
    sizes = (math.ceil(count / min(count, blocks)) for count, blocks in zip(lattice.counts, wanted, strict=True))
    return tuple(math.ceil(count / size) for count, size in zip(lattice.counts, sizes, strict=True))  # pyright: ignore[reportReturnType]


def _blocks(array: Array, grid: SearchGrid, lattice: Lattice, planes: list[int], counts: tuple[int, int]) -> Blocks:
    """The blocks of some planes: where each grid point looks into the table, and the phase of each block's centre."""
    h, v, sizes = _centres(lattice, counts)
    sides = [size * pitch for size, pitch in zip(sizes, lattice.pitch, strict=True)]
    some = array.elements.new_tensor(grid.q.tolist())[planes]
    directions = grid.directions[grid.valid].to(some)
    points = torch.cat([directions.repeat(len(planes), 1), some.repeat_interleave(len(directions))[:, None]], dim=-1)

    def path(across: float, up: float) -> Tensor:
        places = torch.stack([torch.zeros_like(h), h + across, v + up], dim=-1).to(points)
        return array.wavefront.excess(*projections(points, places, flat=True))

    ends = (sides[0] / 2, 0.0), (0.0, sides[1] / 2)
    slopes = [(path(*end) - path(*(-x for x in end))) / side for end, side in zip(ends, sides, strict=True)]
    tables = [_table(s, array.wavelength / _OVERSAMPLING / side) for s, side in zip(slopes, sides, strict=True)]
    i, j = (_nearest(s, t) for s, t in zip(slopes, tables, strict=True))
    block = torch.arange(len(h), device=points.device)
    row = block // counts[0] * len(tables[1]) + j
    entry = (row * counts[0] + block % counts[0]) * len(tables[0]) + i
    phase = 2 * math.pi / array.wavelength * path(0.0, 0.0)
    return Blocks(planes, counts, sizes, (tables[0], tables[1]), entry, phase.cos(), phase.sin())


def _centres(lattice: Lattice, counts: tuple[int, int]) -> tuple[Tensor, Tensor, tuple[int, int]]:
    """The h and v of the centres of all blocks, row by row, and the elements of a block along h and v."""
    sizes = [math.ceil(places / blocks) for places, blocks in zip(lattice.counts, counts, strict=True)]
    h, v = (
        origin + pitch * (size * torch.arange(blocks, dtype=torch.float64) + (size - 1) / 2)
        for origin, pitch, size, blocks in zip(lattice.origin, lattice.pitch, sizes, counts, strict=True)
    )
    return h.repeat(len(v)), v.repeat_interleave(len(h)), (sizes[0], sizes[1])


def _table(slopes: Tensor, step: float) -> Tensor:
    """Evenly spaced values over a range, no more than a step apart."""
    low, high = float(slopes.amin()), float(slopes.amax())
    return torch.linspace(low, high, math.ceil((high - low) / step) + 1, dtype=slopes.dtype, device=slopes.device)


def _nearest(values: Tensor, table: Tensor) -> Tensor:
    """Which entry of an evenly spaced table is the nearest."""
    if len(table) == 1:
        return torch.zeros_like(values, dtype=torch.long)
    return ((values - table[0]) / (table[-1] - table[0]) * (len(table) - 1)).round().long()
