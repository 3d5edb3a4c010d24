"""How a scene is scaled before a search: measurements, codes and channel near unit mean power, thresholds relative."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..physics import Observation
from ..physics.scaling import nearest_power_of_two


@dataclass(frozen=True, eq=False)
class Scaled:
    """An observation with unit mean power of measurements and channel, and the scales taken out.

    Args:
        observation: the scaled observation.
        measured: (scene,), mean |y|² before scaling.
        channel: (scene,), the power taken out of codes and channel: mean |H|², times 4^e of codes divided by 2^e.
    """

    observation: Observation
    measured: Float[Tensor, "scene"]  # noqa: F821
    channel: Float[Tensor, "scene"]  # noqa: F821

    def __getitem__(self, rows: Tensor) -> "Scaled":
        """Some of the scenes."""
        return Scaled(self.observation[rows], self.measured[rows], self.channel[rows])


def scale(observation: Observation, dtype: torch.dtype = torch.complex128) -> Scaled:
    """Scale each scene to unit mean power of measurements and channel, and its codes to 1/√2 to √2 by a power of two.

    Codes of modulus one, or near it, stay as they are to the last bit.

    Args:
        observation: the scenes.
        dtype: precision of the result.

    Raises:
        InputError: a scene whose measurements, codes or channel are all zero or have no square in that precision, or
            whose codes let none of the channel through.
    """
    exact = observation.to(dtype=dtype)
    measured, codes, channel = (
        torch.view_as_real(value).square().sum(-1).flatten(1).mean(1)
        for value in (exact.measurements, exact.codes, exact.channel)
    )
    for name, power in (("measurements", measured), ("codes", codes), ("channel", channel)):
        _check_energy(name, power, "scenes")
    twos = nearest_power_of_two(codes.sqrt())
    scaled = replace(
        exact,
        measurements=exact.measurements / _each(measured.sqrt(), exact.measurements),
        codes=exact.codes if bool((twos == 1).all()) else exact.codes / _each(twos, exact.codes),
        channel=exact.channel / _each(channel.sqrt(), exact.channel),
        noise_variance=None if exact.noise_variance is None else exact.noise_variance / measured,
    )
    _check_energy("codes times channel", _passed(scaled), "scenes and frequencies")
    return Scaled(scaled, measured, channel * twos.square())


def _passed(observation: Observation) -> Tensor:
    """(scene, frequency): Σ_n Σ_l |c_ln|² Σ_m |H_mn|², what codes and channel let through of all elements."""
    codes, channel = (torch.view_as_real(x).square().sum(-1).sum(-2) for x in observation.by_frequency())
    return (codes * channel).sum(-1)


def _check_energy(name: str, power: Tensor, of: str) -> None:
    """Refuse zeros, which have no scale and no direction, and what has no square that is a number.

    Raises:
        InputError: a power that is zero, or beyond what numbers of its precision hold.
    """
    if bool((power == 0).any()):
        raise InputError(
            f"{name} with some energy in all {of}",
            f"a mean square of zero in {int((power == 0).sum())} of {power.numel()} {of}",
            "a field that was never filled, a failed capture, or a unit whose squares are too small for a number",
            "drop those scenes or record them again, or pass other units",
        )
    held = torch.finfo(power.dtype)
    if not bool(((power >= held.tiny) & (power <= held.max)).all()):
        raise InputError(
            f"{name} whose mean square is within {held.tiny:.0e} to {held.max:.0e}",
            f"{float(power.min()):.3g} to {float(power.max()):.3g} over {power.numel()} {of}",
            "a wrong unit, or bytes read as another type",
            f"check the numbers of {name}",
        )


def _each(scale: Tensor, like: Tensor) -> Tensor:
    """One number per scene, for broadcasting."""
    return scale.reshape(-1, *[1] * (like.ndim - 1))
