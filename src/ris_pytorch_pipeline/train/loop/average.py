"""Which weights are evaluated and saved? A network of its own, so that the live one is never swapped."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Generic, TypeVar

import torch
from torch import nn
from torch.optim.swa_utils import update_bn

Net = TypeVar("Net", bound=nn.Module)


class Average(Generic[Net]):
    """A copy of a network whose weights follow the live ones: average ← (1 - ω) average + ω live.

    Args:
        live: the network in training.
    """

    def __init__(self, live: Net) -> None:
        self.live = live
        self.net: Net = deepcopy(live)
        self.net.requires_grad_(False).eval()

    @torch.no_grad()
    def follow(self, weight: float) -> None:
        """Move the average towards the live weights.

        Args:
            weight: ω, share of the live weights; 1 copies them.
        """
        for mean, parameter in zip(self.net.parameters(), self.live.parameters(), strict=True):
            mean.lerp_(parameter, weight)

    @torch.no_grad()
    def settle(self, batches: Iterable[object]) -> None:
        """Bring buffers up to date: copied from the live network, and batch-norm statistics taken anew.

        Args:
            batches: inputs of training scenes; read only if the network has batch-norm layers.
        """
        for mine, theirs in zip(self.net.buffers(), self.live.buffers(), strict=True):
            mine.copy_(theirs)
        if has_batch_norm(self.net):
            update_bn(batches, self.net)
            self.net.eval()


def has_batch_norm(net: nn.Module) -> bool:
    """Whether some layer keeps running statistics of batches."""
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in net.modules())
