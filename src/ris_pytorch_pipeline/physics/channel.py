"""What lies between panel and antennas: the Rician channel H."""

import math
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from ..errors import InputError
from ..shapes import Channel
from .array.steering import steering_at
from .array.value import Array
from .array.wavefronts import planar


def complex_normal(shape: tuple[int, ...], generator: Generator) -> Tensor:
    """Independent CN(0, 1) numbers in complex128.

    >>> complex_normal((1000,), torch.Generator().manual_seed(0)).abs().square().mean().round(decimals=2)
    tensor(0.9900, dtype=torch.float64)
    """
    return torch.randn(shape, generator=generator, dtype=torch.complex128, device=generator.device)


def uniform(low: float, high: float, shape: tuple[int, ...], generator: Generator) -> Tensor:
    """Independent U(low, high) numbers in float64.

    >>> uniform(-1.0, 3.0, (2, 2), torch.Generator().manual_seed(0))
    tensor([[2.8802, 1.8313],
            [0.8375, 2.6830]], dtype=torch.float64)
    """
    return low + (high - low) * torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device)


def rician_channel(
    factor: Float[Tensor, "scene"],  # noqa: F821
    antennas: int,
    array: Array,
    generator: Generator,
) -> Channel:
    """H = sqrt(κ/(κ+1)) H_LoS + sqrt(1/(κ+1)) H_NLoS with E|H_mn|² = 1 at every Rician factor κ.

    The line of sight has unit-modulus entries: a plane wave between the panel (azimuth within ±60°, elevation
    within ±30°) and a half-wavelength line of antennas (within ±60°), drawn per scene. H_NLoS is CN(0, 1).

    >>> array = Panel(horizontal=3, vertical=2, spacing=0.15).array(0.3)
    >>> channel = rician_channel(torch.tensor([0.5, math.inf]), 4, array, torch.Generator().manual_seed(0))
    >>> channel.shape, channel[1].abs().round(decimals=6).unique()  # a pure line of sight
    (torch.Size([2, 4, 6]), tensor([1.], dtype=torch.float64))

    Args:
        factor: (scene,), κ as a power ratio; infinity is pure line of sight.
        antennas: M.
        array: the array, on the device of the generator.
        generator: source of randomness.

    Returns:
        (scene, antenna, element), complex128; (scene, frequency, antenna, element) of an array with several
        wavelengths, whose scatter is independent from one to the next.
    """
    scenes = factor.shape[0]
    edge_az, edge_el = math.radians(60), math.radians(30)
    azimuth = uniform(-edge_az, edge_az, (scenes, 1), generator)
    elevation = uniform(-edge_el, edge_el, (scenes, 1), generator)
    cosines = torch.stack([elevation.cos() * azimuth.sin(), elevation.sin(), torch.zeros_like(azimuth)], dim=-1)
    at_panel = steering_at(cosines, replace(array, wavefront=planar))
    arrival = uniform(-edge_az, edge_az, (scenes, 1), generator).sin()
    phase = math.pi * arrival * torch.arange(antennas, dtype=torch.float64, device=generator.device)
    at_antennas = torch.polar(torch.ones_like(phase), phase)
    wide = (1,) * (array.frequencies > 1)
    inverse = (1 / (1 + factor)).reshape(-1, *wide, 1, 1)
    shape = (scenes, *[array.frequencies] * len(wide), antennas, len(array))
    scatter = complex_normal(shape, generator) * inverse.sqrt()
    line_of_sight = at_antennas.reshape(scenes, *wide, antennas, 1)
    return scatter.addcmul_(line_of_sight, (1 - inverse).sqrt() * at_panel)


def direct_channel(
    factor: Float[Tensor, "scene"],  # noqa: F821
    antennas: int,
    array: Array,
    generator: Generator,
) -> Channel:
    """H = I: no RIS, each element an antenna; the arguments as in `rician_channel`.

    >>> array = Line(count=3, spacing=0.15).array(0.3)
    >>> direct_channel(torch.ones(1), 3, array, torch.Generator()).real[0]
    tensor([[1., 0., 0.],
            [0., 1., 0.],
            [0., 0., 1.]], dtype=torch.float64)

    Raises:
        InputError: another number of antennas than elements.
    """
    if antennas != len(array):
        raise InputError(
            f"{len(array)} antennas", str(antennas), "an array whose elements are its antennas", "set antennas alike"
        )  # fmt: skip
    wide = (array.frequencies,) if array.frequencies > 1 else ()
    eye = torch.eye(antennas, dtype=torch.complex128, device=generator.device)
    return eye.expand(factor.shape[0], *wide, antennas, antennas).clone()
