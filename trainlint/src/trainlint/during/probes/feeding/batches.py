"""Are batches different from one another, within an epoch and between epochs?"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from ....findings import Finding
from ....rules import data as rules


def tensors(batch: object) -> list[Tensor]:
    """All tensors in a batch of nested tuples, lists and mappings, in order."""
    if isinstance(batch, Tensor):
        return [batch]
    if isinstance(batch, Mapping):
        return [t for value in batch.values() for t in tensors(value)]
    if isinstance(batch, Sequence) and not isinstance(batch, str | bytes):
        return [t for value in batch for t in tensors(value)]
    return []


def content_hash(batch: object, most: int | None = None) -> str:
    """SHA-256 of the shapes and entries of all tensors in a batch, or of the first `most` entries of each."""
    digest = hashlib.sha256()
    for tensor in tensors(batch):
        digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
        flat = tensor.detach().reshape(-1)[:most].cpu().contiguous()
        digest.update(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
    return digest.hexdigest()


def batch_findings(epochs: Sequence[Iterable[object]]) -> list[Finding]:
    """Findings about one or two epochs of a loader: empty, repeated, in fixed order, or sorted by label.

    Args:
        epochs: the batches of one epoch, or of two.
    """
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
            yield rules.EMPTY.found(f"0 batches in epoch {index}")
        elif len(set(seen)) < len(seen):
            repeated = len(seen) - len(set(seen))
            yield rules.REPEATED.found(
                f"{repeated} of {len(seen)} batches in epoch {index} repeat another", repeated=repeated
            )
    if len(hashes) > 1 and len(hashes[0]) > 1 and hashes[0] == hashes[1]:
        yield rules.FIXED_ORDER.found(f"{len(hashes[0])} batches in the same order in two epochs")
    if many > 3 and single > 0.8 * many:
        yield rules.ONE_LABEL.found(f"{single} of {many} batches hold one class", single=single, batches=many)
