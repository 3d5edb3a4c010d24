"""What measurements with random symbols see of one more source at all grid points, beside sources that are known."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from ....physics import Observation
from ...grid import SearchGrid
from ..hypothesis import Rows
from ..levenberg import Scenes
from .gain import gain_beside
from .principal import principal_antennas
from .steered import GridSteering, products, real_rows

_LEFT_OUT = 0.1
"""Relative deviation of the energies ‖G_l a(g)‖² that a scan leaves out. To compute all of them takes longer than the
rest of the scan, and half a grid step costs up to 45 % of a gain anyway."""
_TILE_BYTES = 1 << 21
"""Of what the scenes that are scanned at a time see."""
_FEW = 8
"""Antennas up to which all energies are computed, which takes no longer. Of 128 scenes with three sources at 10 dB, 4
antennas and 16 snapshots, 21 are found right with .1 left out and 28 with nothing; of 8 by 8 measurements 55 and 59."""


@dataclass(frozen=True, eq=False)
class Beside:
    """The sources that some rows hold, each made once, and the filters (σ² Γ⁻¹ y)^H and U^H of each row over them.

    σ² Γ⁻¹ = I - U U^H. Rows that hold the same sources but for one, as all those of a re-detection, share them.

    Args:
        scenes: (known,), ascending, to which scene each known source belongs.
        responses: (known, block, antenna), b_l.
        number: (row, source), which of the known ones a row holds.
        coefficients: (row, block, filter, 1 + source), of the filters over y^H and the row's b^H.
    """

    scenes: Int[Tensor, "known"]
    responses: Complex[Tensor, "known block antenna"]
    number: Int[Tensor, "row source"]
    coefficients: Complex[Tensor, "row block filter part"]

    def filters(
        self, measurements: Complex[Tensor, "row block antenna"]
    ) -> Complex[Tensor, "row block filter antenna"]:
        """The filters themselves."""
        parts = torch.cat([measurements.unsqueeze(2), self.responses[self.number].transpose(1, 2)], dim=2)
        return self.coefficients @ parts.conj()

    def of(
        self, rows: Int[Tensor, "scene row"], scenes: Scenes
    ) -> tuple[Complex[Tensor, "scene block known antenna"], Complex[Tensor, "scene block row filter part"]]:
        """The known sources of some scenes, as many in each, and the coefficients of their rows over y^H and them."""
        first, count = self.known(scenes)
        every = torch.arange(int(count[0]), device=count.device)
        known = self.responses[first[:, None] + every].transpose(1, 2)
        own, place = self.coefficients[rows], self.number[rows] - first[:, None, None] + 1
        full = own.new_zeros((*own.shape[:-1], 1 + every.numel()))
        full[..., 0] = own[..., 0]
        full.scatter_(-1, place[:, :, None, None].expand_as(own[..., 1:]), own[..., 1:])
        return known, full.transpose(1, 2)

    def known(self, scenes: Scenes) -> tuple[Tensor, Tensor]:
        """(scene,): the number of the first known source of each scene, and how many there are."""
        first = torch.searchsorted(self.scenes, scenes)
        return first, torch.searchsorted(self.scenes, scenes, right=True) - first


def shared_sources(rows: Rows, cosines: Float[Tensor, "row source coordinate"]) -> tuple[Tensor, Tensor, Tensor]:
    """Sources that several rows of a scene hold, each once.

    Returns:
        Their scenes, ascending; their cosines; and which of them each row holds, (row, source).
    """
    scenes = rows.to(cosines)[:, None, None].expand(*cosines.shape[:2], 1)
    each, number = torch.unique(torch.cat([scenes, cosines], dim=-1).flatten(0, 1), dim=0, return_inverse=True)
    return each[:, 0].to(rows), each[:, 1:], number.view(cosines.shape[:2])


def scan_bytes(blocks: int, grid: SearchGrid) -> int:
    """What a scene takes: three numbers a block and grid point that are kept, and ten times as many for a while."""
    return 4 * 33 * blocks * grid.size


class GridScan:
    """Scenes at all points of a grid. What their measurements see, and their energies, are made once.

    Filters of rows are combinations of few vectors: the measurements and the responses of the sources they hold. What
    these see at the grid points is one product each, and the rest small ones. As many scenes are taken at a time as
    stay in cache.

    Args:
        observation: scaled scenes.
        steering: of their array on their grid.
        left_out: relative deviation of the energies that is left out, see `principal_antennas`; by the number of
            antennas unless given.
    """

    def __init__(self, observation: Observation, steering: GridSteering, left_out: float | None = None) -> None:
        self.codes, self.channel = (x.to(torch.complex64) for x in observation.by_frequency())
        self.measurements = observation.blocks.to(torch.complex64)
        self.steering = steering
        usual = _LEFT_OUT if self.measurements.shape[-1] > _FEW else 0.0
        self.left_out = usual if left_out is None else left_out
        self._seen: dict[int, tuple[Tensor, Tensor]] = {}

    def gains(self, rows: Rows, beside: Beside, noise: Float[Tensor, "row"]) -> tuple[Tensor, Tensor]:  # noqa: F821
        """Gain and power of one more source, (row, point)."""
        gains, powers = (noise.new_empty((rows.numel(), self.steering.mirrors.order.numel())) for _ in range(2))
        for scenes, mine in self._alike(rows, beside):
            gains[mine], powers[mine] = self._gains(scenes, *beside.of(mine, scenes), noise[mine])
        return gains, powers

    def _alike(self, rows: Rows, beside: Beside) -> Iterator[tuple[Scenes, Int[Tensor, "scene row"]]]:
        """Scenes of as many rows and known sources each, as many as stay in cache, and numbers of their rows."""
        scenes, place, count = rows.unique(return_inverse=True, return_counts=True)
        by_scene, first = place.argsort(stable=True), count.cumsum(0) - count
        sizes = torch.stack([count, beside.known(scenes)[1]], dim=-1)
        filters = beside.coefficients.shape[2]
        for size in sizes.unique(dim=0):
            held, known = size.tolist()
            chosen = torch.nonzero((sizes == size).all(-1)).squeeze(-1)
            for some in chosen.split(self._room(1 + known + held * filters)):
                yield scenes[some], by_scene[first[some, None] + torch.arange(held, device=some.device)]

    def _room(self, vectors: int) -> int:
        """How many scenes at a time keep what so many vectors and their antennas see in cache."""
        _, blocks, antennas = self.measurements.shape
        return max(1, _TILE_BYTES // (8 * blocks * self.steering.mirrors.order.numel() * (antennas + vectors)))

    def _gains(self, scenes: Scenes, known: Tensor, coefficients: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The same of the rows of some scenes, (scene, row, point).

        Args:
            scenes: their numbers.
            known: (scene, block, source, antenna), all sources that their rows hold.
            coefficients: (scene, block, row, filter, part).
            noise: (scene, row).
        """
        seen, energy = self._of(scenes)
        if known.shape[2]:
            seen = torch.cat([seen, self._outputs(scenes, known)], dim=4)
        filters = real_rows(coefficients.to(torch.complex64).flatten(2, 3))
        outputs = (filters @ seen.flatten(3, 4)).square_()  # (image, scene, block, part filter, point)
        squares = outputs.unflatten(3, (2, *coefficients.shape[2:4])).sum(3).movedim(2, 0)
        least = max(1e-3, self.left_out)
        found = gain_beside(squares, energy.unsqueeze(3), noise[..., None], least)
        gain, power = (self.steering.mirrors.on_grid(each.movedim(0, -2)) for each in found)
        return gain, power

    def _of(self, scenes: Scenes) -> tuple[Tensor, Tensor]:
        """What measurements see, (image, scene, block, part, 1, point), and energies, (block, image, scene, point)."""
        numbers = scenes.tolist()
        missing = [scene for scene in numbers if scene not in self._seen]
        if missing:
            new = scenes if len(missing) == len(numbers) else scenes.new_tensor(missing)
            seen = self._outputs(new, self.measurements[new].unsqueeze(2))
            energy = self._energy(new).movedim(2, 0).contiguous()
            self._seen |= dict(zip(missing, zip(seen.unbind(1), energy.unbind(2), strict=True), strict=True))
            if new is scenes:
                return seen, energy
        seen, energy = zip(*(self._seen[scene] for scene in numbers), strict=True)
        return torch.stack(seen, dim=1), torch.stack(energy, dim=2)

    def _outputs(self, scenes: Scenes, vectors: Complex[Tensor, "scene block vector antenna"]) -> Tensor:
        """Re and Im of x^H G_l a(g) of vectors x, (image, scene, block, part, vector, point)."""
        codes, channel = self.codes[scenes], self.channel[scenes]
        each = vectors.to(torch.complex64).conj().unflatten(1, codes.shape[1:3])
        return self._products((each @ channel.unsqueeze(2)) * codes.unsqueeze(3))

    def _energy(self, scenes: Scenes) -> Float[Tensor, "image scene block point"]:
        """‖G_l a(g)‖²."""
        energies = []
        for frequency in range(self.codes.shape[1]):
            codes = self.codes[scenes, frequency]
            strong, rest = principal_antennas(self.channel[scenes, frequency], self.left_out)
            rows = strong.unsqueeze(1) * codes.unsqueeze(2)  # (scene, snapshot, direction, element)
            seen = self._products(rows.unsqueeze(1), frequency).square_().sum(dim=(3, 4))
            energies.append(seen + torch.view_as_real(codes).square().sum(-1) @ rest.unsqueeze(-1))
        return torch.cat(energies, dim=2)

    def _products(self, rows: Complex[Tensor, "scene frequency snapshot vector element"], first: int = 0) -> Tensor:
        """Re and Im of rows times steering vectors, of the frequencies from a first one on."""
        folded = self.steering.rows(rows)  # (parity, scene, frequency, snapshot, part vector, part)
        seen = []
        for f, mine in enumerate(folded.unbind(2)):
            tiles = [products(mine.flatten(1, 3), tile[first + f]) for tile in self.steering.tiles]
            joined = tiles[0] if len(tiles) == 1 else torch.cat(tiles, dim=-1)
            seen.append(joined.unflatten(1, (*mine.shape[1:3], 2, rows.shape[3])))
        return seen[0] if len(seen) == 1 else torch.cat(seen, dim=2)
