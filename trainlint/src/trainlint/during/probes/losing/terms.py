"""Do the declared terms of a loss live, count, reach the weights, and add up?"""

import math
from collections import Counter, defaultdict

import torch

from ....findings import Stage
from ....rules import losses as rules
from ...run import Run
from ...schedule import Why
from ..probe import Found, Loss, Probe

_SAME = 8
_FULL = {torch.float32, torch.float64}


class Terms(Probe):
    """Declared terms: weights, life, graph, and their sum."""

    losses = Why.ODD

    def __init__(self) -> None:
        self._first: dict[str, float] = {}
        self._count: Counter[str] = Counter()
        self._alive: set[str] = set()
        self._weighted: set[str] = set()
        self._cut: Counter[str] = Counter()
        self._joined: set[str] = set()
        self._ratios: defaultdict[str, list[float]] = defaultdict(list)

    def asked(self, run: Run) -> Found:
        """A weight of zero may be one that grows, and a term may wait for its phase: the whole run says."""
        for name, value in self._first.items():
            if name not in self._weighted:
                yield rules.ZERO_WEIGHT.found(f"weight 0 in every batch, value {value:.4g} in the first", subject=name)
            elif self._count[name] >= _SAME and name not in self._alive:
                yield rules.DEAD_TERM.found(f"{value:.6f} in all {self._count[name]} batches", subject=name)

    def loss(self, run: Run, loss: Loss) -> Found:
        """Every loss with terms."""
        if not loss.terms:
            return
        every = [loss.tensor, *(term for _, term in loss.terms.values())]
        stated, *values = torch.stack([x.detach().double().reshape(()) for x in every]).tolist()  # one transfer
        if not math.isfinite(stated):
            return
        for (name, (weight, _)), value in zip(loss.terms.items(), values, strict=True):
            self._weighted |= {name} if weight else set()
            yield from self._life(run, name, weight, value)
        yield from self._graphs(run, loss, values)
        total = sum(weight * value for (weight, _), value in zip(loss.terms.values(), values, strict=True))
        # float32 sums of a few terms agree to 1e-6; half precision to 1e-3.
        slack = 1e-4 if all(x.dtype in _FULL for x in every) else 2e-3
        if abs(total - stated) > slack * max(abs(total), abs(stated), 1e-12):
            yield from self._unaccounted(run, loss.name, total, stated)

    def _life(self, run: Run, name: str, weight: float, value: float) -> Found:
        first = self._first.setdefault(name, value)
        self._count[name] += 1
        if name in self._alive:
            return
        if value != first:
            self._alive.add(name)
            yield rules.DEAD_TERM.withdrawn(f"it is {value:.6f} now", subject=name, update=run.applied + 1)
        elif weight and self._count[name] == _SAME:
            text = f"{first:.6f} in {_SAME} batches"
            yield rules.DEAD_TERM.found(text, subject=name, update=run.applied + 1, stage=Stage.SUSPECTED)

    def _graphs(self, run: Run, loss: Loss, values: list[float]) -> Found:
        """A term that counts and has no graph, beside terms that have one."""
        if not torch.is_grad_enabled() or not any(term.requires_grad for _, term in loss.terms.values()):
            return  # a loop that hands over detached values for the record detaches them all
        for (name, (weight, term)), value in zip(loss.terms.items(), values, strict=True):
            if term.requires_grad:
                self._joined.add(name)
            elif weight and value and name not in self._joined:
                self._cut[name] += 1
                if self._cut[name] in {1, 3}:
                    yield rules.TERM_CUT.found(
                        f"weight {weight:g}, value {value:.4g}, no graph in {self._cut[name]} batches",
                        subject=name, update=run.applied + 1,
                        stage=Stage.CONFIRMED if self._cut[name] > 1 else Stage.SUSPECTED,
                    )  # fmt: skip

    def _unaccounted(self, run: Run, name: str, total: float, stated: float) -> Found:
        """A loss divided by the passes of an update differs from its terms by that whole number, every time."""
        ratios = self._ratios[name]
        ratios.append(total / stated if stated else math.inf)
        del ratios[:-3]
        whole = round(ratios[-1]) if math.isfinite(ratios[-1]) else 0
        unit = whole > 1 and all(abs(each - whole) < 0.01 * whole for each in ratios)
        divided = unit and any(lane.window == whole or not lane.applied for lane in run.lanes)
        if not divided:
            yield rules.UNACCOUNTED.found(
                f"the weighted terms add up to {total:.6g}, the loss is {stated:.6g}",
                update=run.applied + 1, total=total, loss=stated,
                stage=Stage.CONFIRMED if len(ratios) > 1 else Stage.SUSPECTED,
            )  # fmt: skip
