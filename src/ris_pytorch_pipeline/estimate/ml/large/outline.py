"""What a scan of a large panel needs of its scenes: coded energies in outline, and where to look exactly."""

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from ....physics import Array, Observation, coded_operator, steering_at
from ...grid import SearchGrid
from ..scanning.principal import principal_antennas
from .blocks import BlockSteering, block_steering, lattice_of

LARGE = 1024
"""Elements from which on a regular panel is scanned in outline."""
_BEST = 64
"""Best points of an outlined scan at which the gain is computed exactly."""
_SPREAD = 0.15
"""Relative deviation of the energies ‖G_l a(g)‖² that an outline may leave out."""


class Outline:
    """Scenes of a large regular panel, whose steering vectors are never made.

    The steering is that of `BlockSteering`, the energies those of `principal_antennas`.

    Args:
        observation: scaled scenes of one wavelength.
        steering: of their array on their grid.
    """

    def __init__(self, observation: Observation, steering: BlockSteering) -> None:
        self.codes, self.channel = (x.to(torch.complex64) for x in (observation.codes, observation.channel))
        self.array = observation.array.like(self.codes)
        self.steering = steering
        self._energies: dict[int, Tensor] = {}

    def energy(self, scene: int) -> Float[Tensor, "block point"]:
        """‖G_l a(g)‖² of a scene in outline; made once."""
        if scene not in self._energies:
            codes, channel = self.codes[scene], self.channel[scene]
            strong, rest = principal_antennas(channel, _SPREAD)
            seen = self.steering.squares((strong.unsqueeze(1) * codes).flatten(0, 1)).unflatten(0, (-1, len(codes)))
            mean = torch.view_as_real(codes).square().sum(-1) @ rest
            self._energies[scene] = seen.sum(0) + mean[:, None]
        return self._energies[scene]

    def outputs(
        self, scene: int, filters: Complex[Tensor, "block filter antenna"]
    ) -> Float[Tensor, "block filter point"]:
        """|w^T G_l a(g)|² of filters w of a scene, nearly."""
        rows = (filters.to(torch.complex64) @ self.channel[scene]) * self.codes[scene].unsqueeze(1)
        return self.steering.squares(rows.flatten(0, 1)).unflatten(0, rows.shape[:2])

    @staticmethod
    def looked_at(gain: Float[Tensor, "*row point"]) -> Int[Tensor, "*row chosen"]:
        """The best points of an outlined scan, which are worth an exact look."""
        return gain.topk(min(_BEST, gain.shape[-1])).indices

    def responses(
        self, scene: int, cosines: Float[Tensor, "point coordinate"]
    ) -> Complex[Tensor, "block antenna point"]:  # fmt: skip
        """G_l a at given places, exactly."""
        operator = coded_operator(self.codes[scene], self.channel[scene])
        return operator @ steering_at(cosines.to(self.array.elements), self.array).mT


def outlined(array: Array) -> bool:
    """Whether an array is a large regular panel or line of one wavelength."""
    return len(array) >= LARGE and array.frequencies == 1 and lattice_of(array) is not None


def outline_bytes(observation: Observation, grid: SearchGrid) -> int:
    """What a scene takes: energies and twenty like them, and its operator."""
    _, blocks, antennas = observation.blocks.shape
    return 4 * blocks * (20 * grid.size + 2 * antennas * len(observation.array))


def outline_of(observation: Observation, grid: SearchGrid) -> Outline | None:
    """The outline of scenes of a large regular panel; None of any other array."""
    if not outlined(observation.array):
        return None
    steering = block_steering(observation.array.to(dtype=torch.float32), grid)
    return None if steering is None else Outline(observation, steering)
