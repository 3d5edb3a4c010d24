"""How S parameters are read from Touchstone files (.s1p, .s2p, ...) by scikit-rf."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bounded import Source
from .extra import needed


def listing(source: Source) -> dict[str, tuple[int, ...]]:
    """`S11`, `S21`, ... over frequency, the whole matrix `S` (frequency, to, from), and `frequency` in Hz."""
    return {name: array.shape for name, array in _arrays(source).items()}


def read(source: Source, name: str) -> NDArray[Any]:
    """One of them."""
    return _arrays(source)[name]


def _arrays(source: Source) -> dict[str, NDArray[Any]]:
    """All of them. The class that parses text is used; `skrf.Network` would first try to unpickle the file."""
    source.check_whole()
    parser = needed("skrf.io.touchstone", source)
    text = io.StringIO(source.path.read_text(encoding="latin-1"))
    text.name = source.path.name
    frequency, matrix = parser.Touchstone(text).get_sparameter_arrays()
    ports = range(matrix.shape[-1])
    single = {f"S{i + 1}{j + 1}": matrix[:, i, j] for i in ports for j in ports if len(ports) < 10}
    return {**single, "S": matrix, "frequency": np.asarray(frequency, dtype=np.float64)}
