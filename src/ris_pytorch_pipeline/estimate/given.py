"""Which positions were given to begin from, and of how many sources of each scene?"""

from typing import Any

from ..errors import InputError
from ..physics import Observation
from ..physics.tensors import as_tensor
from ..shapes import Counts, Positions
from .estimate import asked_sources


def given_positions(observation: Observation, positions: Any) -> tuple[Positions, Counts]:  # noqa: ANN401
    """Positions as a tensor on the device of the scenes, and how many sources each scene has.

    >>> import numpy as np
    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("pilot", sources=1), scenes=2, seed=0).observation
    >>> nowhere = [np.nan, np.nan, np.nan]
    >>> given_positions(seen, np.array([[[0.1, 0.0, 2.0], nowhere], [[0.1, 0.0, 2.0], [-0.3, 0.2, 4.0]]]))[1]
    tensor([1, 2])

    Args:
        observation: the scenes.
        positions: (scene, source, 3), a tensor, an array or nested lists; NaN in slots without a source.

    Raises:
        InputError: another shape, or a scene without any.
    """
    given = as_tensor(positions).to(observation.measurements.device)
    if given.ndim != 3 or len(given) != len(observation) or given.shape[-1] != 3:
        raise InputError(
            f"positions (scene, source, 3) of {len(observation)} scenes", f"{tuple(given.shape)}",
            "a missing scene axis, or the positions of other scenes", "add the axis with x[None]",
        )  # fmt: skip
    given = given if given.is_floating_point() else given.double()
    return given, asked_sources(observation, (~given[..., 0].isnan()).sum(-1), observation.most_sources)
