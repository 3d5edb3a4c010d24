"""How large are the numbers of a scene? Their scale has no meaning; powers of two change it and no digit."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from .observation import Observation


def nearest_power_of_two(size: Float[Tensor, "scene"]) -> Float[Tensor, "scene"]:  # noqa: F821
    """The 2^e next to each size, between 1/√2 and √2 times it; of a size of zero it is one.

    >>> nearest_power_of_two(torch.tensor([1.0, 8.4, 1e-3, 0.0]))
    tensor([1.0000e+00, 8.0000e+00, 9.7656e-04, 1.0000e+00])
    """
    return torch.exp2(torch.round(torch.log2(torch.where(size == 0, 1, size))))


def near_unit(observation: Observation) -> Observation:
    """The scenes with measurements, codes and channel divided by powers of two; their largest parts are near one.

    What does not depend on the scale is the same to the last bit, and squares of squares neither overflow nor vanish
    where measurements are volts or counts, and a channel holds a path loss.

    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("random"), scenes=2, seed=0).observation
    >>> volts = replace(seen, measurements=2.0**-40 * seen.measurements)
    >>> torch.equal(near_unit(volts).measurements, near_unit(seen).measurements)
    True
    """
    names = ("measurements", "codes", "channel")
    twos = {name: nearest_power_of_two(_largest_part(vars(observation)[name])) for name in names}
    parts = {name: _divided(vars(observation)[name], two) for name, two in twos.items()}
    noise = observation.noise_variance
    return replace(
        observation, **parts, noise_variance=None if noise is None else noise / twos["measurements"].square()
    )  # fmt: skip


def _largest_part(value: Tensor) -> Float[Tensor, "scene"]:  # noqa: F821
    """Largest real or imaginary part of each scene."""
    return torch.view_as_real(value).abs().flatten(1).amax(1)


def _divided(value: Tensor, scale: Float[Tensor, "scene"]) -> Tensor:  # noqa: F821
    """Each scene over its number; those that are over one already are not copied."""
    return value if bool((scale == 1).all()) else value / scale.reshape(-1, *[1] * (value.ndim - 1))
