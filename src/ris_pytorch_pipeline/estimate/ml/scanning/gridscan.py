"""What measurements with random symbols see of one more source at all grid points, beside sources that are known."""

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from ....physics import Observation
from ...grid import SearchGrid
from ..hypothesis import Rows
from .gain import gain_beside
from .principal import principal_antennas
from .steered import GridSteering, products, real_rows

_LEFT_OUT = 0.1
"""Relative deviation of the energies ‖G_l a(g)‖² that a scan leaves out. To compute all of them takes longer than the
rest of the scan, and half a grid step costs up to 45 % of a gain anyway."""
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

    scenes: Int[Tensor, "known"]  # noqa: F821
    responses: Complex[Tensor, "known block antenna"]
    number: Int[Tensor, "row source"]
    coefficients: Complex[Tensor, "row block filter part"]

    def filters(
        self, measurements: Complex[Tensor, "row block antenna"]
    ) -> Complex[Tensor, "row block filter antenna"]:
        """The filters themselves."""
        parts = torch.cat([measurements.unsqueeze(2), self.responses[self.number].transpose(1, 2)], dim=2)
        return self.coefficients @ parts.conj()

    def of(self, rows: Rows, scene: int) -> tuple[Complex[Tensor, "block known antenna"], Tensor]:
        """The known sources of a scene, and the coefficients of its rows over y^H and all of them, (block, ...)."""
        mine = slice(*torch.searchsorted(self.scenes, self.scenes.new_tensor([scene, scene + 1])).tolist())
        known = self.responses[mine].transpose(0, 1)
        own, place = self.coefficients[rows], self.number[rows] - mine.start + 1
        full = own.new_zeros((*own.shape[:-1], 1 + known.shape[1]))
        full[..., 0] = own[..., 0]
        full.scatter_(-1, place[:, None, None].expand_as(own[..., 1:]), own[..., 1:])
        return known, full.transpose(0, 1)


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
    these see at the grid points is one product each, and the rest small ones. Scenes are kept apart, to stay in cache.

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
        for scene in rows.unique().tolist():
            mine = torch.nonzero(rows == scene).squeeze(-1)
            gains[mine], powers[mine] = self._gains(scene, *beside.of(mine, scene), noise[mine])
        return gains, powers

    def _gains(self, scene: int, known: Tensor, coefficients: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The same of the rows of one scene.

        Args:
            scene: its number.
            known: (block, source, antenna), all sources that its rows hold.
            coefficients: (block, row, filter, part).
            noise: (row,).
        """
        seen, energy = self._of(scene)
        if known.shape[1]:
            seen = torch.cat([seen, self._outputs(scene, known)], dim=3)
        filters = real_rows(coefficients.to(torch.complex64).flatten(1, 2))
        outputs = (filters @ seen.flatten(2, 3)).square_()  # (image, block, part filter, point)
        squares = outputs.unflatten(2, (2, *coefficients.shape[1:3])).sum(2).transpose(0, 1)
        least = max(1e-3, self.left_out)
        gain, power = gain_beside(squares, energy.unsqueeze(2), noise[:, None], least)
        on_grid = self.steering.mirrors.on_grid
        return on_grid(gain.transpose(0, 1)), on_grid(power.transpose(0, 1))

    def _of(self, scene: int) -> tuple[Tensor, Tensor]:
        """What a scene's measurements see, (image, block, part, 1, point), and its energies (block, image, point)."""
        if scene not in self._seen:
            seen = self._outputs(scene, self.measurements[scene].unsqueeze(1))
            self._seen[scene] = (seen, self._energy(scene).transpose(0, 1).contiguous())
        return self._seen[scene]

    def _outputs(self, scene: int, vectors: Complex[Tensor, "block vector antenna"]) -> Tensor:
        """Re and Im of x^H G_l a(g) of vectors x, (image, block, part, vector, point)."""
        codes, channel = self.codes[scene], self.channel[scene]
        each = vectors.to(torch.complex64).conj().unflatten(0, codes.shape[:2])
        return self._products((each @ channel.unsqueeze(1)) * codes.unsqueeze(2))

    def _energy(self, scene: int) -> Float[Tensor, "image block point"]:
        """‖G_l a(g)‖²."""
        codes, channel = self.codes[scene], self.channel[scene]
        energies = []
        for frequency, (mine, here) in enumerate(zip(codes, channel, strict=True)):
            strong, rest = principal_antennas(here, self.left_out)
            seen = self._products((strong * mine.unsqueeze(1)).unsqueeze(0), frequency).square_().sum(dim=(2, 3))
            energies.append(seen + (torch.view_as_real(mine).square().sum(-1) @ rest)[:, None])
        return torch.cat(energies, dim=1)

    def _products(self, rows: Complex[Tensor, "frequency snapshot vector element"], first: int = 0) -> Tensor:
        """Re and Im of rows times steering vectors, of the frequencies from a first one on."""
        folded = self.steering.rows(rows)  # (parity, frequency, snapshot, part vector, part)
        seen = [
            torch.cat([products(mine.flatten(1, 2), tile[first + f]) for f, mine in enumerate(folded.unbind(1))], dim=1)
            for tile in self.steering.tiles
        ]
        joined = seen[0] if len(seen) == 1 else torch.cat(seen, dim=-1)
        return joined.unflatten(1, (rows.shape[:2].numel(), 2, rows.shape[2]))
