"""How far apart are the elements of an array, and what does a size that is too large come from?"""

import torch

from ..physics import Array

_SPARSE = 1.0
"""Spacing of the elements in wavelengths from which on another unit is likelier than a large array."""


def nearest_spacing(array: Array) -> float:
    """Median distance of an element to its nearest neighbour, metres; 0 for a single element.

    >>> from ris_pytorch_pipeline.physics import Panel
    >>> round(nearest_spacing(Panel(horizontal=4, vertical=4, spacing=(0.12, 0.2)).array(0.3)), 6)
    0.12
    """
    return 0.0 if len(array) < 2 else array.once("nearest spacing", lambda: _nearest(array))


def _nearest(array: Array) -> float:
    some = array.placed[:: max(1, len(array) // 256)]
    distances = torch.cdist(some, array.placed)
    return float(distances.masked_fill(distances == 0, torch.inf).amin(-1).median())


def size_cause(array: Array) -> str:
    """Why a search on an array is too large: its unit where the elements are far apart, else the array itself."""
    spacing = nearest_spacing(array) / array.wavelength
    if spacing > _SPARSE:
        units = "given in millimetres, wavelengths or feet in place of metres, or a frequency too high"
        return f"elements {spacing:.3g} wavelengths apart: {units}"
    return f"a large array over a wide field of view: {len(array)} elements"
