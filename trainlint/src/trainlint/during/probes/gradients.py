"""Do gradients arrive everywhere, finite and of a sane size, and does the optimiser see what arrived?"""

import statistics
from collections import Counter, defaultdict

from ...findings import Finding
from ...rules import numbers
from ...rules import updates as rules
from ..meter import nonfinite
from ..run import Lane, Run, Step, by_module, module_of, some
from .probe import Found, Probe

_SPAN = 1e5
"""Between the first and the last layer of a healthy deep network gradients per weight differ by less than 1e3."""


class Finite(Probe):
    """Non-finite gradients, named before anybody replaces them; under a scaler they are normal until it has settled."""

    def skipped(self, run: Run, lane: Lane, reason: str) -> Found:
        """A scaler or a guarded loop did its work, unless somebody had replaced the numbers before it looked."""
        bad = nonfinite(lane.arrived)
        grads = [p.grad for p, name in lane.names.items() if name in bad and p.grad is not None]
        if bad and run.plan.guarded and all(bool(grad.isfinite().all()) for grad in grads):
            yield self._sanitised(lane, bad, lane.applied + 1)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """A step after non-finite gradients: they went in, or somebody replaced them."""
        bad = nonfinite(step.arrived) or nonfinite(step.used)
        if not bad:
            return
        used = {name: step.used.get(name) for name in bad}
        if step.measured and not nonfinite(used):
            yield self._sanitised(lane, bad, step.index)
        else:
            text = f"{len(bad)} of {len(lane.names)} gradient tensors are not finite: {some(bad)}"
            yield numbers.GRADIENT.found(text, subject=module_of(bad[-1]), update=step.index, tensors=len(bad))

    def _sanitised(self, lane: Lane, bad: list[str], update: int) -> Finding:
        return rules.SANITISED.found(
            f"{len(bad)} of {len(lane.names)} gradient tensors are not finite: {some(bad)}; finite at the step",
            subject=module_of(bad[-1]), update=update, tensors=len(bad),
        )  # fmt: skip


class Coverage(Probe):
    """Which parameters never get a gradient, or only zeros, although their module runs."""

    def __init__(self) -> None:
        self._measured: Counter[int] = Counter()
        self._some: set[str] = set()
        self._alive: set[str] = set()
        self._zero: Counter[int] = Counter()

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Judge after three measured updates for missing gradients, after six for zero ones."""
        if not step.measured or step.cleared or step.index <= run.plan.partial:
            return
        key = id(lane)
        self._measured[key] += 1
        seen = {n: g for n, g in {**step.used, **{k: v for k, v in step.arrived.items() if v}}.items() if g is not None}
        self._some |= seen.keys()
        self._alive |= {n for n, g in seen.items() if g}
        if any(seen.values()):
            self._zero[key] = -1_000_000
        else:
            self._zero[key] += 1
        if self._zero[key] == 3:
            yield rules.ZERO_GRADIENT.found(
                f"{len(seen)} gradient tensors, all exactly zero, in 3 updates", update=step.index, tensors=len(seen)
            )
        elif self._measured[key] in {3, 6, 8} and self._zero[key] < 0:
            yield from self._missing(run, lane, step)
            if self._measured[key] > 3:
                yield from self._static(run, lane, step)

    def _missing(self, run: Run, lane: Lane, step: Step) -> Found:
        names = [n for n in self._candidates(run, lane) if n not in self._some]
        modules = [m for m in dict.fromkeys(map(module_of, names)) if run.ran[m] >= 3 or not run.ran]
        if modules:
            yield rules.NO_GRADIENT.found(
                f"no gradient in {self._measured[id(lane)]} measured updates although it ran: {some(modules)}",
                subject=some(modules), update=step.index, modules=len(modules),
            )  # fmt: skip

    def _static(self, run: Run, lane: Lane, step: Step) -> Found:
        names = [n for n in self._candidates(run, lane) if n in self._some and n not in self._alive]
        dead = [m for m in dict.fromkeys(map(module_of, names)) if run.ran[m] >= 3 and not self._sibling(m)]
        whole = [m for m in dead if not any(module_of(n) == m for n in self._alive)]
        if whole:
            yield rules.STATIC_MODULE.found(
                f"gradient exactly zero in {self._measured[id(lane)]} measured updates: {some(whole)}",
                subject=some(whole), update=step.index, modules=len(whole),
            )  # fmt: skip

    def _candidates(self, run: Run, lane: Lane) -> list[str]:
        return [n for p, n in lane.names.items() if p.requires_grad and not run.plan.is_frozen(n)]

    def _sibling(self, module: str) -> bool:
        """True where another entry of the same numbered list learns: an expert that no sample chose is not broken."""
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


class Depth(Probe):
    """Gradient size per weight, from the first layer to the last."""

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
        yield from self._growth(lane, step)
        if len(layers) < 4 or min(layers.values()) == 0:
            return
        first, *_, last = layers
        self._spans[key].append(layers[first] / layers[last])
        if step.index < 4 or len(self._spans[key]) < 3:
            return
        span = statistics.median(self._spans[key][-3:])
        if span < 1 / _SPAN:
            yield rules.VANISHING.found(
                f"gradient per weight in {first} is {span:.1e} of that in {last} (median of 3 updates)",
                subject=first, update=step.index, ratio=span,
            )  # fmt: skip
        # Growth through depth shows in the middle as well; a head that has learned all it can is small alone.
        if span > _SPAN and layers[first] > span**0.25 * statistics.median(layers.values()):
            yield rules.EXPLODING.found(
                f"gradient per weight in {first} is {span:.1e} times that in {last} (median of 3 updates)",
                subject=first, update=step.index, ratio=span,
            )  # fmt: skip

    def _growth(self, lane: Lane, step: Step) -> Found:
        totals = self._totals[id(lane)]
        # Momentum, warm-up and batch noise move norms by tens; a factor of a thousand in the median is another regime.
        if len(totals) < 6:
            return
        early, late = statistics.median(totals[:3]), statistics.median(totals[-3:])
        if early > 0 and late > 1e3 * early:
            yield rules.EXPLODING.found(
                f"gradient norm {late:.2g} (median of 3), {late / early:.1e} times that of the first three",
                update=step.index, early=early, late=late,
            )  # fmt: skip

    def _layers(self, lane: Lane, step: Step) -> dict[str, float]:
        """Root mean square gradient per module with a weight matrix, in the order of the model."""
        sizes: Counter[str] = Counter()
        kept: dict[str, float] = {}
        for parameter, name in lane.names.items():
            norm = step.used.get(name)
            if parameter.ndim >= 2 and norm is not None:
                kept[name] = norm
                sizes[module_of(name)] += parameter.numel()
        return {module: norm / sizes[module] ** 0.5 for module, norm in by_module(kept).items()}
