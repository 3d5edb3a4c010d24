"""What a calibration learns from: scenes at known positions, as waves at the elements, one frequency at a time."""

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..errors import InputError
from ..physics import Observation, check_visible, steering
from ..shapes import Mask, Positions


@dataclass(frozen=True, kw_only=True)
class KnownScenes:
    """Scenes at one frequency, each scaled to unit energy so that no near source outweighs the others.

    >>> import torch
    >>> small = preset("pilot", horizontal=4, vertical=4, antennas=4, sources=1)
    >>> scenes = draw(small, 6, torch.Generator().manual_seed(0))
    >>> known, = known_scenes(scenes.observation, scenes.truth.positions)  # of one frequency
    >>> len(known), known.waves.shape, known.constant, known.measured.abs().square().sum((1, 2))[:2]
    (6, torch.Size([6, 1, 16]), True, tensor([1.0000, 1.0000], dtype=torch.float64))

    Args:
        measured: (scene, snapshot, antenna).
        codes: (scene, snapshot, element), as the maker of the panel says.
        channel: (scene, antenna, element).
        waves: (scene, source, element), steering vectors; zero in slots without a source.
        constant: whether symbols are one constant over the snapshots of a scene.
    """

    measured: Complex[Tensor, "scene snapshot antenna"]
    codes: Complex[Tensor, "scene snapshot element"]
    channel: Complex[Tensor, "scene antenna element"]
    waves: Complex[Tensor, "scene source element"]
    constant: bool

    def __len__(self) -> int:
        return len(self.measured)

    def __getitem__(self, index: Tensor) -> "KnownScenes":
        """Some of the scenes."""
        parts = {name: value[index] for name, value in vars(self).items() if isinstance(value, Tensor)}
        return KnownScenes(**parts, constant=self.constant)

    @property
    def shared_codes(self) -> bool:
        """Whether all scenes were sounded with the same codes in the same order."""
        return torch.allclose(self.codes, self.codes[:1].expand_as(self.codes), atol=1e-6)


def known_scenes(observation: Observation, positions: Positions) -> list[KnownScenes]:
    """The scenes of an observation at each of its frequencies.

    >>> import torch
    >>> small = preset("pilot", horizontal=4, vertical=4, antennas=4, sources=1, frequencies=2, bandwidth=0.1)
    >>> scenes = draw(small, 6, torch.Generator().manual_seed(0))
    >>> [each.measured.shape for each in known_scenes(scenes.observation, scenes.truth.positions)]  # by frequency
    [torch.Size([6, 16, 4]), torch.Size([6, 16, 4])]

    Args:
        observation: the scenes.
        positions: (scene, source, 3), radians, radians, metres; NaN in slots without a source.

    Raises:
        InputError: a scene without a position, or symbols that change under as few antennas as there are sources.
    """
    seen = observation.to(dtype=torch.complex128)
    present = ~positions.isnan().all(-1)
    if positions.shape[0] != len(seen) or not bool(present.any(-1).all()):
        raise InputError(
            f"a position in each of {len(seen)} scenes", f"positions of shape {tuple(positions.shape)}, "
            f"{int((~present.any(-1)).sum())} scenes without one", "a gap in the log of positions", "drop those scenes",
        )  # fmt: skip
    if seen.symbols == "random" and seen.measurements.shape[-1] <= int(present.sum(-1).max()):
        raise InputError(
            "more antennas than sources where symbols change from snapshot to snapshot",
            f"{seen.measurements.shape[-1]} antennas", "a new unknown for each measurement", "record constant symbols",
        )  # fmt: skip
    _check_whole(positions, present)
    check_visible(positions[present], seen.array)
    filled = torch.where(present[..., None], positions.to(torch.float64), 1.0)
    waves = steering(filled, seen.array.to(dtype=torch.float64))
    waves = waves if seen.wide else waves.unsqueeze(1)
    codes, channel = seen.by_frequency()
    measured = seen.measurements if seen.wide else seen.measurements.unsqueeze(1)
    scale = _energy(measured).clamp_min(1e-300).sqrt()[..., None, None]
    return [
        KnownScenes(
            measured=measured[:, f] / scale[:, f], codes=codes[:, f], channel=channel[:, f],
            waves=waves[:, f] * present[..., None], constant=seen.symbols == "pilot",
        )
        for f in range(measured.shape[1])
    ]  # fmt: skip


def _check_whole(positions: Positions, present: Mask) -> None:
    """Refuse a source of which only a part of the position is known: it would be left out without a word.

    Raises:
        InputError: a NaN or an infinity beside numbers.
    """
    broken = present & ~positions.isfinite().all(-1)
    if bool(broken.any()):
        raise InputError(
            "azimuth, elevation and distance of every source, all three NaN in slots without one",
            f"{int(broken.sum())} of {int(present.sum())} positions with a NaN or an infinity beside numbers",
            "a column of the log of positions left empty", "fill it, or make the whole position NaN",
        )  # fmt: skip


def _energy(measured: Tensor) -> Float[Tensor, "..."]:
    return torch.view_as_real(measured).square().sum(dim=(-1, -2, -3))
