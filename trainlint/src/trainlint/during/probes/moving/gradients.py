"""Do gradients arrive everywhere, finite, and keep their size through the depth of the model?"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor, nn

from ....findings import Finding, Rule, Severity, Stage
from ....rules import data as data_rules
from ....rules import updates as update_rules
from ...hearing.passes import Outputs
from ...plan import Why
from ...run import Lane, Run, Step, module_of, some
from ...weights.names import nonfinite, of_library, sample, tensors
from ..probe import Found, Loss, Probe


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


class Coverage(Probe):
    """Which parameters never get a gradient, or only zeros, although their module runs and something comes of it."""

    losses = updates = Why.MEASURED

    def __init__(self) -> None:
        self._measured: Counter[int] = Counter()
        self._some: set[str] = set()
        self._alive, self._zero = set[str](), Counter[int]()
        self._none: Counter[int] = Counter()
        self._told: dict[tuple[Rule, str], list[str]] = {}
        self._shut: dict[str, tuple[Finding, list[tuple[Tensor, Tensor]]]] = {}
        self._loss, self._elsewhere = "", False
        self._outputs = Outputs()

    def ran(self, run: Run, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> Found:
        """Follow what the module passed on."""
        self._outputs.ran(name, inputs, output)
        return ()

    def loss(self, run: Run, loss: Loss) -> Found:
        """What is still held when the loss is known was not thrown away."""
        self._loss = loss.name
        self._outputs.settle()
        return ()

    def strayed(self, run: Run) -> Found:
        """A pass that reaches no watched parameter, while the watched optimiser steps."""
        self._elsewhere |= any(
            p.grad is not None for p in tensors(run.model)
        )  # the optimiser may hold copies or others
        if not run.backwards and run.applied and run.strays in {2, 4} and not self._elsewhere:
            yield update_rules.GRAPH_CUT.found(
                f"{run.strays} backward passes of {self._loss}, and no watched parameter got a gradient: "
                "none of them is in its graph",
                update=run.applied + 1, stage=Stage.of(run.strays == 4),
            )  # fmt: skip

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Judge after three measured updates for missing gradients, after six for zero ones."""
        lost = any(g for g in step.arrived.values()) and not any(step.used.values())
        if not step.measured or step.cleared or lost or step.index <= run.plan.partial:
            return
        key = id(lane)
        self._measured[key] += 1
        seen = {n: g for n, g in {**step.used, **{k: v for k, v in step.arrived.items() if v}}.items() if g is not None}
        self._some |= seen.keys()
        self._alive |= {n for n, g in seen.items() if g}
        if run.latest == 0 and not any(seen.values()):
            return  # a loss that is satisfied asks for nothing; one that was zero from the start has a rule of its own
        if not any(seen.values()):
            yield from self._nothing(run, lane, step, len(seen))
            return
        if self._zero[key] or self._none[key]:
            yield from self._after_all(lane, step)
        begun = list(self._begun(step.index))
        yield from begun
        if begun or self._measured[key] in {3, 6, 8}:
            yield from self._missing(run, lane, step)
            if self._measured[key] > 3:
                yield from self._static(run, lane, step)

    def _begun(self, update: int) -> Found:
        for (rule, subject), names in list(self._told.items()):
            if not (self._alive if rule is update_rules.STATIC_MODULE else self._some).isdisjoint(names):
                del self._told[rule, subject]
                yield rule.withdrawn("gradients arrive since", subject=subject, update=update)

    def _after_all(self, lane: Lane, step: Step) -> Found:
        self._zero[id(lane)] = self._none[id(lane)] = 0
        for rule in (update_rules.ZERO_GRADIENT, update_rules.GRAPH_CUT):
            yield rule.withdrawn("gradients arrive since", subject=lane.subject, update=step.index)

    def _nothing(self, run: Run, lane: Lane, step: Step, present: int) -> Found:
        counts, key = (self._zero if present else self._none), id(lane)
        counts[key] = count = counts[key] + 1
        if present and count in {3, 6}:
            # Where the loss is 0 as well there may be nothing to learn from yet, as without a reward.
            severity = None if run.latest else Severity.WARNING
            yield update_rules.ZERO_GRADIENT.found(
                f"{present} gradient tensors, all exactly zero, in {count} updates", subject=lane.subject,
                update=step.index, severity=severity, stage=Stage.of(count == 6),
            )  # fmt: skip
        elif not present and count == 3 and not lane.backwards and not self._elsewhere:
            yield self._cut(run, lane, Stage.SUSPECTED)

    def _cut(self, run: Run, lane: Lane, stage: Stage) -> Finding:
        about = f"; the loss before its last step was {self._loss}" if self._loss else ""
        return update_rules.GRAPH_CUT.found(
            f"0 of {len(lane.names)} parameters have a gradient in {lane.applied} updates: "
            f"no loss depends on them{about}",
            subject=lane.subject, update=lane.applied, stage=stage,
            severity=None if len(run.lanes) == 1 else Severity.WARNING,
        )  # fmt: skip

    def asked(self, run: Run) -> Found:
        """An optimiser that stepped, and never had a gradient to step with."""
        if run.seen >= 3 and run.applied >= 3 and not run.backwards and not run.strays:
            text = f"{run.seen} losses and {run.applied} steps, and backward() was never called"
            yield update_rules.NO_UPDATE.found(text, losses=run.seen, steps=run.applied)
            return
        for found, kept in self._shut.values():  # nothing else moves them either, as an average does
            told = (found.rule, found.subject) in self._told and run.improving is False
            if told and all(bool((sample(p) == old).all()) for p, old in kept):
                yield replace(found, severity=Severity.WARNING)
        for lane in run.lanes:
            state = vars(lane.optimizer).get("state", {})
            self._some |= {n for p, n in lane.names.items() if p.grad is not None or state.get(p)}
            self._alive |= {n for p, n in lane.names.items() if p.grad is not None and bool(p.grad.any())}
            yield from self._begun(lane.applied)
            if self._none[id(lane)] >= 3 and not lane.backwards and run.seen and not self._elsewhere:
                yield self._cut(run, lane, Stage.CONFIRMED)
            if self._zero[id(lane)] >= 3:
                yield update_rules.ZERO_GRADIENT.found(
                    f"all gradients exactly zero in the {self._zero[id(lane)]} measured updates", subject=lane.subject,
                    severity=None if run.latest else Severity.WARNING,
                )  # fmt: skip

    def _missing(self, run: Run, lane: Lane, step: Step) -> Found:
        # A loss of derivatives has no bias of the last layer in it.
        names = [n for n in self._candidates(run, lane) if n not in self._some and not self._weighed(n)]
        idle = [m for m in dict.fromkeys(map(module_of, names)) if run.ran[m] >= 3 or not run.ran]
        for used in (True, False):
            modules = [module for module in idle if (module in self._outputs.used) is used]
            if modules:
                self._told[update_rules.NO_GRADIENT, some(modules)] = [n for n in names if module_of(n) in modules]
                fate = "although something came of it" if used else "and its output was thrown away or cut off"
                shut = not used and all(run.shut[m] == run.ran[m] > 0 for m in modules)
                fate = "and it runs under no_grad alone" if shut else fate
                spare = all(of_library(run.model, module) for module in modules)
                found = update_rules.NO_GRADIENT.found(
                    f"no gradient in {self._measured[id(lane)]} measured updates {fate}: {some(modules)}",
                    subject=some(modules), update=step.index, modules=len(modules),
                    severity=Severity.NOTE if spare or (not used and run.ran) else None,
                )  # fmt: skip
                if shut and not spare:
                    kept = [(p, sample(p).clone()) for p, n in lane.names.items() if module_of(n) in modules]
                    self._shut.setdefault(found.subject, (found, kept))
                yield found

    def _weighed(self, name: str) -> bool:
        return name.endswith(".bias") and f"{module_of(name)}.weight" in self._some

    def _static(self, run: Run, lane: Lane, step: Step) -> Found:
        # A layer may have been replaced by another under its name, as by an adapter.
        live = self._alive & set(lane.names.values())
        names = [n for n in self._candidates(run, lane) if n in self._some and n not in live]
        dead = [m for m in dict.fromkeys(map(module_of, names)) if run.ran[m] >= 3 and not self._sibling(m)]
        whole = [m for m in dead if not any(module_of(n) == m for n in live)]
        # A bias that learns says that the module counts, and what makes its weight into another one lets nothing back.
        whole += [f"{m}.weight" for m in dead if f"{m}.weight" in names and f"{m}.bias" in live]
        if whole:
            self._told[update_rules.STATIC_MODULE, some(whole)] = [n for n in names if {n, module_of(n)} & {*whole}]
            yield update_rules.STATIC_MODULE.found(
                f"gradient exactly zero in {self._measured[id(lane)]} measured updates: {some(whole)}",
                subject=some(whole), update=step.index, modules=len(whole),
            )  # fmt: skip

    def _candidates(self, run: Run, lane: Lane) -> list[str]:
        return [n for p, n in lane.names.items() if p.requires_grad and not run.plan.is_frozen(n)]

    def _sibling(self, module: str) -> bool:
        for parts in (module.split(".")[:i] for i in range(len(module.split(".")), 0, -1)):
            if parts[-1].isdigit() and self._peers(".".join(parts[:-1]), module, len(parts)):
                return True
        return False

    def _peers(self, stem: str, module: str, depth: int) -> bool:
        tail = module.split(".")[depth:]
        peers = {module_of(n) for n in self._alive if n.startswith(stem + ".")}
        return bool(tail) and any(
            p != module and p.split(".")[depth:] == tail and p.split(".")[depth - 1].isdigit() for p in peers
        )


_SPAN = 1e5
"""In a healthy deep network the gradients per weight differ by less than 1e3."""


class Depth(Probe):
    """Gradient size per weight, from the first layer to the last."""

    updates = Why.MEASURED

    def __init__(self) -> None:
        self._spans: defaultdict[int, list[float]] = defaultdict(list)
        self._totals: defaultdict[int, list[float]] = defaultdict(list)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Judge the median of the last three measured updates, from the fourth update on."""
        if not step.measured or nonfinite(step.used):
            return
        layers = self._layers(lane, step)
        key = id(lane)
        self._totals[key].append(sum(v * v for v in step.used.values() if v) ** 0.5)
        yield from self._growth(run, lane, step)
        if len(layers) < 4 or min(layers.values()) == 0:
            return
        first, *_, last = layers
        self._spans[key].append(layers[first] / layers[last])
        if step.index < 4 or len(self._spans[key]) < 3:
            return
        span = statistics.median(self._spans[key][-3:])
        if span < 1 / _SPAN:
            yield update_rules.VANISHING.found(
                f"gradient per weight in {first} is {span:.1e} of that in {last} (median of 3 updates)",
                subject=first, update=step.index, ratio=span,
            )  # fmt: skip
        # Growth through depth shows in the middle as well; a head that has learned all it can is small alone.
        if span > _SPAN and layers[first] > span**0.25 * statistics.median(layers.values()):
            yield update_rules.EXPLODING.found(
                f"gradient per weight in {first} is {span:.1e} times that in {last} (median of 3 updates)",
                subject=first, update=step.index, ratio=span,
            )  # fmt: skip

    def _growth(self, run: Run, lane: Lane, step: Step) -> Found:
        totals = self._totals[id(lane)]
        # Momentum, warm-up and batch noise move norms by tens; a factor of a thousand in the median is another regime.
        early, late = statistics.median(totals[:3]), statistics.median(totals[-3:])
        if run.improving:  # a start that passes no gradient on, such as a table of zeros, is left behind
            yield update_rules.EXPLODING.withdrawn("the loss falls", update=step.index)
        elif len(totals) > 5 and late > 1e3 * early > 0:
            text = f"gradient norm {late:.2g} (median of 3), {late / early:.1e} times that of the first three"
            yield update_rules.EXPLODING.found(text, update=step.index, early=early, late=late)

    def _layers(self, lane: Lane, step: Step) -> dict[str, float]:
        sizes: Counter[str] = Counter()
        kept: dict[str, float] = {}
        for parameter, name in lane.names.items():
            norm = step.used.get(name)
            if parameter.ndim >= 2 and norm is not None:
                kept[name] = norm
                sizes[module_of(name)] += parameter.numel()
        return {module: norm / sizes[module] ** 0.5 for module, norm in _by_module(kept).items()}


def _by_module(values: Mapping[str, float]) -> dict[str, float]:
    squares: dict[str, float] = {}
    for name, value in values.items():
        squares[module_of(name)] = squares.get(module_of(name), 0.0) + value * value
    return {name: math.sqrt(value) for name, value in squares.items()}
