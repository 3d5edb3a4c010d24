"""Does a module stay behind the others, although its optimiser steps?"""

import statistics
from collections import defaultdict

from ....rules import updates as rules
from ...run import Lane, Run, Step, module_of, some
from ...schedule import Why
from ..probe import Found, Probe

_ROUNDING = 1e-7
"""Half a unit in the last place of float32 is 6e-8: below it most entries do not change."""
_STEADY = 8
"""Equal steps away from zero are 1/7 of the weights by the eighth update."""


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
                f"{step.relative:.2g} of the whole, at rates {list(step.rates)}",
                subject=some(modules), update=step.index, relative=typical, modules=len(modules),
            )  # fmt: skip
