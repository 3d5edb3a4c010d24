"""Do weights move as much as they should, module by module, and alike in every replica?"""

import json
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ....findings import Finding, Severity, Stage
from ....rules import updates as rules
from ...plan import Why
from ...run import Epoch, Lane, Run, Step, module_of, some
from ...weights.names import buffers, norms, parameters, sample
from ..probe import Found, Loss, Probe

_ROUNDING = 1e-7
"""Half a unit in the last place of float32 is 6e-8: below it most entries do not change."""
_JUMP = 0.5
"""An update of half the weights' size forgets the first ones; Adam at 1e-2 on small layers reaches 0.2."""
_SMALL, _SOLVED = 0.05, 0.2
"""An update and a share of the first loss that say that a wild start came to an end."""
_LEAP, _FORGOTTEN = 0.5, 10.0
"""A rate of Adam far above any that trains a network, and a first update many times larger than the weights."""
_STUCK = 0.8
"""Of half-precision weights that are trained at a useful rate, less than half stay where they are in an update."""
_STEADY = 8
"""Equal steps away from zero are 1/7 of the weights by the eighth update."""


class Motion(Probe):
    """Size of each update relative to the weights."""

    losses = updates = Why.MEASURED

    def __init__(self) -> None:
        self._still, self._wild = Counter[int](), Counter[int]()
        self._seen: defaultdict[int, list[float]] = defaultdict(list)
        self._stuck: defaultdict[int, list[float]] = defaultdict(list)
        self._rate: dict[int, float] = {}
        self._large, self._single = set[int](), False
        self._early, self._last = list[float](), list[float]()

    def loss(self, run: Run, loss: Loss) -> Found:
        """Of a stream of single samples the first loss says little."""
        self._single = bool(loss.outputs) and all(each.numel() == 1 for each in loss.outputs)
        return ()

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Zero, below rounding, or far too large."""
        if not step.measured or not any(step.rates) or not any(step.used.values()) or not step.moved:
            return
        key = id(lane)
        if not any(step.moved.values()) and step.unmoved:
            self._still[key] += 1  # an optimiser may accumulate by itself, and move at every fourth step
            count = self._still[key]
            if count in {2, 6}:
                yield rules.NO_MOTION.found(
                    f"Δ = 0 in {len(step.unmoved)} tensors with a gradient, {count} times, at {step.at}",
                    subject=lane.subject, update=step.index, tensors=len(step.unmoved),
                    stage=Stage.of(count == 6 and not self._seen[key]),
                )  # fmt: skip
            return
        if self._still[key] >= 2 and not self._seen[key]:
            yield rules.NO_MOTION.withdrawn("the weights move since", subject=lane.subject, update=step.index)
        seen = self._seen[key]
        seen.append(step.relative)
        self._wild[key] = self._wild[key] + 1 if run.worsening else 0
        yield from self._leaps(lane, step)
        yield from self._rounded(lane, step)
        if len(seen) < 3:
            return
        typical = statistics.median(seen[-3:])
        if typical < _ROUNDING:
            yield rules.BELOW_ROUNDING.found(
                f"relative update {typical:.2g} (median of 3), gradient "
                f"{math.hypot(*filter(None, step.used.values())):.2g}, {step.at}",
                severity=None if max(seen) < _ROUNDING else Severity.NOTE, update=step.index, relative=typical,
            )  # fmt: skip
        yield from self._large_ones(run, lane, step, typical)

    def _large_ones(self, run: Run, lane: Lane, step: Step, typical: float) -> Found:
        # Small first weights double in their first updates, and one loss says little. A lone scale may stay near
        # zero, and a line search takes the step that it has tried.
        matrices = any(p.ndim > 1 for p in lane.held) and not step.closure
        lasts = step.index >= _STEADY and step.relative > _JUMP and not run.improving
        if typical > _JUMP and matrices and (self._wild[id(lane)] > 1 or lasts):
            self._large.add(id(lane))
            yield rules.TOO_LARGE.found(
                f"relative update {typical:.2g} (median of 3) at {step.at}",
                update=step.index, relative=typical,
            )  # fmt: skip
        yield from self.asked(run)

    def values(self, run: Run, name: str, values: Sequence[float]) -> Found:
        """Keep the first and the last ones."""
        self._early, self._last = [*self._early, *values][:5], [*self._last, *values][-3:]
        return ()

    def asked(self, run: Run) -> Found:
        """A wild start came to an end where losses and updates have become small."""
        if not self._large or not self._last:
            return
        start = statistics.median(self._early) if self._single else self._early[0]
        small = all(self._seen[key][-1] < _SMALL for key in self._large)
        if small and all(value < _SOLVED * start for value in self._last):
            self._large.clear()
            yield rules.TOO_LARGE.withdrawn("updates are small now, and the loss has fallen")

    def _leaps(self, lane: Lane, step: Step) -> Found:
        first, rate = self._seen[id(lane)][0], max(step.rates)
        if step.in_rates is None or rate < _LEAP or first < _FORGOTTEN or len(self._seen[id(lane)]) not in {3, 4}:
            return
        if any(p.ndim > 1 for p in lane.held):
            yield rules.TOO_LARGE.found(
                f"each update moves every weight by about {rate:.3g}; the first one was {first:.3g} times their size",
                subject=lane.subject, update=step.index, relative=first,
                stage=Stage.of(len(self._seen[id(lane)]) > 3),
            )  # fmt: skip

    def _rounded(self, lane: Lane, step: Step) -> Found:
        stuck, rate = self._stuck[id(lane)], max(step.rates)
        rising, self._rate[id(lane)] = rate > self._rate.get(id(lane), 0.0), rate
        stuck += [] if rising else [step.stuck]
        share = statistics.median(stuck[-3:]) if len(stuck) > 2 else 0.0
        if share > _STUCK:
            yield rules.BELOW_ROUNDING.found(
                f"{share:.0%} of the entries with a gradient kept their value (median of 3): half precision rounds the "
                f"update away, at {step.at}",
                severity=None if min(stuck) > _STUCK else Severity.NOTE, update=step.index, stuck=share,
            )  # fmt: skip


class Declared(Probe):
    """Does what was declared frozen stay where it was? Parameters and buffers are compared on a sample."""

    updates = Why.MEASURED

    def __init__(self) -> None:
        self._at: dict[str, Tensor] = {}

    def attached(self, run: Run) -> Found:
        """Remember the frozen part."""
        self._at = {name: sample(t).clone() for name, t in self._frozen(run).items()}
        return ()

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Compare whenever an update is measured."""
        if step.measured and self._at:
            yield from self._compare(run, step.index)

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Compare at the end of each epoch."""
        if self._at:
            yield from self._compare(run, None)

    def _frozen(self, run: Run) -> dict[str, Tensor]:
        known = {**parameters(run.model), **buffers(run.model)}
        return {n: t for n, t in known.items() if run.plan.is_frozen(n) and t.is_floating_point()}

    def _compare(self, run: Run, update: int | None) -> Found:
        live = self._frozen(run)
        names = [n for n in self._at if n in live]
        moved = norms([sample(live[n]) - self._at[n] for n in names])
        gone = {n: m for n, m in zip(names, moved, strict=True) if m != 0}
        if gone:
            yield rules.FROZEN_MOVED.found(
                f"{len(gone)} tensors declared frozen moved: {some(list(gone))} by {max(gone.values()):.2g}",
                subject=some(list(dict.fromkeys(map(module_of, gone))), 2), update=update, tensors=len(gone),
            )  # fmt: skip


class Modules(Probe):
    """Does a module stay behind the others: updates below rounding, or its weights put back after each?"""

    updates = Why.MEASURED

    def __init__(self) -> None:
        self._alive: set[str] = set()
        self._lost: defaultdict[str, list[float]] = defaultdict(list)
        self._rate: dict[int, float] = {}

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """From the eighth update on: modules that no measured update has moved for good, at a rate that had risen."""
        if not step.measured or step.index <= run.plan.partial:
            return
        rate = max(step.rates, default=0.0)
        rising, self._rate[id(lane)] = rate > self._rate.get(id(lane), 0.0), rate
        back = step.returned
        if back is None:
            return
        for module, moved in step.modules.items():
            if not moved < _ROUNDING and module not in back:
                self._alive.add(module)
            elif not rising:
                self._lost[module].append(moved)
        if step.index >= _STEADY:
            lost = self._still(run, lane, step)
            yield from self._put_back([module for module in lost if module in back], step)
            yield from self._rounded([module for module in lost if module not in back], step)

    def _still(self, run: Run, lane: Lane, step: Step) -> list[str]:
        groups = zip(lane.optimizer.param_groups, step.rates, strict=False)  # another optimiser may have stepped
        names = (lane.names.get(p) for group, rate in groups if rate == 0 for p in group["params"])
        idle = {module_of(name) for name in names if name is not None}  # a finding of its own
        return [
            module for module in step.modules
            if len(self._lost[module]) > 2 and module not in self._alive | idle and not run.plan.is_frozen(module)
        ]  # fmt: skip

    def _put_back(self, modules: list[str], step: Step) -> Found:
        if modules:
            yield rules.MODULE_STILL.found(
                f"{some(modules)}: moved, and back at the same values at the next of "
                f"{len(self._lost[modules[0]])} measured updates",
                subject=some(modules), update=step.index, modules=len(modules),
            )  # fmt: skip

    def _rounded(self, modules: list[str], step: Step) -> Found:
        if modules and self._alive:
            typical = max(statistics.median(self._lost[module][-3:]) for module in modules)
            yield rules.MODULE_STILL.found(
                f"{some(modules)}: relative update {typical:.2g} (median of 3) and never above {_ROUNDING}; "
                f"{step.relative:.2g} of the whole, at {step.at}",
                subject=some(modules), update=step.index, relative=typical, modules=len(modules),
            )  # fmt: skip


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

    Each rank leaves its numbers in the process group's store and reads those of others that are there: nobody waits.
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
