"""What do the losses say: not finite, zero, constant, diverging, or no better than a constant answer?"""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence

import torch

from ...findings import Severity
from ...rules import losses as rules
from ...rules import numbers, updates
from ..graph import criterion
from ..run import Lane, Run, Step
from .probe import Found, Loss, Probe

_SAME = 8
"""Batches of different data that give one float32 number eight times are not different data, or not a loss."""
_AGAIN = 10.0
"""A running loss that stays above ten times its start has left, whatever the batch noise."""


class Stream(Probe):
    """The stream of loss values, by name."""

    def __init__(self) -> None:
        self._first: defaultdict[str, list[float]] = defaultdict(list)
        self._last: defaultdict[str, list[float]] = defaultdict(list)
        self._bad = 0

    def loss(self, run: Run, loss: Loss) -> Found:
        """A loss without a graph, or of half precision."""
        if torch.is_grad_enabled() and not loss.tensor.requires_grad:
            yield updates.GRAPH_CUT.found(
                f"{loss.name} = {float(loss.tensor.detach().float().mean()):.6g} has no grad_fn", update=run.applied + 1
            )
        if loss.tensor.dtype in {torch.float16, torch.bfloat16}:
            yield numbers.HALF_LOSS.found(f"{loss.name} is {str(loss.tensor.dtype).removeprefix('torch.')}")

    def values(self, run: Run, name: str, values: Sequence[float]) -> Found:
        """New values."""
        for value in values:
            yield from self._one(run, name, value)

    def _one(self, run: Run, name: str, value: float) -> Found:
        at = run.applied + 1
        if not math.isfinite(value):
            self._bad += 1
            # Under a scaler one overflow in the forward pass is skipped like one in the backward pass.
            if run.plan.guarded or run.scaler is None or self._bad >= 3:
                severity = Severity.NOTE if run.plan.guarded else None
                yield rules.NOT_FINITE.found(f"{name} is {value} at update {at}", severity=severity, update=at)
            return
        self._bad = 0
        first, last = self._first[name], self._last[name]
        if len(first) < _SAME:
            first.append(value)
        last.append(value)
        del last[:-_SAME]
        if len(first) == 3 and len(last) == 3 and not any(first):
            yield rules.ZERO.found(f"{name} is exactly 0 in the first 3 batches", update=at)
        # A loop that does one pass of accumulation may show the same weights and batch; eight passes do not.
        if len(first) == _SAME and len(last) == _SAME and last[0] and len(set(last)) == 1:
            fresh = len(set(first)) == 1
            severity = None if fresh and run.applied >= 2 else Severity.NOTE
            yield rules.CONSTANT.found(
                f"{name} = {value:.9g} in {_SAME} batches in a row, {run.applied} updates", severity=severity, update=at
            )
        start = max(first[:3])
        if len(first) == _SAME and start > 0 and min(last) > _AGAIN * start:
            yield rules.DIVERGED.found(
                f"the last {_SAME} values of {name} are all above {min(last):.3g}; the first three reached {start:.3g}",
                update=at, start=start, lowest=min(last),
            )  # fmt: skip


class Terms(Probe):
    """Declared terms: weights, life, and their sum."""

    def __init__(self) -> None:
        self._values: defaultdict[str, list[float]] = defaultdict(list)
        self._weighted: set[str] = set()

    def asked(self, run: Run) -> Found:
        """A weight of zero at the start may be one that grows: what it was is known when the verdict is asked for."""
        for name, seen in self._values.items():
            if name not in self._weighted:
                yield rules.ZERO_WEIGHT.found(
                    f"weight 0 in every batch, value {seen[0]:.4g} in the first", subject=name
                )

    def loss(self, run: Run, loss: Loss) -> Found:
        """The first eight losses with terms."""
        if not loss.terms:
            return
        total = 0.0
        every = [loss.tensor, *(term for _, term in loss.terms.values())]
        stated, *values = torch.stack([x.detach().double().reshape(()) for x in every]).tolist()  # one transfer
        if not math.isfinite(stated):
            return
        for (name, (weight, _)), value in zip(loss.terms.items(), values, strict=True):
            total += weight * value
            self._weighted |= {name} if weight else set()
            seen = self._values[name]
            if len(seen) < _SAME:
                seen.append(value)
                yield from self._term(run, name, weight, seen)
        # float32 sums of a few terms agree to 1e-6; half precision to 1e-3.
        if abs(total - stated) > 2e-3 * max(abs(total), abs(stated), 1e-12):
            yield rules.UNACCOUNTED.found(
                f"the weighted terms add up to {total:.6g}, the loss is {stated:.6g}",
                update=run.applied + 1, total=total, loss=stated,
            )  # fmt: skip

    def _term(self, run: Run, name: str, weight: float, seen: list[float]) -> Found:
        if weight and len(seen) == _SAME and len(set(seen)) == 1:
            yield rules.DEAD_TERM.found(f"{seen[0]:.6f} in {_SAME} batches", subject=name, update=run.applied + 1)


class Baseline(Probe):
    """Is the loss below that of an answer that has learned nothing?

    The reference is `plan.baseline`, or that of the best constant, measured from the targets: their variance under a
    mean squared error, their mean distance from the median under a mean absolute one, the entropy of the classes or
    of the mean label under a cross entropy. The loss must be one such mean, of one optimiser.
    """

    def __init__(self) -> None:
        self._recent: defaultdict[str, list[float]] = defaultdict(list)
        self._targets: list[tuple[str, torch.Tensor]] = []
        self._updates = 0

    def loss(self, run: Run, loss: Loss) -> Found:
        """Keep the targets of measured batches."""
        # A criterion that is one term of several is not the loss.
        alone = loss.measured and len(run.lanes) == 1 and len(loss.terms) < 2
        found = criterion(loss.tensor, loss.output) if alone else None
        if found is not None and found[1].numel() > 1:
            self._targets.append((found[0], found[1].detach().flatten()[:4096].cpu()))
        return ()

    def values(self, run: Run, name: str, values: Sequence[float]) -> Found:
        """Keep the recent values."""
        self._recent[name] = [*self._recent[name], *values][-32:]
        return ()

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Count."""
        self._updates += 1
        return ()

    def asked(self, run: Run) -> Found:
        """Judge after a hundred updates, where even a slow start has passed the constant answer."""
        if self._updates < 100 or len(self._recent) != 1:
            return
        recent = next(iter(self._recent.values()))
        reference = self._reference(run)
        if reference is None or len(recent) < 16:
            return
        now, least = statistics.fmean(recent), reference - 0.02 * abs(reference)
        if now >= least:
            yield rules.NO_BETTER.found(
                f"mean of the last {len(recent)} losses {now:.4g}, a constant answer gives {reference:.4g}",
                update=self._updates, now=now, reference=reference,
            )  # fmt: skip
            return
        judged = [e.val for e in run.epochs if e.val is not None and math.isfinite(e.val)]
        if len(judged) >= 3 and min(judged) >= least:
            yield rules.NO_BETTER.found(
                f"best of {len(judged)} validation losses {min(judged):.4g}, a constant answer gives {reference:.4g}",
                subject="validation", update=self._updates, best=min(judged), reference=reference,
            )  # fmt: skip

    def blind(self, run: Run) -> Iterable[str]:
        """Losses were seen, and nothing to compare them with."""
        if self._recent and self._reference(run) is None:
            yield "a loss no better than a constant answer's: no baseline for this loss; declare Watch(baseline=...)"

    def _reference(self, run: Run) -> float | None:
        return self.measured() if run.plan.baseline is None else run.plan.baseline

    def measured(self) -> float | None:
        """Loss of the best constant answer; None where it is not known, or zero."""
        kinds = {kind for kind, _ in self._targets}
        if len(kinds) != 1:
            return None
        targets = torch.cat([t for _, t in self._targets])
        return constant(kinds.pop(), targets) or None


def constant(kind: str, targets: torch.Tensor) -> float:
    """Loss of the best constant answer.

    Args:
        kind: as `criterion` names it.
        targets: of any shape; negative classes are those that cross entropy ignores.
    """
    if kind == "squared":
        return float(targets.double().var(correction=0))
    if kind == "absolute":
        return float((targets.double() - targets.double().median()).abs().mean())
    if kind == "labels":
        mean = targets.double().mean()
        return float(torch.special.entr(torch.stack([mean, 1 - mean])).sum())
    shares = torch.bincount(targets[targets >= 0].long()).double()
    return float(torch.special.entr(shares / shares.sum()).sum())
