"""How a real panel differs from the one the estimator is told about: its codes, its channel and its elements."""

import math

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from ...shapes import Channel, Codes
from ...units import power_ratio
from ..array.value import Array
from ..channel import complex_normal, uniform
from ..codebook import quantise
from .impairments import Impairments


def apply_to_codes(codes: Codes, impairments: Impairments, generator: Generator) -> Codes:
    """What the panel really shows: rounded codes times gain, static phase error, jitter and dead elements."""
    shown = quantise(codes, impairments.unmodelled_code_bits)
    if not impairments.at_elements:
        return shown
    scenes, _, elements = codes.shape
    real = {"generator": generator, "dtype": torch.float64, "device": generator.device}
    phase = impairments.phase_error_rad * torch.randn((scenes, 1, elements), **real)
    if impairments.phase_jitter_rad:
        phase = phase + impairments.phase_jitter_rad * torch.randn(codes.shape, **real)
    gain = 1 + uniform(-impairments.gain_error, impairments.gain_error, (scenes, 1, elements), generator)
    alive = torch.rand((scenes, 1, elements), **real) >= impairments.dead_fraction
    return shown * torch.polar((gain * alive).expand_as(phase), phase)


def estimated_channel(channel: Channel, impairments: Impairments, generator: Generator) -> Channel:
    """The channel an estimator is given: the true one plus CN(0, 10^(channel_error_db/10))."""
    if impairments.channel_error_db is None:
        return channel
    error = complex_normal(tuple(channel.shape), generator)
    return channel + math.sqrt(power_ratio(impairments.channel_error_db)) * error


def displaced_elements(
    array: Array, scenes: int, impairments: Impairments, generator: Generator
) -> Float[Tensor, "scene element 3"]:
    """Where the elements of each scene really are: q_n + e_n, e_n ~ N(0, (λ position_error_wavelengths)² I).

    Args:
        array: where estimators are told that they are; λ is the shortest of its wavelengths.
        scenes: how many.
        impairments: how far they are off.
        generator: source of randomness, asked only where they are off.

    Returns:
        (scene, element, 3), metres, in the array's own axes.
    """
    told = array.elements.expand(scenes, -1, -1)
    if not impairments.position_error_wavelengths:
        return told
    drawn = torch.randn(told.shape, generator=generator, dtype=torch.float64, device=generator.device)
    return told + impairments.position_error_wavelengths * array.wavelength * drawn
