"""How far did an update move the live weights, an optimiser's or one by hand? Samples of entries tell, and no copy."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

from ..plan import Why, whys
from ..run import Lane, Step, module_of, rates_of
from .names import Samples, nonfinite, norms, sample
from .windows import Edge, Fate, Windows, epsilon, in_rates, own_share, shrinkage, states

_SLIGHT = 1e-6
"""Below this share entries without a gradient are left out: an embedding has few with one."""
_HALF = (torch.bfloat16, torch.float16)
ANEW = 0.5
"""Weights initialised anew are 1.4 times their size away; a clamp, an average or a restored state moves them less."""
_LARGEST = 3.4e38
"""Stands for the norm of a finite gradient that overflows float32."""
_WHY = whys(Why.MEASURED, Why.ODD, Why.RATES)


class Meter:
    """Measures one lane: gradients as they arrive, weights before and after the step.

    `wasted` is True where windows were thrown away before the last step.
    """

    def __init__(self, lane: Lane, measuring: bool = True) -> None:
        self.lane, self.measuring = lane, measuring
        self.first = False
        self._before: Samples | None = None
        self._earlier: Samples | None = None
        self._moved: list[float] = []
        self._edge = Edge(lane.held)
        self._used: dict[str, float | None] = {}
        self._drift = 0.0
        self._kept: Samples | None = None
        self._replaced: frozenset[str] = frozenset()
        self._wasted = self._skipped = 0
        self._stale = self._odd = False
        self._rates: tuple[float, ...] = ()
        self.wasted = False

    def gradients(self) -> dict[str, float | None]:
        """Norm of every parameter's gradient; None where there is none."""
        named = [(name, p.grad) for p, name in self.lane.names.items()]
        present = [(name, grad) for name, grad in named if grad is not None]
        found: dict[str, float | None] = dict.fromkeys(name for name, _ in named)
        for (name, grad), norm in zip(present, norms([grad for _, grad in present]), strict=True):
            # A norm may overflow where every entry is finite.
            found[name] = _LARGEST if not math.isfinite(norm) and bool(grad.isfinite().all()) else norm
        return found

    def note_arrival(self) -> Mapping[str, float | None]:
        """Keep the norms of a backward pass that just ended; a non-finite norm stays until the window ends."""
        known = self.lane.arrived
        self.lane.arrived = {**self.gradients(), **{name: known[name] for name in nonfinite(known)}}
        return self.lane.arrived

    def before(self) -> None:
        """The step is about to run."""
        self._drift = self._edge.drift(closely=self.measuring)
        if not self.measuring:
            return
        self._before = Samples.taken(self.lane.held) if self.lane.held else None
        self._used = self.gradients()
        self._replaced = self._anew(self._before, self._kept) if self._before and self._kept else frozenset()

    def _anew(self, now: Samples, kept: Samples) -> frozenset[str]:
        if [each.shape for each in now.each] != [each.shape for each in kept.each]:
            return frozenset()
        rows = zip(self.lane.names.items(), now.minus(kept).norms(), kept.norms(), strict=True)
        return frozenset(module_of(n) for (p, n), gap, size in rows if p.numel() > 1 and gap > ANEW * size > 0)

    def keep(self) -> None:
        """The coming update is measured: remember the weights as this one left them."""
        self._kept = Samples.taken(self.lane.held) if self.measuring and self.lane.held else None

    def after(self, closure: bool, optimizer: Optimizer) -> Why:
        """The step ran: why would anybody want to hear of it?"""
        lane = self.lane
        self._edge.keep()
        self.wasted = lane.wasted > self._wasted
        self._stale = not lane.cleared and lane.pending > 0 and lane.applied > 1
        rates, skips = rates_of(optimizer), lane.skipped.total() if lane.skipped else 0
        odd = bool(
            self._stale or self.wasted or closure or self.first or lane.arrived
            or skips != self._skipped or optimizer is not lane.optimizer or self._drift > ANEW or self._edge.written
        )  # fmt: skip
        why = _WHY[self._before is not None, odd or self._odd, rates != self._rates or not all(rates)]
        self._rates, self._skipped, self._wasted, self._odd = rates, skips, lane.wasted, odd
        return why

    def pass_by(self) -> None:
        """Nobody wants to hear of it."""
        self.lane.arrived, self.first = {}, False

    def step(self, closure: bool, optimizer: Optimizer) -> Step:
        """What the step did."""
        lane = self.lane
        facts: dict = {
            "index": lane.applied,
            "arrived": lane.arrived,
            "scale": lane.scale,
            "rates": self._rates,
            "shrinkage": shrinkage(optimizer) if self.measuring else 0.0,
            "closure": closure,
            "stale": self._stale,
            "cleared": self.wasted and lane.pending == 0 and not closure,
            "drift": self._drift,
            "written": self._edge.written,
            "first": self.first,
            "anew": self._replaced,
        }
        self._drift = 0.0
        self.pass_by()
        old, self._before = self._before, None
        return Step(**facts) if old is None else Step(**facts, **self._measured(old, closure, optimizer))

    def _measured(self, old: Samples, closure: bool, optimizer: Optimizer) -> dict:
        lane = self.lane
        names, live = list(lane.names.values()), lane.held
        apart = Samples.taken(live).minus(old)
        weights, moves = old.norms(), apart.norms()
        used = self.gradients() if closure else self._used  # some optimisers clear gradients in their step
        shares = [p.numel() / max(1, len(each)) for p, each in zip(live, old.each, strict=True)]
        whole = sum(s * w * w for s, w in zip(shares, weights, strict=True)) ** 0.5
        facts = {
            "in_rates": in_rates(optimizer, live, old.each, apart.each),
            "own_share": own_share(optimizer, sum(g * g for g in used.values() if g) ** 0.5, whole),
            "epsilon": epsilon(optimizer),
        }
        facts["returned"] = self._returned(old, used)
        self._earlier, self._moved = old, moves
        return facts | {
            "measured": True,
            "used": used,
            "moved": {n: m / max(w, m, 1e-30) for n, m, w in zip(names, moves, weights, strict=True)},
            "unmoved": frozenset(
                n
                for n, m, p in zip(names, moves, live, strict=True)
                if m == 0 and used[n] and (lane.by_hands or _touched(p))
            ),
            "relative": sum(s * m * m for s, m in zip(shares, moves, strict=True)) ** 0.5 / max(whole, 1e-30),
            "modules": _by_used(lane.names, used, moves, weights)
            if lane.by_hands
            else _modules(lane.names, old.each, moves, weights),
            "stuck": _stuck(live, old.each),
        }

    def _returned(self, old: Samples, used: Mapping[str, float | None]) -> frozenset[str] | None:
        if self._earlier is None:
            return None
        apart = old.minus(self._earlier).norms()
        rows = list(zip(self.lane.names.items(), apart, self._moved, strict=True))
        elsewhere = {module_of(name) for (_, name), gap, _ in rows if used[name] and gap != 0}
        # A single number comes back to the same place where it is clamped to a range.
        back = {module_of(n) for (p, n), gap, moved in rows if used[n] and gap == 0 and moved > 0 and p.numel() > 1}
        return frozenset(back - elsewhere)


def _touched(parameter: Tensor) -> bool:
    grad = parameter.grad
    return grad is not None and not grad.is_sparse and bool(sample(grad).any())


def _stuck(live: list[Tensor], old: Sequence[Tensor]) -> float:
    wanted = kept = 0
    for parameter, before in zip(live, old, strict=True):
        grad = parameter.grad
        if parameter.dtype in _HALF and grad is not None and not grad.is_sparse:
            pulled = sample(grad) != 0
            wanted += int(pulled.sum())
            kept += int((pulled & (sample(parameter) == before)).sum())
    return kept / max(1, wanted)


def _modules(
    names: Mapping[Tensor, str], old: Sequence[Tensor], moves: list[float], weights: list[float]
) -> dict[str, float]:
    squares: dict[str, list[float]] = {}
    for (parameter, name), before, move, weight in zip(names.items(), old, moves, weights, strict=True):
        slight = move <= _SLIGHT * weight
        if parameter.grad is None or (slight and not _touched(parameter)):
            continue
        if slight:
            pulled = sample(parameter.grad) != 0
            move, weight = norms([(sample(parameter) - before) * pulled, before * pulled])
        own = squares.setdefault(module_of(name), [0.0, 0.0])
        own[0] += move * move
        own[1] += weight * weight
    return {module: (moved / max(size, moved, 1e-60)) ** 0.5 for module, (moved, size) in squares.items()}


def _by_used(
    names: Mapping[Tensor, str], used: Mapping[str, float | None], moves: list[float], weights: list[float]
) -> dict[str, float]:
    squares: dict[str, list[float]] = {}
    for name, move, weight in zip(names.values(), moves, weights, strict=True):
        if used[name]:
            own = squares.setdefault(module_of(name), [0.0, 0.0])
            own[0] += move * move
            own[1] += weight * weight
    return {module: (moved / max(size, moved, 1e-60)) ** 0.5 for module, (moved, size) in squares.items()}


class Hands:
    """Updates by hand: weights that have moved since their gradients arrived."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows
        self._arrived: dict[int, object] = {}

    def arrived(self, lane: Lane, meter: Meter) -> None:
        """Gradients are complete: what follows may be an update."""
        if lane.by_hands:
            meter.before()
            self._arrived[id(lane)] = states([p.grad for p in lane.held])

    def settle(self, lane: Lane, applied: Callable[[Lane, Optimizer, bool], None]) -> None:
        """The next pass begins, or a verdict is asked for: was there an update?"""
        if lane.by_hands and lane.pending and self._windows.fate(lane) is Fate.BY_HAND:
            touched = states([p.grad for p in lane.held]) != self._arrived.get(id(lane))
            applied(lane, lane.optimizer, False)
            lane.cleared, lane.stepped = touched, False  # cleared, or scaled down as a momentum
