"""What one run of the package is configured by: the frozen Experiment, and its digest."""

from dataclasses import dataclass, field
from typing import Any

from ..data import config_digest
from ..errors import ConfigurationError
from ..physics.scenes.scenario import Scenario
from .strict import plain


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Everything that decides the numbers of a run. Equal experiments draw equal scenes.

    >>> Experiment(seed=1).digest == Experiment(seed=2).digest  # other scenes
    False
    >>> Experiment(scenes=50).to_plain()["scenario"]["snapshots"]
    16

    Args:
        seed: of every random stream.
        scenes: how many are drawn.
        scenario: what they are drawn from.
    """

    seed: int = 0
    scenes: int = 200
    scenario: Scenario = field(default_factory=Scenario)

    def __post_init__(self) -> None:
        for name, least in {"seed": 0, "scenes": 1}.items():
            value = vars(self)[name]
            if value < least:
                raise ConfigurationError(
                    f"{name} >= {least}", str(value), "a sign, or a count left at zero", "raise it"
                )

    def to_plain(self) -> dict[str, Any]:
        """The whole configuration as mappings, lists, numbers and texts, nothing left at an unnamed default."""
        return plain(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the resolved configuration, see `config_digest`."""
        return config_digest(self.to_plain())
