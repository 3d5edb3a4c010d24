"""What a scan of a large panel needs of its scenes: coded energies in outline, and where to look exactly."""

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from ....physics import Array, Observation, coded_operator, steering_at
from ...grid import SearchGrid
from .blocks import BlockSteering, block_steering, lattice_of

LARGE = 1024
"""Elements from which on a regular panel is scanned in outline."""
_BEST = 64
"""Best points of an outlined scan at which the gain is computed exactly."""
_SPREAD = 0.15
"""Relative deviation of the energies ‖G_l a(g)‖² that an outline may leave out."""


class Outline:
    """Scenes of a large regular panel, whose coded dictionary is never made.

    The steering is that of `BlockSteering`. Of the energy ‖G_l a‖² = Σ_i |u_i^H H (c_l ∘ a)|², with u_i the principal
    directions of the antennas, the strongest are computed and the rest stand at their mean over codes: what is left
    out deviates by sqrt(Σ λ_i²) / Σ λ_i with λ_i = ‖u_i^H H‖².

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
            strong, rest = _principal(channel)
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


def _principal(channel: Complex[Tensor, "antenna element"]) -> tuple[Tensor, Float[Tensor, "element"]]:  # noqa: F821
    """u_i^H H of the strongest directions, and the energy that each element has in the others."""
    powers, directions = torch.linalg.eigh(channel @ channel.mH)
    left = powers.clamp_min(0).flip(0)
    tails = left.square().flip(0).cumsum(0).flip(0).sqrt() / left.sum()
    strong = int((tails > _SPREAD).sum())
    rows = directions.flip(1).mH @ channel
    return rows[:strong], torch.view_as_real(rows[strong:]).square().sum(dim=(0, -1))


def outlined(array: Array) -> bool:
    """Whether an array is a large regular panel or line of one wavelength."""
    return len(array) >= LARGE and array.frequencies == 1 and lattice_of(array) is not None


def outline_bytes(observation: Observation, grid: SearchGrid) -> int:
    """What a scene takes: energies and twenty like them, and its operator."""
    _, blocks, antennas = observation.blocks.shape
    return 4 * blocks * (20 * grid.size + 2 * antennas * len(observation.array))


def outline_of(observation: Observation, grid: SearchGrid) -> Outline | None:
    """The outline of scenes of a large regular panel; None where a dictionary serves them."""
    if not outlined(observation.array):
        return None
    steering = block_steering(observation.array.to(dtype=torch.float32), grid)
    return None if steering is None else Outline(observation, steering)
