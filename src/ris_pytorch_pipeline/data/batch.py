"""What a network is given and what it is taught: Inputs from an observation, Labels from the truth."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..covariance import true_covariance
from ..errors import InputError
from ..physics import (
    Array,
    Observation,
    Scenes,
    Truth,
    as_told,
    lags_of,
    panel_images,
    steering_at,
    to_cosines,
)
from ..physics.scaling import near_unit
from ..shapes import Cosines, Counts, Covariance, Mask
from .lag_sums import energy_lags, transformed_lags, transforms_pay
from .whitening import Prior, split_by_frequency


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a network sees of a batch of scenes: sufficient statistics of unit scale, and where they come from.

    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("random", horizontal=4, vertical=4), scenes=3, seed=0).observation
    >>> inputs = inputs_from(seen, seen.array)
    >>> len(inputs), inputs[:2].images.shape  # 2 scenes of 16 snapshots, real and imaginary part at 16 elements
    (3, torch.Size([2, 16, 2, 16]))
    >>> inputs.to("cpu").observation.measurements.device.type  # the measurements move, too
    'cpu'

    Args:
        images: (scene, block, 2, element), real and imaginary part of the panel images z_l = conj(c_l) ∘ (H^H Γ⁻¹ y_l)
            with Γ = p H H^H + σ² I, of mean square 1 and with Σ z real and positive; the snapshots of one frequency
            after those of another.
        energy: (scene, 2, lag), real and imaginary part of the sums of Q = Σ_l G_l^H Γ⁻¹ G_l along equal element
            differences, see `Lags`, over their value at 0; the energy of a plane wave, a^H Q a, is their Fourier sum.
            The lags of one frequency come after those of another.
        log_noise: (scene,), log of the estimated share of noise in the mean power of an antenna.
        observation: the measurements themselves, for losses without labels and for polishing.
    """

    images: Float[Tensor, "scene block 2 element"]
    energy: Float[Tensor, "scene 2 lag"]
    log_noise: Float[Tensor, "scene"]  # noqa: F821
    observation: Observation

    def __len__(self) -> int:
        return self.images.shape[0]

    def __getitem__(self, index: slice | Tensor | list[int]) -> "Inputs":
        """The inputs of some of the scenes."""
        return self._each(lambda x: x[index], self.observation[index])

    def to(self, device: torch.device | str) -> "Inputs":
        """The same inputs on another device."""
        return self._each(lambda x: x.to(device), self.observation.to(device))

    def _each(self, change: Callable[[Tensor], Tensor], observation: Observation) -> "Inputs":
        tensors = {name: change(value) for name, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **tensors, observation=observation)


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The truth that a network is taught; slots beyond a scene's number of sources hold NaN positions and power 0.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", horizontal=4, vertical=4, sources=2), scenes=3, seed=0)
    >>> labels = labels_from(scenes.truth, scenes.observation)
    >>> labels.cosines.shape, labels.covariance.diagonal(dim1=1, dim2=2).sum(1).real.round()  # its trace is N
    (torch.Size([3, 2, 3]), tensor([16., 16., 16.], dtype=torch.float64))
    >>> labels.to("cpu").array.elements.device.type
    'cpu'

    Args:
        cosines: (scene, source, 3), (u, w, q) with q in 1/m, in the array's frame; (scene, source, 4) of a deep array.
        sources: (scene,), K.
        powers: (scene, source), mean symbol power at the panel.
        snr_db: (scene,), total, for reporting by signal-to-noise ratio.
        array: the array.
    """

    cosines: Cosines
    sources: Counts
    powers: Float[Tensor, "scene source"]
    snr_db: Float[Tensor, "scene"]  # noqa: F821
    array: Array

    def __len__(self) -> int:
        return self.sources.shape[0]

    @property
    def present(self) -> Mask:
        """(scene, source): True where the slot holds a source."""
        return torch.arange(self.cosines.shape[1], device=self.sources.device) < self.sources[:, None]

    @cached_property
    def steering(self) -> Complex[Tensor, "scene source element"]:
        """Steering vectors of the sources, at the middle wavelength; zero in empty slots."""
        present = self.present[..., None]
        cosines = torch.where(present, self.cosines, torch.zeros_like(self.cosines))
        return steering_at(cosines, self.array.central) * present

    @cached_property
    def factors(self) -> Complex[Tensor, "scene element source"]:
        """V with V V^H = A P A^H scaled to trace N, at the middle wavelength; zero columns in empty slots."""
        return true_covariance(self.cosines, self.powers, self.array.central).factor

    @cached_property
    def covariance(self) -> Covariance:
        """R = A P A^H scaled to trace N, without noise; formed when first asked for."""
        return self.factors @ self.factors.mH

    def __getitem__(self, index: slice | Tensor | list[int]) -> "Labels":
        """The labels of some of the scenes."""
        return self._each(lambda x: x[index])

    def to(self, device: torch.device | str) -> "Labels":
        """The same labels on another device."""
        return replace(self._each(lambda x: x.to(device)), array=self.array.to(device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Labels":
        names = ("cosines", "sources", "powers", "snr_db")
        return replace(self, **{name: change(vars(self)[name]) for name in names})


def inputs_from(observation: Observation, array: Array) -> Inputs:
    """Sufficient statistics of an observation, free of its scale and global phase.

    >>> from ris_pytorch_pipeline.data import simulate
    >>> from ris_pytorch_pipeline.physics import Line, preset
    >>> line = Line(count=15, spacing=0.15).array(0.3)
    >>> scenes = simulate(preset("random", array=line), 2, seed=0)
    >>> inputs = inputs_from(scenes.observation, line)
    >>> inputs.images.shape, inputs.energy.shape
    (torch.Size([2, 16, 2, 15]), torch.Size([2, 2, 29]))

    Args:
        observation: the scenes.
        array: whose element differences are summed over: that of the network, `NetConfig.array`. The observation's own
            may differ from it by rounding.

    Returns:
        The inputs, in the precision of the observation.

    Raises:
        InputError: an array of another size or number of wavelengths, or a scene without energy.
    """
    if (len(array), array.frequencies) != (len(observation.array), observation.array.frequencies):
        raise InputError(
            f"an observation of {array}", f"one of {observation.array}", "a network or scenario of another array",
            "pass the array that the scenes were measured with",
        )  # fmt: skip
    even = near_unit(observation)
    _check_energy(even)
    prior, (codes, channel) = Prior(even), even.by_frequency()
    whitened = prior.solve_measurements(split_by_frequency(even))
    images, lags = panel_images(whitened, codes, channel).flatten(1, 2), lags_of(array)
    if transforms_pay(codes, channel, lags):
        energy = transformed_lags(codes, prior.whiten_channel(channel), lags)
    else:
        energy = energy_lags(codes, channel, prior.solve_channel(channel), lags)
    return Inputs(
        images=torch.view_as_real(_standard(images)).movedim(-1, 2).contiguous(),
        energy=energy,
        log_noise=prior.log_noise,
        observation=observation,
    )


def labels_from(truth: Truth, observation: Observation) -> Labels:
    """Labels of simulated scenes, where the array tells them to be: those of a line on their cones, see `as_told`.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", horizontal=4, vertical=4, sources=2), scenes=3, seed=0)
    >>> labels = labels_from(scenes.truth, scenes.observation)
    >>> bool((labels.cosines[..., 2] * scenes.truth.positions[..., 2] - 1).abs().max() < 1e-12)  # q = 1/r
    True
    """
    places, _ = as_told(truth.positions, observation.array)
    return Labels(
        cosines=to_cosines(places, observation.array),
        sources=truth.sources,
        powers=truth.powers,
        snr_db=truth.snr_db,
        array=observation.array,
    )


def batch_from(scenes: Scenes, array: Array) -> tuple[Inputs, Labels]:
    """Inputs and labels of simulated scenes, see `inputs_from`.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", horizontal=4, vertical=4), scenes=3, seed=0)
    >>> inputs, labels = batch_from(scenes, scenes.observation.array)
    >>> len(inputs), labels.sources
    (3, tensor([3, 3, 5]))

    Raises:
        InputError: see `inputs_from`.
    """
    return inputs_from(scenes.observation, array), labels_from(scenes.truth, scenes.observation)


def _check_energy(observation: Observation) -> None:
    power = torch.view_as_real(observation.measurements).square().flatten(1).sum(1)
    if not bool((power > 0).all()):
        raise InputError(
            "scenes with energy", f"{int((power <= 0).sum())} of {power.numel()} scenes are zero",
            "a field left at zero, or a failed capture", "drop those scenes",
        )  # fmt: skip


def _standard(images: Complex[Tensor, "scene snapshot element"]) -> Complex[Tensor, "scene snapshot element"]:
    """Images of mean square 1 whose sum is real and positive."""
    power = torch.view_as_real(images).square().sum(-1).mean(dim=(-1, -2))
    total = images.sum(dim=(-1, -2))
    turn = torch.where(total == 0, torch.ones_like(total), total).sgn().conj()
    return images * (turn * power.rsqrt())[:, None, None]
