"""How a real panel differs from the one the estimator is told about."""

import math

import torch
from torch import Generator

from ..shapes import Channel, Codes
from ..units import power_ratio
from .channel import complex_normal, uniform
from .scenario import Impairments


def apply_to_codes(codes: Codes, impairments: Impairments, generator: Generator) -> Codes:
    """What the panel really shows: codes times gain, static phase error, jitter and dead elements."""
    if not impairments.at_panel:
        return codes
    scenes, _, elements = codes.shape
    real = {"generator": generator, "dtype": torch.float64, "device": generator.device}
    phase = impairments.phase_error_rad * torch.randn((scenes, 1, elements), **real)
    if impairments.phase_jitter_rad:
        phase = phase + impairments.phase_jitter_rad * torch.randn(codes.shape, **real)
    gain = 1 + uniform(-impairments.gain_error, impairments.gain_error, (scenes, 1, elements), generator)
    alive = torch.rand((scenes, 1, elements), **real) >= impairments.dead_fraction
    return codes * torch.polar((gain * alive).expand_as(phase), phase)


def estimated_channel(channel: Channel, impairments: Impairments, generator: Generator) -> Channel:
    """The channel an estimator is given: the true one plus CN(0, 10^(channel_error_db/10))."""
    if impairments.channel_error_db is None:
        return channel
    error = complex_normal(tuple(channel.shape), generator)
    return channel + math.sqrt(power_ratio(impairments.channel_error_db)) * error
