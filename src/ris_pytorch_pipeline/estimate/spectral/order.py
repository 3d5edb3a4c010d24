"""How many sources the eigenvalues of a covariance show: the largest gap, AIC and MDL."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from ...errors import InputError
from ...shapes import Counts


@runtime_checkable
class OrderRule(Protocol):
    """Anything that counts sources from eigenvalues.

    >>> import torch
    >>> from ris_pytorch_pipeline.estimate import Music
    >>> def above_the_mean(eigenvalues, snapshots):
    ...     return (eigenvalues > eigenvalues.mean(-1, keepdim=True)).sum(-1)
    >>> Music(order=above_the_mean).order(torch.tensor([[9.0, 5.0, 0.1, 0.1]]), None)
    tensor([2])
    """

    def __call__(self, eigenvalues: Float[Tensor, "scene value"], snapshots: int | None) -> Counts:
        """The number of sources of each scene.

        Args:
            eigenvalues: (scene, value), largest first.
            snapshots: L, how many samples the covariance averages; None for a covariance that averages none.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class EigenvalueGap:
    """K̂ = argmax_k λ_k / λ_{k+1}, k = 1..most: for a covariance that is a model, such as a network's.

    Eigenvalues below 1e-8 of the largest count as equal to it. No threshold, so there is always at least one source.

    >>> import torch
    >>> EigenvalueGap()(torch.tensor([[9.0, 5.0, 0.1, 0.1]]), None)
    tensor([2])

    Args:
        most: largest order.
    """

    most: int = 8

    def __call__(self, eigenvalues: Float[Tensor, "scene value"], snapshots: int | None) -> Counts:
        """The number of sources of each scene; `snapshots` is not needed."""
        values = eigenvalues[:, : self.most + 1].clamp_min(1e-8 * eigenvalues[:, :1])
        return (values[:, :-1] / values[:, 1:]).argmax(-1) + 1


@dataclass(frozen=True, kw_only=True)
class InformationCriterion:
    """K̂ = argmin_k L (m - k) log(mean / geometric mean of λ_{k+1..m}) + penalty k (2 m - k), m = min(N, L).

    AIC has penalty 1 and MDL log(L)/2, for circular complex samples (Wax and Kailath, IEEE TASSP 33, 1985). Eigenvalues
    beyond the L samples are zero and left out. Both presume that all snapshots share one signal subspace. With a
    different G_l per snapshot there is none, and they are known to fail here: they are baselines.

    >>> import torch
    >>> eigenvalues = torch.tensor([[9.0, 5.0, 1.1, 1.0, 0.9]])
    >>> InformationCriterion(consistent=True, most=4)(eigenvalues, 100)  # MDL of 100 samples
    tensor([2])

    Args:
        consistent: True is MDL, False is AIC.
        most: largest order.
    """

    consistent: bool
    most: int = 8

    def __call__(self, eigenvalues: Float[Tensor, "scene value"], snapshots: int | None) -> Counts:
        """The number of sources of each scene, which may be 0.

        Raises:
            InputError: the number of snapshots is unknown, or 1.
        """
        if snapshots is None or snapshots < 2:
            raise InputError(
                "the number of snapshots that the covariance averages, at least 2",
                str(snapshots),
                "an information criterion on a covariance that is no average",
                "pass snapshots, or count by EigenvalueGap",
            )
        size = min(eigenvalues.shape[-1], snapshots)
        values = eigenvalues[:, :size].clamp_min(torch.finfo(eigenvalues.dtype).tiny)
        costs = [self._cost(values[:, k:], k, size, snapshots) for k in range(min(self.most, size - 1) + 1)]
        return torch.stack(costs, dim=-1).argmin(-1)

    def _cost(self, rest: Tensor, order: int, size: int, snapshots: int) -> Tensor:
        unlike = snapshots * rest.shape[-1] * (rest.mean(-1).log() - rest.log().mean(-1))
        penalty = torch.tensor(float(snapshots)).log().item() / 2 if self.consistent else 1.0
        return unlike + penalty * order * (2 * size - order)


def aic(most: int = 8) -> InformationCriterion:
    """Akaike's information criterion on eigenvalues; known to fail on coded snapshots.

    >>> import torch
    >>> aic(most=4)(torch.tensor([[9.0, 5.0, 1.1, 1.0, 0.9]]), 100)  # of 100 samples
    tensor([2])
    """
    return InformationCriterion(consistent=False, most=most)


def mdl(most: int = 8) -> InformationCriterion:
    """Minimum description length on eigenvalues; known to fail on coded snapshots.

    >>> import torch
    >>> mdl(most=4)(torch.tensor([[9.0, 5.0, 1.1, 1.0, 0.9]]), 100)  # of 100 samples
    tensor([2])
    """
    return InformationCriterion(consistent=True, most=most)
