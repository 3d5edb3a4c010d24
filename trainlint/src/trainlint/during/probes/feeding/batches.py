"""Are batches different from one another, all used, and without the answer that is asked for?"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

from ....findings import Finding, Severity, Stage
from ....rules import data as data_rules
from ....rules import updates as update_rules
from ...hearing.passes import tensors
from ...losses.criteria import Criterion
from ...losses.graph import below, edges, field, name, nearby, saved, shape
from ...plan import Why
from ...run import Epoch, Lane, Run
from ..probe import Found, Loss, Probe, Sightings

_NODES = 4000
_SHORTEST = 4
_ENOUGH = 8


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


class Ahead(Probe):
    """The target is the input one place further on, and an attention in the graph has weight on later places."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._seen = Sightings()

    def loss(self, run: Run, loss: Loss) -> Found:
        """At measured updates, of a model that is fed one sequence: of two, one may be read as a whole."""
        whole = [x for x in loss.inputs if not x.is_floating_point() and x.ndim == 2]
        if len(whole) != 1 or len(loss.inputs) > 2 or loss.tensor.grad_fn is None:
            return
        length = next((n for c in loss.criteria if c.kind == "classes" and (n := shifted(whole[0], c.target))), 0)
        if length >= _SHORTEST and (told := _looks_ahead(loss.tensor, length)):
            at = run.applied + 1
            yield data_rules.LEAK.found(
                f"each target is the input one place further on, and {told}",
                subject="attention",
                update=at,
                severity=Severity.WARNING,
                stage=self._seen.stage("", at),
            )


class Copied(Probe):
    """The target is the input itself, place by place, of a model that is allowed to see that place."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._seen = Sightings()

    def loss(self, run: Run, loss: Loss) -> Found:
        """An autoencoder sees the whole sequence through a narrow code; a causal model sees each place by itself."""
        if loss.tensor.grad_fn is None:
            return
        if any(_uncovered(fed, each.target) for each in loss.criteria for fed in loss.inputs):
            at = run.applied + 1
            yield data_rules.LEAK.found(
                "each target that counts is the input at its own place, and those between them are left out: "
                "the mask is the wrong way round",
                subject="target",
                update=at,
                severity=Severity.WARNING,
                stage=self._seen.stage("mask", at),
            )
            return
        pairs = [(fed, each) for each in loss.criteria for fed in loss.inputs if _is_the(fed, each.target)]
        if sum(x.shape == fed.shape for fed, _ in pairs[:1] for x in loss.inputs) > 1:  # one may be given as the target
            read = _looked_up(loss.tensor)
            pairs = [(fed, each) for fed, each in pairs if any(_is_the(x, each.target) for x in read)]
        if any(_place_by_place(run.model, loss.tensor, fed, each) for fed, each in pairs):
            at = run.applied + 1
            yield data_rules.LEAK.found(
                "each target is the input at its own place, which a causal model sees: it learns to copy",
                subject="target",
                update=at,
                severity=Severity.WARNING,
                stage=self._seen.stage("", at),
            )


class Columns(Probe):
    """A column of the inputs is the label."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._seen, self._apart = Sightings(4), False

    def loss(self, run: Run, loss: Loss) -> Found:
        """Of classes alone: what a toy regression learns may well be one of its inputs."""
        if self._apart or not loss.legible:
            return
        wanted = next((c.target for c in loss.criteria if c.kind in {"classes", "logits", "labels"}), None)
        fed = [x for x in loss.inputs if x.ndim == 2 and x.shape[1] > 1 and x.is_floating_point() and not x.is_sparse]
        if wanted is None or len(fed) != 1 or not _ENOUGH <= len(fed[0]) == wanted.numel():
            return
        labels = wanted.detach().reshape(-1).to(fed[0].dtype)
        same = (fed[0].detach() == labels[:, None]).all(dim=0)
        self._apart = not bool(same.any())
        if bool((labels != labels[0]).any()) and not self._apart:
            at = run.applied + 1
            yield data_rules.LEAK.found(
                f"column {int(same.nonzero()[0])} of the inputs is the label, sample by sample",
                subject="column",
                update=at,
                severity=Severity.WARNING,
                stage=self._seen.stage("", at),
            )


def _looked_up(loss: Tensor) -> list[Tensor]:
    found = [saved(node, "indices") for node in nearby(loss, _NODES) if name(node) == "Embedding"]
    return [x for x in found if x is not None]


def _is_the(fed: Tensor, target: Tensor | None) -> bool:
    if target is None or fed.ndim < 2 or fed.shape[1] < _SHORTEST or fed.numel() != target.numel() or fed.is_sparse:
        return False
    flat = fed.detach().reshape(-1)
    return bool((flat == target.detach().reshape(-1)).all()) and bool((flat != flat[0]).any())


def _uncovered(fed: Tensor, target: Tensor | None) -> bool:
    if target is None or fed.is_floating_point() or fed.ndim != 2 or fed.numel() != target.numel():
        return False
    wanted = target.detach().reshape(fed.shape)
    asked = wanted >= 0
    turns = int((asked[:, 1:] != asked[:, :-1]).sum())
    return (
        turns > 1.5 * len(fed)
        and bool((wanted == fed)[asked].all())
        and bool((wanted[asked] != wanted[asked][0]).any())
    )


def _place_by_place(model: nn.Module, loss: Tensor, fed: Tensor, criterion: Criterion) -> bool:
    read = below(criterion.prediction)
    read = below(edges(read)[0][0]) if read is not None and name(read) == "LogSoftmax" else read
    rows = () if read is None else shape(read) or ()
    if not rows or (rows[0] != fed.shape[0] * fed.shape[1] and rows[:2] not in {fed.shape[:2], fed.shape[1::-1]}):
        return False
    attention = [node for node in nearby(loss, _NODES) if name(node).startswith("ScaledDotProduct")]
    recurrent = [m for m in model.modules() if isinstance(m, nn.RNNBase)]
    if attention:
        return not recurrent and all(field(node, "is_causal") for node in attention)
    return len(recurrent) == 1 and not recurrent[0].bidirectional


def shifted(fed: Tensor, target: Tensor | None) -> int:
    """Length of the sequences where the targets are the inputs one place further on; 0 where they are not."""
    if target is None or target.numel() != fed.numel() or not bool((fed != fed.flatten()[0]).any()):
        return 0
    wanted = target.detach().reshape(fed.shape)
    for axis in (1, 0):
        early, late = wanted.narrow(axis, 0, fed.shape[axis] - 1), fed.narrow(axis, 1, fed.shape[axis] - 1)
        asked = early >= 0
        if bool(asked.any()) and bool((early == late)[asked].all()) and not bool((wanted == fed)[wanted >= 0].all()):
            return fed.shape[axis]
    return 0


def _looks_ahead(loss: Tensor, length: int) -> str:
    for node in nearby(loss, _NODES):
        kind = name(node)
        if kind in {"Softmax", "SafeSoftmax"}:
            weights = saved(node, "result")
            if (
                weights is not None
                and weights.shape[-2:] == (length, length)
                and bool(torch.triu(weights.detach(), 1).any())
            ):
                share = float(torch.triu(weights.detach(), 1).sum() / weights.detach().sum())
                return f"{share:.0%} of an attention's weight lies on later places"
        elif kind.startswith("ScaledDotProduct") and not field(node, "is_causal"):
            query, key = saved(node, "query"), saved(node, "key")
            same = query is not None and key is not None and query.shape[-2] == key.shape[-2] == length
            if same and saved(node, "attn_mask") is None and saved(node, "attn_bias") is None:
                return "an attention has neither a mask nor is_causal"
    return ""
