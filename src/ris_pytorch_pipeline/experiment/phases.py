"""Which terms of the loss count when? Phases of training, as shares of its updates."""

from dataclasses import dataclass, fields, replace

from ..losses import LossWeights
from .optimisation import refuse

_ALONE = {"geometry": ("order", False), "order": ("order", True)}
"""Phase: a term, and whether that term counts alone (or is the only one left out)."""


@dataclass(frozen=True, kw_only=True)
class Phases:
    """Geometry without the source count, then the count alone, then all terms jointly.

    Args:
        geometry: share of the run's updates spent without the term `order`.
        order: share spent on the term `order` alone.

    Raises:
        ConfigurationError: a share below 0, or shares that leave nothing for the joint phase.
    """

    geometry: float = 0.0
    order: float = 0.0

    def __post_init__(self) -> None:
        if not (self.geometry >= 0 and self.order >= 0 and self.geometry + self.order < 1):
            refuse("shares >= 0 that sum to less than 1", f"geometry {self.geometry}, order {self.order}",
                   "percentages, or no room for the joint phase")  # fmt: skip

    @property
    def starts(self) -> list[tuple[str, float]]:
        """Name and start of each phase that has a share."""
        found: list[tuple[str, float]] = []
        start = 0.0
        for name, share in (("geometry", self.geometry), ("order", self.order), ("joint", 1.0)):
            if share > 0:
                found.append((name, start))
                start += share
        return found

    def at(self, update: int, updates: int) -> int:
        """Number of the phase that an update is in.

        Args:
            update: how many updates have been applied before this one.
            updates: how many the run plans.

        Returns:
            Its index in `starts`.
        """
        return max(i for i, (_, start) in enumerate(self.starts) if update >= start * updates)

    def weights(self, phase: int, joint: LossWeights) -> LossWeights:
        """Weights of a phase.

        Args:
            phase: its index in `starts`.
            joint: weights of the joint phase.

        Returns:
            The same weights, with those at 0 that do not count in the phase.

        Raises:
            ConfigurationError: a phase without any term.
        """
        name = self.starts[phase][0]
        if name == "joint":
            return joint
        term, alone = _ALONE[name]
        return replace(joint, **{f.name: 0.0 for f in fields(joint) if (f.name != term) == alone})
