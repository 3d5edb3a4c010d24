"""What a likelihood search keeps of each scene: a number of sources, their parameters and the objective."""

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ...physics import Observation
from ...shapes import Cosines
from ..grid import SearchGrid
from .levenberg import Ceiling

Rows = Int[Tensor, "row"]


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """K sources in each of some scenes (rows).

    Args:
        cosines: (row, source, 3), (u, w, q), or (row, source, 4), (d_x, u, w, q), of a deep array.
        log_powers: (row, source).
        log_noise: (row,), log σ².
        value: (row,), negative log-likelihood up to a constant, nats.
        converged: (row,), whether the last refinement reached its tolerance.
    """

    cosines: Cosines
    log_powers: Float[Tensor, "row source"]
    log_noise: Float[Tensor, "row"]  # noqa: F821
    value: Float[Tensor, "row"]  # noqa: F821
    converged: Bool[Tensor, "row"]  # noqa: F821

    def __getitem__(self, rows: Tensor) -> "Hypothesis":
        """Some of the rows, by mask or by index."""
        return Hypothesis(**{name: value[rows] for name, value in vars(self).items()})

    def without(self, source: int) -> "Hypothesis":
        """The same with one source left out; the value is not updated."""
        kept = [k for k in range(self.cosines.shape[1]) if k != source]
        return Hypothesis(
            self.cosines[:, kept], self.log_powers[:, kept], self.log_noise, self.value, self.converged
        )  # fmt: skip

    def plus(self, cosines: Float[Tensor, "row coordinate"], log_power: Float[Tensor, "row"]) -> "Hypothesis":  # noqa: F821
        """The same with one more source at the end; the value is not updated."""
        return Hypothesis(
            torch.cat([self.cosines, cosines[:, None]], dim=1),
            torch.cat([self.log_powers, log_power[:, None]], dim=1),
            self.log_noise,
            self.value,
            self.converged,
        )

    def strongest_first(self) -> "Hypothesis":
        """The same with the sources in the order of their powers."""
        order = self.log_powers.argsort(dim=1, descending=True)
        cosines = self.cosines.gather(1, order.unsqueeze(-1).expand_as(self.cosines))
        return replace(self, cosines=cosines, log_powers=self.log_powers.gather(1, order))

    def replaced(self, rows: Tensor, other: "Hypothesis") -> "Hypothesis":
        """The same with the given rows taken from another hypothesis of as many sources."""
        mine = {name: value.clone() for name, value in vars(self).items()}
        for name, value in mine.items():
            value[rows] = vars(other)[name]
        return Hypothesis(**mine)


def joined(parts: list[Hypothesis]) -> Hypothesis:
    """Rows of several hypotheses with as many sources, one after another."""
    return Hypothesis(**{name: torch.cat([vars(part)[name] for part in parts]) for name in vars(parts[0])})


Rivals = tuple[Tensor, Hypothesis]
"""Hypotheses that were nearly as likely as the best one of their scene when they were tried."""


@runtime_checkable
class OnGrid(Protocol):
    """Scenes that are searched on a grid."""

    @property
    def grid(self) -> SearchGrid:
        """The grid."""
        ...

    @property
    def observation(self) -> Observation:
        """The scenes."""
        ...


@runtime_checkable
class Likelihood(Protocol):
    """What a search needs of a likelihood. `rows` says which scene each row of a hypothesis belongs to.

    A search leaves in `rivals` what came close, so that nobody has to search a second time for other answers.
    """

    grid: SearchGrid
    observation: Observation
    rivals: list[Rivals]

    def nothing(self, rows: Rows) -> Hypothesis:
        """The hypothesis of no source."""
        ...

    def start_at(self, rows: Rows, cosines: Cosines) -> Hypothesis:
        """A hypothesis at given cosines, ready to be refined."""
        ...

    def scores(self, rows: Rows, at: Hypothesis) -> Tensor:
        """The gradient's terms, snapshot by snapshot, over the parameters of `information`."""
        ...

    def information(self, rows: Rows, at: Hypothesis) -> Tensor:
        """Fisher information at a hypothesis; (a, b, q) of source 1, 2, ... lead the parameters."""
        ...

    def scan(self, rows: Rows, given: Hypothesis) -> tuple[Tensor, Tensor]:
        """Gain of one more source at each grid point: 2 (NLL without - NLL with), (row, point), and its log power."""
        ...

    def refine(
        self, rows: Rows, start: Hypothesis, *, iterations: int, tolerance: float, ceiling: Ceiling | None = None
    ) -> Hypothesis:  # fmt: skip
        """Minimise the objective over all parameters; give up rows that will not come below the ceiling."""
        ...
