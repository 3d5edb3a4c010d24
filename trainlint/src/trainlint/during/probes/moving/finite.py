"""Are gradients numbers when they arrive, and weights after the updates?"""

import math
from collections import Counter

from torch import Tensor

from ....findings import Finding, Stage
from ....rules import data as data_rules
from ....rules import updates as update_rules
from ...plan import Why
from ...run import Epoch, Lane, Run, Step, module_of, some
from ...weights.names import buffers, nonfinite, norms, sample
from ..probe import Found, Probe


class Finite(Probe):
    """Non-finite gradients, named before anybody replaces them; under a scaler they are normal until it has settled."""

    updates = Why.MEASURED | Why.ODD

    def __init__(self) -> None:
        self._replaced: Counter[int] = Counter()

    def skipped(self, run: Run, lane: Lane, reason: str) -> Found:
        """A scaler or a guarded loop did its work, unless somebody had replaced the numbers before it looked."""
        bad = nonfinite(lane.arrived)
        grads = [p.grad for p, name in lane.names.items() if name in bad and p.grad is not None]
        if bad and run.plan.guarded and all(bool(grad.isfinite().all()) for grad in grads):
            yield self._sanitised(lane, bad, lane.applied + 1)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """A step after non-finite gradients: they went in, or somebody replaced them. The weights show which."""
        bad = nonfinite(step.arrived) or nonfinite(step.used)
        if not bad:
            return
        lost = any(name in bad and not bool(sample(p).isfinite().all()) for p, name in lane.names.items())
        if step.measured and not nonfinite({name: step.used.get(name) for name in bad}):
            yield self._sanitised(lane, bad, step.index)
        else:
            text = f"{len(bad)} of {len(lane.names)} gradient tensors are not finite: {some(bad)}"
            stage = Stage.of(lost)
            yield data_rules.GRADIENT.found(
                text, subject=module_of(bad[-1]), update=step.index, stage=stage, tensors=len(bad)
            )

    def _sanitised(self, lane: Lane, bad: list[str], update: int) -> Finding:
        self._replaced[id(lane)] += 1
        return update_rules.SANITISED.found(
            f"{len(bad)} of {len(lane.names)} gradient tensors are not finite: {some(bad)}; finite at the step",
            subject=module_of(bad[-1]), update=update, tensors=len(bad),
            stage=Stage.of(self._replaced[id(lane)] > 1),
        )  # fmt: skip


class Intact(Probe):
    """Are weights and statistics numbers at the end? A loop that refuses losses that are not never shows it."""

    updates = Why.MEASURED

    def __init__(self) -> None:
        self._begun: set[str] = set()
        self._fine: dict[int, int] = {}

    def attached(self, run: Run) -> Found:
        """What begins infinite, as a mask does, is meant so."""
        self._begun = {n for lane in run.lanes for n, p in _lost(run, lane).items() if not bool(p.isnan().any())}
        return ()

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Note the last update that was seen to leave numbers."""
        if step.measured and math.isfinite(step.relative):
            self._fine[id(lane)] = step.index
        return ()

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Look at a few entries; an epoch without a backward pass confirms."""
        if not all(math.isfinite(n) for lane in run.lanes for n in norms([sample(p) for p in lane.held])):
            yield from self._look(run, Stage.of(not epoch.backwards))

    def asked(self, run: Run) -> Found:
        """Look at all of them."""
        yield from self._look(run, Stage.CONFIRMED)

    def _look(self, run: Run, stage: Stage) -> Found:
        idle = "; since then an epoch passed without a backward pass"
        for lane in run.lanes:
            bad = [n for n in _lost(run, lane) if n not in self._begun]
            if bad:
                text = f"{len(bad)} tensors became NaN or inf between updates {self._fine.get(id(lane), 0)} and "
                text += f"{lane.applied}: {some(bad)}" + (idle if run.epochs and not run.epochs[-1].backwards else "")
                yield data_rules.LOST_WEIGHTS.found(text, subject=lane.subject, update=lane.applied, stage=stage)


def _lost(run: Run, lane: Lane) -> dict[str, Tensor]:
    held = {name: p for p, name in lane.names.items()}
    held |= {n: b for n, b in buffers(run.model).items() if n.endswith(("running_mean", "running_var"))}
    found = nonfinite(dict(zip(held, norms([*held.values()]), strict=True)))
    return {name: held[name] for name in found if not bool(held[name].isfinite().all())}
