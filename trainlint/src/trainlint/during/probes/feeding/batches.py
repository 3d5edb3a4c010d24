"""Are batches different from one another, and does an epoch use all of them?"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence

import torch

from ....findings import Finding, Stage
from ....rules import data as data_rules
from ....rules import updates as update_rules
from ...hearing.passes import tensors
from ...run import Epoch, Lane, Run
from ..probe import Found, Probe


def content_hash(batch: object, most: int | None = None) -> str:
    """SHA-256 of the shapes and entries of all tensors in a batch, or of the first `most` entries of each."""
    digest = hashlib.sha256()
    for tensor in tensors(batch):
        digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
        flat = tensor.detach().reshape(-1)[:most].cpu().contiguous()
        digest.update(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
    return digest.hexdigest()


def batch_findings(epochs: Sequence[Iterable[object]]) -> list[Finding]:
    """Findings about one or two epochs of a loader: empty, repeated, in fixed order, or sorted by label."""
    hashes: list[list[str]] = []
    single = many = 0
    for batches in epochs:
        seen = []
        for batch in batches:
            seen.append(content_hash(batch))
            labels = [t for t in tensors(batch) if t.ndim == 1 and not t.is_floating_point() and not t.is_complex()]
            many += bool(labels)
            single += bool(labels) and labels[-1].numel() > 3 and bool((labels[-1] == labels[-1][0]).all())
        hashes.append(seen)
    return list(_judge(hashes, single, many))


def _judge(hashes: list[list[str]], single: int, many: int) -> Iterator[Finding]:
    for index, seen in enumerate(hashes, 1):
        if not seen:
            yield data_rules.EMPTY.found(f"0 batches in epoch {index}")
        elif len(set(seen)) < len(seen):
            repeated = len(seen) - len(set(seen))
            yield data_rules.REPEATED.found(
                f"{repeated} of {len(seen)} batches in epoch {index} repeat another", repeated=repeated
            )
    if len(hashes) > 1 and len(hashes[0]) > 1 and hashes[0] == hashes[1]:
        yield data_rules.FIXED_ORDER.found(f"{len(hashes[0])} batches in the same order in two epochs")
    if many > 3 and single > 0.8 * many:
        yield data_rules.ONE_LABEL.found(f"{single} of {many} batches hold one class", single=single, batches=many)


class Batches(Probe):
    """Batches that the loop reports against what was seen, where one optimiser trains."""

    def __init__(self) -> None:
        self._few: list[str] = []
        self._short = 0
        self._wasted = 0

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Compare, and confirm with the next epoch what one epoch showed."""
        if not epoch.batches or len(run.lanes) != 1 or run.strays:
            return
        lane, batches = run.lanes[0], epoch.batches
        if 0 < epoch.backwards < batches - epoch.skipped and 2 * epoch.backwards <= batches:
            self._few.append(
                f"{batches} batches, {epoch.backwards} backward passes, {epoch.applied} updates in epoch {epoch.index}"
            )
            stage = Stage.of(len(self._few) > 1)
            yield update_rules.BATCH_WITHOUT_BACKWARD.found(self._few[-1], stage=stage, batches=batches)
            return
        yield from self._dropped(run, lane, epoch, batches)

    def _dropped(self, run: Run, lane: Lane, epoch: Epoch, batches: int) -> Found:
        window = run.plan.accumulation or max(1, lane.window)
        dropped = lane.wasted > self._wasted
        self._wasted = lane.wasted
        expected = math.ceil(batches / window)
        if window == 1 or epoch.backwards != batches or epoch.applied + epoch.skipped >= expected:
            return
        self._short += 1
        yield update_rules.WINDOW_DROPPED.found(
            f"{epoch.applied} updates in epoch {epoch.index}, {expected} expected of {batches} batches in windows of "
            f"{window}; {batches % window} passes left over",
            stage=Stage.of(dropped and self._short > 1),
            applied=epoch.applied,
            expected=expected,
            window=window,
        )

    def asked(self, run: Run) -> Found:
        """A run of one epoch ends: what it showed stands."""
        if len(self._few) == 1 and len(run.epochs) == 1:
            yield update_rules.BATCH_WITHOUT_BACKWARD.found(self._few[0])
