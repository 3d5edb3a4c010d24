"""What is a simulated scene? What an estimator is given, and the truth it is judged by."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ...shapes import Counts, Mask, Positions
from ..array.observability import as_told
from ..observation import Observation


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a simulated scene really was. Slots beyond a scene's number of sources hold NaN positions and power 0.

    >>> truth = draw(preset("random", sources=(1, 3)), 2, torch.Generator().manual_seed(0)).truth
    >>> truth.sources, truth.present
    (tensor([3, 1]), tensor([[ True,  True,  True],
            [ True, False, False]]))
    >>> truth.positions[1].isnan().all(-1)  # no source in these slots
    tensor([False,  True,  True])
    >>> truth.to(dtype=torch.complex64).powers.dtype
    torch.float32

    Args:
        positions: (scene, source, 3), radians, radians, metres.
        sources: (scene,), K.
        powers: (scene, source), mean symbol power at the panel.
        noise_variance: (scene,), σ² per antenna.
        snr_db: (scene,), total.
        source_snr_db: (scene, source), clean received power of each source per antenna and snapshot over σ².
        symbols: (scene, [frequency,] snapshot, source), s.
        applied_codes: (scene, [frequency,] snapshot, element), what the panel did.
        applied_channel: (scene, [frequency,] antenna, element), what the wave went through.
        applied_elements: (scene, element, 3), metres in the array's own axes, where the wave met the elements.
    """

    positions: Positions
    sources: Counts
    powers: Float[Tensor, "scene source"]
    noise_variance: Float[Tensor, "scene"]  # noqa: F821
    snr_db: Float[Tensor, "scene"]  # noqa: F821
    source_snr_db: Float[Tensor, "scene source"]
    symbols: Complex[Tensor, "scene *wide snapshot source"]
    applied_codes: Complex[Tensor, "scene *wide snapshot element"]
    applied_channel: Complex[Tensor, "scene *wide antenna element"]
    applied_elements: Float[Tensor, "scene element 3"]

    @property
    def present(self) -> Mask:
        """(scene, source): True where the slot holds a source."""
        return torch.arange(self.positions.shape[1], device=self.sources.device) < self.sources[:, None]

    def __getitem__(self, index: slice | Tensor | list[int]) -> "Truth":
        """The truth of some of the scenes."""
        return Truth(**{name: value[index] for name, value in vars(self).items()})

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Truth":
        """The same truth on another device or in another complex precision."""
        kinds = {True: dtype, False: None if dtype is None else dtype.to_real()}
        moved = {
            name: value.to(device=device, dtype=kinds[value.is_complex()] if name != "sources" else None)
            for name, value in vars(self).items()
        }
        return Truth(**moved)


@dataclass(frozen=True, kw_only=True)
class Scenes:
    """A batch of simulated scenes: what an estimator is given, and the truth it is judged by.

    >>> scenes = draw(preset("random", sources=2), 3, torch.Generator().manual_seed(0))
    >>> len(scenes), scenes[:2].truth.positions.shape, scenes.observation.measurements.shape
    (3, torch.Size([2, 2, 3]), torch.Size([3, 16, 16]))
    """

    observation: Observation
    truth: Truth

    def __len__(self) -> int:
        return len(self.observation)

    def __getitem__(self, index: slice | Tensor | list[int]) -> "Scenes":
        """Some of the scenes: a slice, a list or a tensor of scene numbers."""
        return Scenes(observation=self.observation[index], truth=self.truth[index])

    def as_told(self) -> "Scenes":
        """The same scenes with their sources where the array tells them to be: on their cones, see `as_told`.

        >>> line = Line(count=15, spacing=0.15).array(0.3)
        >>> scenes = draw(preset("random", sources=1, array=line), 2, torch.Generator().manual_seed(0))
        >>> scenes.as_told().truth.positions[:, 0, 1]  # a line tells no elevation
        tensor([0., 0.], dtype=torch.float64)
        """
        places, _ = as_told(self.truth.positions, self.observation.array)
        return replace(self, truth=replace(self.truth, positions=places))

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Scenes":
        """The same scenes on another device or in another complex precision.

        >>> scenes = draw(preset("random"), 1, torch.Generator().manual_seed(0)).to(dtype=torch.complex64)
        >>> scenes.observation.measurements.dtype, scenes.truth.positions.dtype
        (torch.complex64, torch.float32)
        """
        return Scenes(observation=self.observation.to(device, dtype), truth=self.truth.to(device, dtype))
