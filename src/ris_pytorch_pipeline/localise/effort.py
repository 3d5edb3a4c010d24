"""How likely a fast estimate is right, and so which scenes are worth a search."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for an estimate, per scene.

    >>> import torch
    >>> one = torch.tensor([1.0])
    >>> seen = Evidence(weakest=80 * one, spare=6 * one, doubtful=2 * one, rise=0.1 * one, value=-300 * one)
    >>> seen.features.round(decimals=2)
    tensor([[1.0000, 4.3900, 1.9500, 2.0000, 0.1000]])
    >>> better = Evidence(weakest=160 * one, spare=one, doubtful=4 * one, rise=0 * one, value=-400 * one)
    >>> seen[torch.tensor([0, 0])].replaced(torch.tensor([1]), better, torch.tensor([0])).weakest  # the second row
    tensor([ 80., 160.])

    Args:
        weakest: 2 ΔNLL that leaving out the source that is missed least would cost.
        spare: 2 ΔNLL that one more source would gain, at the best place that was seen.
        doubtful: least of the log odds of the candidates that were chosen.
        rise: log of the noise variance that is left over the one that the colours of the channel show.
        value: negative log-likelihood up to a constant of the scene, nats.
    """

    weakest: Float[Tensor, "scene"]  # noqa: F821
    spare: Float[Tensor, "scene"]  # noqa: F821
    doubtful: Float[Tensor, "scene"]  # noqa: F821
    rise: Float[Tensor, "scene"]  # noqa: F821
    value: Float[Tensor, "scene"]  # noqa: F821

    @property
    def features(self) -> Float[Tensor, "scene feature"]:
        """1, log(1 + weakest), log(1 + spare), the log odds within ±8 and the rise within ±3."""
        logs = (x.clamp_min(0).log1p() for x in (self.weakest, self.spare))
        return torch.stack(
            [torch.ones_like(self.rise), *logs, self.doubtful.clamp(-8, 8), self.rise.clamp(-3, 3)], dim=-1
        )

    def __getitem__(self, rows: Tensor) -> "Evidence":
        """For some of the estimates, by mask or by index."""
        return Evidence(**{name: x[rows] for name, x in vars(self).items()})

    def replaced(self, rows: Tensor, other: "Evidence", some: Tensor) -> "Evidence":
        """The same with some rows of other evidence in its rows."""
        return Evidence(**{n: x.index_copy(0, rows, vars(other)[n][some]) for n, x in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Trust:
    """A logistic regression: σ(w · features) is the probability that all sources are within 3°.

    The defaults are those of the network of the package, fitted by `benchmarks/effort.py`.

    >>> import torch
    >>> values = torch.tensor([4.0, 80.0])  # of the weakest source of two scenes
    >>> none = torch.zeros(2)
    >>> seen = Evidence(weakest=values, spare=none, doubtful=none + 2, rise=none, value=none)
    >>> Trust().right(seen).round(decimals=2)  # probability that all sources are within 3°
    tensor([0.0800, 0.9600])

    Args:
        weights: of `Evidence.features`.
    """

    weights: tuple[float, ...] = (-7.671, 1.993, -0.013, 0.988, -0.215)

    def right(self, evidence: Evidence) -> Float[Tensor, "scene"]:  # noqa: F821
        """The probability that each estimate is right.

        Args:
            evidence: for the estimates.
        """
        features = evidence.features
        return (features @ features.new_tensor(self.weights)).sigmoid()
