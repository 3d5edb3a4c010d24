"""How measurements are scaled before a search: unit mean power per scene, so that every threshold is relative."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..physics import Observation


@dataclass(frozen=True, eq=False)
class Scaled:
    """An observation with unit mean power of measurements and channel, and the scales taken out.

    Args:
        observation: the scaled observation.
        measured: (scene,), mean |y|² before scaling.
        channel: (scene,), mean |H|² before scaling.
    """

    observation: Observation
    measured: Float[Tensor, "scene"]  # noqa: F821
    channel: Float[Tensor, "scene"]  # noqa: F821

    def __getitem__(self, rows: Tensor) -> "Scaled":
        """Some of the scenes."""
        return Scaled(self.observation[rows], self.measured[rows], self.channel[rows])


def scale(observation: Observation, dtype: torch.dtype = torch.complex128) -> Scaled:
    """Scale each scene to unit mean power of measurements and channel.

    Args:
        observation: the scenes.
        dtype: precision of the result.

    Raises:
        InputError: a scene whose measurements, codes or channel are all zero, or whose codes let none of it through.
    """
    exact = observation.to(dtype=dtype)
    measured = torch.view_as_real(exact.measurements).square().sum(-1).flatten(1).mean(1)
    channel = torch.view_as_real(exact.channel).square().sum(-1).flatten(1).mean(1)
    codes = torch.view_as_real(exact.codes).square().sum(-1).flatten(1).mean(1)
    for name, power in (("measurements", measured), ("codes", codes), ("channel", channel)):
        _check_energy(name, power, "scenes")
    _check_energy("codes times channel", _passed(exact), "scenes and frequencies")
    scaled = replace(
        exact,
        measurements=exact.measurements / _each(measured.sqrt(), exact.measurements),
        channel=exact.channel / _each(channel.sqrt(), exact.channel),
        noise_variance=None if exact.noise_variance is None else exact.noise_variance / measured,
    )
    return Scaled(scaled, measured, channel)


def _passed(observation: Observation) -> Tensor:
    """(scene, frequency): Σ_n Σ_l |c_ln|² Σ_m |H_mn|², what codes and channel let through of all elements."""
    codes, channel = (torch.view_as_real(x).square().sum(-1).sum(-2) for x in observation.by_frequency())
    return (codes * channel).sum(-1)


def _check_energy(name: str, power: Tensor, of: str) -> None:
    """Refuse zeros, which have no scale and no direction.

    Raises:
        InputError: a power of zero.
    """
    if bool((power == 0).any()):
        raise InputError(
            f"{name} with some energy in all {of}",
            f"all zeros in {int((power == 0).sum())} of {power.numel()} {of}",
            "a field that was never filled, or a failed capture",
            "drop those scenes or record them again",
        )


def _each(scale: Tensor, like: Tensor) -> Tensor:
    """One number per scene, for broadcasting."""
    return scale.reshape(-1, *[1] * (like.ndim - 1))
