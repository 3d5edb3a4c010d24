"""What a network is given and what it is taught: Inputs from an observation, Labels from the truth."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..covariance import true_covariance
from ..errors import InputError
from ..physics import Array, Observation, Scenes, Truth, cosines_from_positions, panel_images, steering_at
from ..shapes import Channel, Codes, Cosines, Counts, Covariance, Mask
from .whitening import Prior

_TILE_BYTES = 1 << 20
"""Of Q formed at a time."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a network sees of a batch of scenes: sufficient statistics of unit scale, and where they come from.

    Args:
        images: (scene, snapshot, 2, vertical, horizontal), real and imaginary part of the panel images
            z_l = conj(c_l) ∘ (H^H Γ⁻¹ y_l) with Γ = p H H^H + σ² I, of mean square 1 and with Σ z real and positive.
        energy: (scene, 2, 2 vertical - 1, 2 horizontal - 1), real and imaginary part of the sums of
            Q = Σ_l G_l^H Γ⁻¹ G_l along equal element differences, over their value at 0; the energy of a plane wave,
            a^H Q a, is their Fourier sum.
        log_noise: (scene,), log of the estimated share of noise in the mean power of an antenna.
        observation: the measurements themselves, for losses without labels and for polishing.
    """

    images: Float[Tensor, "scene snapshot 2 vertical horizontal"]
    energy: Float[Tensor, "scene 2 lag_v lag_h"]
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

    Args:
        cosines: (scene, source, 3), (u, w, q) with q in 1/m.
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
        """Steering vectors of the sources; zero in empty slots."""
        present = self.present[..., None]
        cosines = torch.where(present, self.cosines, torch.zeros_like(self.cosines))
        return steering_at(cosines, self.array) * present

    @cached_property
    def factors(self) -> Complex[Tensor, "scene element source"]:
        """V with V V^H = A P A^H scaled to trace N; zero columns in empty slots."""
        return true_covariance(self.cosines, self.powers, self.array).factor

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


def inputs_from(observation: Observation, panel: tuple[int, int]) -> Inputs:
    """Sufficient statistics of an observation, free of its scale and global phase.

    Args:
        observation: the scenes.
        panel: (vertical, horizontal) elements, in the order of `Panel`.

    Returns:
        The inputs, in the precision of the observation.

    Raises:
        InputError: a panel of another size, or a scene without energy.
    """
    vertical, horizontal = panel
    if vertical * horizontal != len(observation.array) or observation.wide:
        raise InputError(
            f"an observation of a panel with {vertical} x {horizontal} elements at one wavelength",
            f"{observation.array}",
            "a network or scenario of another panel",
            "pass the panel the scenes were measured with, as (vertical, horizontal)",
        )
    _check_energy(observation)
    prior = Prior(observation)
    whitened = prior.solve_measurements(observation.measurements)
    images = panel_images(whitened, observation.codes, observation.channel)
    images = torch.view_as_real(_standard(images)).unflatten(2, (vertical, horizontal)).movedim(-1, 2)
    return Inputs(
        images=images.contiguous(),
        energy=energy_lags(observation.codes, observation.channel, prior.solve_channel(observation.channel), panel),
        log_noise=prior.log_noise,
        observation=observation,
    )


def labels_from(truth: Truth, observation: Observation) -> Labels:
    """Labels of simulated scenes, in (u, w, q)."""
    return Labels(
        cosines=cosines_from_positions(truth.positions),
        sources=truth.sources,
        powers=truth.powers,
        snr_db=truth.snr_db,
        array=observation.array,
    )


def batch_from(scenes: Scenes, panel: tuple[int, int]) -> tuple[Inputs, Labels]:
    """Inputs and labels of simulated scenes.

    Raises:
        InputError: see `inputs_from`.
    """
    return inputs_from(scenes.observation, panel), labels_from(scenes.truth, scenes.observation)


def _check_energy(observation: Observation) -> None:
    power = torch.view_as_real(observation.measurements).square().sum(dim=(-1, -2, -3))
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


def energy_lags(
    codes: Codes, channel: Channel, whitened: Channel, panel: tuple[int, int]
) -> Float[Tensor, "scene 2 lag_v lag_h"]:
    """Sums of Q = Σ_l G_l^H Γ⁻¹ G_l = (H^H Γ⁻¹ H) ∘ (conj(C)^T C) along equal element differences.

    With E(Δ) = Σ_{n - m = Δ} Q_nm the energy of a plane wave is a^H Q a = Σ_Δ E(Δ) conj(a_Δ). Formed some elements
    at a time, so that no large N x N matrix is kept.

    Args:
        codes: C, (scene, snapshot, element).
        channel: H, (scene, antenna, element).
        whitened: Γ⁻¹ H, (scene, antenna, element).
        panel: (vertical, horizontal) elements.

    Returns:
        Real and imaginary part over E(0), (scene, 2, 2 vertical - 1, 2 horizontal - 1); Δ = 0 is in the middle.
    """
    vertical, horizontal = panel
    v = torch.arange(vertical, device=codes.device).repeat_interleave(horizontal)
    h = torch.arange(horizontal, device=codes.device).repeat(vertical)
    sums = channel.new_zeros((len(codes), (2 * vertical - 1) * (2 * horizontal - 1)))
    every = torch.arange(len(v), device=codes.device)
    for own in every.split(max(horizontal, _TILE_BYTES // (channel.element_size() * len(codes) * len(v)))):
        block = (channel[..., own].mH @ whitened) * (codes[..., own].mH @ codes)
        lag = (v[own, None] - v + vertical - 1) * (2 * horizontal - 1) + h[own, None] - h + horizontal - 1
        sums.index_add_(1, lag.flatten(), block.flatten(1))
    sums = sums / sums[:, sums.shape[1] // 2].real[:, None]
    return torch.view_as_real(sums).movedim(-1, 1).unflatten(2, (2 * vertical - 1, 2 * horizontal - 1))
