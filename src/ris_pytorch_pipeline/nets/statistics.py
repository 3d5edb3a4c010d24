"""What a network needs to be given: the part of a batch's inputs that every network here reads."""

from typing import Protocol, runtime_checkable

from torch import Tensor

from ..physics import Observation


@runtime_checkable
class Statistics(Protocol):
    """Sufficient statistics of a batch of scenes; `data.Inputs` is one.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.data import inputs_from
    >>> seen = ris.simulate(ris.preset("random", horizontal=4, vertical=4), scenes=2, seed=0).observation
    >>> inputs = inputs_from(seen, seen.array)
    >>> isinstance(inputs, Statistics), inputs.log_noise.shape
    (True, torch.Size([2]))
    """

    @property
    def images(self) -> Tensor:
        """Panel images z_l, (scene, block, 2, element), of mean square 1; a block is a snapshot of a frequency."""
        ...

    @property
    def energy(self) -> Tensor:
        """Lag sums of Q = Σ_l G_l^H Γ⁻¹ G_l, (scene, 2, lag), frequency by frequency, 1 at lag 0 in all."""
        ...

    @property
    def log_noise(self) -> Tensor:
        """Log of the share of noise in the mean power of an antenna, (scene,)."""
        ...

    @property
    def observation(self) -> Observation:
        """The measurements that the statistics come from."""
        ...
