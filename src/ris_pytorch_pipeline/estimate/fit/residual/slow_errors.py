"""What would move in the measurements if parts of an array were off, bent, or had other gains than the rest?"""

from itertools import combinations_with_replacement

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ....physics import Array, Observation

_DEGREE = 3
"""Of the polynomials over an array: of a step across its middle, such as half a panel that is off, they hold 0.86 of
the energy."""
_THIN = 1e-6
"""Wavelengths below which an array has no extent along an axis."""


def slow_errors(
    observation: Observation, field: Complex[Tensor, "scene frequency snapshot element"]
) -> Complex[Tensor, "scene block direction antenna"]:
    """H (c_l ∘ φ ∘ f_l), f the field at the elements and φ each polynomial over the array but for the constant.

    Complex gains of the elements that vary slowly over the array are a sum of them: a board that is off, shaded or
    displaced, a panel that is bent, a wavefront or a wavelength that is another one.

    Args:
        observation: scaled scenes.
        field: Σ_k a_k s_kl at each element, in the precision that is wanted.
    """
    codes, channel = (part.to(field.dtype) for part in observation.by_frequency())
    shapes = over_array(observation.array).to(field)
    sent = (codes * field)[..., None, :] * shapes
    return (sent @ channel.mT[:, :, None]).flatten(1, 2)


def over_array(array: Array) -> Float[Tensor, "shape element"]:
    """Products of up to three coordinates of the elements, each from -1 to 1.

    >>> from ris_pytorch_pipeline.physics import Panel
    >>> over_array(Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)).shape
    torch.Size([9, 144])
    """
    placed = array.local.double()
    low, high = placed.amin(0), placed.amax(0)
    far = high - low > _THIN * array.wavelength
    across = (2 * (placed - low) / (high - low).clamp_min(1e-300) - 1).mT[far]
    products = [
        across[list(axes)].prod(0)
        for degree in range(1, _DEGREE + 1)
        for axes in combinations_with_replacement(range(len(across)), degree)
    ]
    return torch.stack(products) if products else placed.new_zeros(0, len(placed))
