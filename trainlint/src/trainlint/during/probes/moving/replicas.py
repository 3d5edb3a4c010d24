"""Are the replicas of a data-parallel run in step?"""

import json
from collections.abc import Sequence

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ....findings import Finding, Severity
from ....rules import updates as rules
from ...run import Epoch, Run
from ...weights.names import norms
from ..probe import Found, Probe


def checksum(model: nn.Module, applied: int) -> list[float]:
    """The number of updates, and norm and sum of all parameters in float64."""
    own = [p for p in nn.Module.parameters(model)]
    with torch.no_grad():
        total = sum(float(p.double().sum()) for p in own if not p.is_complex())
    return [float(applied), sum(norms(own)), total]


def replica_findings(sums: Sequence[Sequence[float]], severity: Severity | None = None) -> list[Finding]:
    """Findings where ranks differ."""
    first = sums[0]
    apart = [rank for rank, each in enumerate(sums) if list(each) != list(first)]
    if not apart:
        return []
    counts = sorted({int(each[0]) for each in sums})
    text = f"ranks {apart} differ from rank 0: updates {counts}, checksums {[round(each[2], 6) for each in sums]}"
    return [rules.REPLICAS_APART.found(text, ranks=len(apart), severity=severity)]


class Replicas(Probe):
    """Compares checksums over all ranks, where they were equal once or the model is wrapped as data-parallel.

    Each rank leaves its numbers of an epoch in the process group's store and reads those of the others when they are
    there: nobody waits for a rank that reports nothing, and sharded models, which were never equal, are let be.
    """

    def __init__(self) -> None:
        self._open: dict[int, list[float]] = {}
        self._equal = False

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Leave the own numbers, and compare those that are complete."""
        if not distributed.is_available() or not distributed.is_initialized() or distributed.get_world_size() < 2:
            return
        own = self._open[epoch.index] = checksum(run.model, run.applied)
        _store().set(_key(epoch.index, distributed.get_rank()), json.dumps(own))
        yield from self._compare(run)

    def asked(self, run: Run) -> Found:
        """Compare what came in since."""
        if self._open and distributed.is_initialized():
            yield from self._compare(run)

    def _compare(self, run: Run) -> Found:
        store, size = _store(), distributed.get_world_size()
        wrapped = any(isinstance(m, DistributedDataParallel) for m in run.model.modules())
        for index in sorted(self._open):
            keys = [_key(index, rank) for rank in range(size)]
            if not store.check(keys):
                continue
            del self._open[index]
            found = replica_findings(
                [json.loads(store.get(key)) for key in keys], None if wrapped else Severity.WARNING
            )
            self._equal |= not found
            if wrapped or self._equal:
                yield from found


def _store() -> distributed.Store:  # pyright: ignore[reportPrivateImportUsage]
    return distributed.distributed_c10d._get_default_store()


def _key(epoch: int, rank: int) -> str:
    return f"trainlint/{epoch}/{rank}"
