"""Is an estimator told the symbols that are known? Those that do not use them take the scenes as of random symbols."""

from typing import Protocol, runtime_checkable

from ..physics import Observation
from .estimate import Estimator


@runtime_checkable
class UsesSequences(Protocol):
    """An estimator that is told known symbols; one of one's own says so by this attribute.

    >>> from ris_pytorch_pipeline.estimate import KnownMl, Sml
    >>> [isinstance(each, UsesSequences) and each.uses_sequences for each in (KnownMl(), Sml())]
    [True, False]

    Args:
        uses_sequences: True.
    """

    @property
    def uses_sequences(self) -> bool:
        """Whether it is told them."""
        ...


def told(estimator: Estimator, observation: Observation) -> Observation:
    """What an estimator is handed: without known symbols where it does not use them.

    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("random", symbols="known", sources=1), scenes=1, seed=0).observation
    >>> told(ris.KnownMl(), seen).symbols, told(ris.Sml(), seen).symbols
    ('known', 'random')
    """
    uses = isinstance(estimator, UsesSequences) and estimator.uses_sequences
    return observation if uses else observation.untold()
