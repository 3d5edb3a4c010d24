"""Are the replicas of a data-parallel run in step?"""

from collections.abc import Sequence

import torch
from torch import distributed, nn

from ...findings import Finding
from ...rules import updates as rules
from ..run import Epoch, Run, norms
from .probe import Found, Probe


def checksum(model: nn.Module, applied: int) -> list[float]:
    """The number of updates, and norm and sum of all parameters in float64."""
    with torch.no_grad():
        total = sum(float(p.double().sum()) for p in model.parameters() if not p.is_complex())
    return [float(applied), sum(norms(list(model.parameters()))), total]


def replica_findings(sums: Sequence[Sequence[float]]) -> list[Finding]:
    """Findings where ranks differ.

    Args:
        sums: `checksum` of each rank.
    """
    first = sums[0]
    apart = [rank for rank, each in enumerate(sums) if list(each) != list(first)]
    if not apart:
        return []
    counts = sorted({int(each[0]) for each in sums})
    text = f"ranks {apart} differ from rank 0: updates {counts}, checksums {[round(each[2], 6) for each in sums]}"
    return [rules.REPLICAS_APART.found(text, ranks=len(apart))]


class Replicas(Probe):
    """Compares checksums over all ranks at the end of each epoch; every rank must report its epochs."""

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Gather and compare."""
        if not distributed.is_available() or not distributed.is_initialized() or distributed.get_world_size() < 2:
            return []
        own = checksum(run.model, run.applied)
        sums: list[list[float]] = [[] for _ in range(distributed.get_world_size())]
        distributed.all_gather_object(sums, own)
        return replica_findings(sums)
