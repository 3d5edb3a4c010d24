"""Did the update do anything to the live weights?"""

import statistics
from collections import Counter, defaultdict

from torch import Tensor

from ...findings import Severity
from ...rules import updates as rules
from ..names import buffers, parameters
from ..run import Epoch, Lane, Run, Step, module_of, norms, some
from ..samples import sample
from .probe import Found, Probe

_ROUNDING = 1e-7
"""Half a unit in the last place of float32 is 6e-8: below it most entries do not change."""
_JUMP = 0.5
"""An update of half the weights' size forgets the initialisation at once; Adam at 1e-2 on small layers reaches 0.2."""


_STUCK = 0.8
"""Of half-precision weights that are trained at a useful rate, less than half stay where they are in an update."""
_STEADY = 8
"""Equal steps away from zero are 1/7 of the weights by the eighth update."""


class Motion(Probe):
    """Size of each update relative to the weights."""

    def __init__(self) -> None:
        self._still: Counter[int] = Counter()
        self._seen: defaultdict[int, list[float]] = defaultdict(list)
        self._stuck: defaultdict[int, list[float]] = defaultdict(list)
        self._rate: dict[int, float] = {}

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Zero, below rounding, or far too large."""
        if not step.measured or not any(step.rates) or not any(step.used.values()) or not step.moved:
            return
        key = id(lane)
        if not any(step.moved.values()) and step.unmoved:
            self._still[key] += 1
            severity = Severity.FATAL if self._still[key] > 1 else Severity.NOTE
            yield rules.NO_MOTION.found(
                f"Δ = 0 in {len(step.unmoved)} tensors with a gradient, at rates {list(step.rates)}",
                severity=severity, update=step.index, tensors=len(step.unmoved),
            )  # fmt: skip
            return
        seen = self._seen[key]
        seen.append(step.relative)
        yield from self._rounded(lane, step)
        if len(seen) < 3:
            return
        typical = statistics.median(seen[-3:])
        if typical < _ROUNDING:
            yield rules.BELOW_ROUNDING.found(
                f"relative update {typical:.2g} (median of 3), gradient {_total(step):.2g}, rates {list(step.rates)}",
                severity=None if max(seen) < _ROUNDING else Severity.NOTE, update=step.index, relative=typical,
            )  # fmt: skip
        # Weights that start near zero double in their first updates, whatever the rate, and the loss says little yet.
        if typical > _JUMP and (run.worsening or (step.index >= _STEADY and not run.improving)):
            yield rules.TOO_LARGE.found(
                f"relative update {typical:.2g} (median of 3) at rates {list(step.rates)}",
                update=step.index, relative=typical,
            )  # fmt: skip

    def _rounded(self, lane: Lane, step: Step) -> Found:
        """Half precision keeps a weight that is asked to move by less than 0.2 % of itself; a warm-up may do so yet."""
        stuck, rate = self._stuck[id(lane)], max(step.rates)
        rising, self._rate[id(lane)] = rate > self._rate.get(id(lane), 0.0), rate
        stuck += [] if rising else [step.stuck]
        share = statistics.median(stuck[-3:]) if len(stuck) > 2 else 0.0
        if share > _STUCK:
            yield rules.BELOW_ROUNDING.found(
                f"{share:.0%} of the entries with a gradient kept their value (median of 3): half precision rounds the "
                f"update away, at rates {list(step.rates)}",
                severity=None if min(stuck) > _STUCK else Severity.NOTE, update=step.index, stuck=share,
            )  # fmt: skip


class Modules(Probe):
    """Does a module stay behind the others: updates below rounding, or its weights put back after each?"""

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
        groups = zip(lane.optimizer.param_groups, step.rates, strict=True)
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
                f"{step.relative:.2g} of the whole, at rates {list(step.rates)}",
                subject=some(modules), update=step.index, relative=typical, modules=len(modules),
            )  # fmt: skip


def _total(step: Step) -> float:
    return sum(n * n for n in step.used.values() if n) ** 0.5


class Declared(Probe):
    """Does what was declared frozen stay where it was? Parameters and buffers are compared on a sample."""

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


class Swap(Probe):
    """Were the weights replaced between two epochs, as by averaged weights swapped in and left?"""

    def __init__(self) -> None:
        self._usual = False

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """The first update of an epoch starts from where the last one ended; loops that always write are let be."""
        if step.first and not self._usual and step.drift > 1e-6:
            yield rules.REPLACED.found(
                f"weights differ by {step.drift:.2g} of their size between updates {step.index - 1} and {step.index}",
                update=step.index, drift=step.drift,
            )  # fmt: skip
        elif not step.first and step.drift > 0:
            self._usual = True
