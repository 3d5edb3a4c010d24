"""Which sources are images of stronger ones at another carrier: one source of unknown bandwidth shows as several.

A wave at the wavenumber k0 (1 + β) arrives at the elements as one at k0 from another place: a flat array sees (u, w)
moved to (1 + β) (u, w), any array sees a(k0 (1 + β), p). The places for all β are the ray of a source.
"""

from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ....physics import Array, steering_at, to_cosines
from ....shapes import Mask, Positions

_REACH, _STEP = 0.1, 0.01
"""Largest |β| of a narrow-band array, 10 % of bandwidth, and the step in which it is tried."""
_LIKE = 0.7
"""|a^H a'|²/N² that a source has with the ray: a third of a beamwidth off has less."""
_CLOSE, _DEVIATIONS = 0.05, 3.0
"""Part of the likeness that is missing on the ray in any case, and the ± within which a source lies on it otherwise."""


def ray_mates(
    positions: Positions,
    deviations: Positions,
    array: Array,
    steps: Float[Tensor, "coordinate"],  # noqa: F821
) -> Mask:
    """(scene, source): True of sources on the ray of a stronger one that is not on another's itself.

    No pair of the presets with a least separation lies so; without one, 1.7 % of the pairs do (`hard`, K = 5).

    Args:
        positions: (scene, source, 3), strongest first; NaN in empty slots.
        deviations: ± of them.
        array: the array.
        steps: of the search grid in direction, half a beamwidth each.
    """
    mates = torch.zeros_like(positions[..., 0], dtype=torch.bool)
    scenes = torch.nonzero(_hopeful(positions, array, steps)).squeeze(-1)
    if scenes.numel():
        on_ray = _on_ray(positions[scenes], deviations[scenes], replace(array, wavelengths=array.wavelength), array)
        some = mates[scenes]
        for source in range(1, positions.shape[1]):
            some[:, source] = (on_ray[:, :source, source] & ~some[:, :source]).any(-1)
        mates[scenes] = some
    return mates


def reach_of(array: Array) -> float:
    """Largest |β|: 10 %, and twice the bandwidth of an array whose wavelengths may be in the wrong order."""
    numbers = [1 / wavelength for wavelength in array.wavelengths]
    return max(_REACH, 2 * (max(numbers) - min(numbers)) * array.wavelength)


def _scales(array: Array) -> list[float]:
    """1 + β that are tried: within the reach, and not below the ratio of the stated carriers or 1 - 10 %."""
    count = round(reach_of(array) / _STEP)
    least = min(min(array.wavelengths) / max(array.wavelengths), 1 - _REACH)
    scales = [1 + number * _STEP for number in range(-count, count + 1)]
    return [scale for scale in scales if scale > least - _STEP / 2]


def _hopeful(positions: Positions, array: Array, steps: Tensor) -> Bool[Tensor, "scene"]:  # noqa: F821
    """True of scenes with two sources so near that one may be on the other's ray."""
    present = ~positions[..., 0].isnan()
    safe = torch.where(present[..., None], positions, torch.ones_like(positions))
    directions = to_cosines(safe, array)[..., :-1]
    near = (directions[:, :, None] - directions[:, None]).abs() < 2 * steps + reach_of(array)
    pairs = near.all(-1) & present[:, None] & present[:, :, None]
    return pairs.sum((-1, -2)) > present.sum(-1)


def _on_ray(
    positions: Positions, deviations: Positions, narrow: Array, array: Array
) -> Bool[Tensor, "scene source source"]:  # fmt: skip
    """(scene, i, j): True where source j lies on the ray of source i."""
    present = ~positions[..., 0].isnan()
    safe = torch.where(present[..., None], positions, torch.ones_like(positions))
    vectors = _waves(safe, narrow)
    best = torch.zeros_like(vectors[..., 0, None].real * vectors[..., None, :, 0].real)
    for scale in _scales(array):
        moved = _waves(safe, replace(narrow, wavelengths=narrow.wavelength / scale))
        best = torch.maximum(best, _likeness(moved[:, :, None], vectors[:, None]))
    doubt = _DEVIATIONS**2 * _spread(safe, deviations, vectors, narrow)
    allowed = (doubt[:, :, None] + doubt[:, None]).clamp(_CLOSE, 1 - _LIKE)
    return (1 - best <= allowed) & present[:, None] & present[:, :, None]


def _spread(
    positions: Positions, deviations: Positions, vectors: Tensor, array: Array
) -> Float[Tensor, "scene source"]:  # fmt: skip
    """Likeness that a wave loses one ± away, summed over the coordinates."""
    lost = torch.zeros_like(positions[..., 0])
    away = torch.where(deviations.isfinite(), deviations, torch.zeros_like(deviations))
    for axis in range(positions.shape[-1]):
        moved = positions.clone()
        moved[..., axis] += away[..., axis]
        lost += 1 - _likeness(_waves(moved, array), vectors)
    return lost


def _waves(positions: Positions, array: Array) -> Tensor:
    return steering_at(to_cosines(positions, array), array)


def _likeness(first: Tensor, second: Tensor) -> Tensor:
    """|a^H b|²/N² of waves of unit modulus."""
    return torch.view_as_real((first.conj() * second).mean(-1)).square().sum(-1)
