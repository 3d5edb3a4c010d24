"""How far an update moved the live weights: measured on a sample of entries, so that it costs no copy of the model."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim import Optimizer

from . import expected
from .run import Lane, Step, module_of, norms, rates_of
from .samples import sample

_SLIGHT = 1e-6
"""Below this share of a tensor's sample the entries without a gradient are left out: an embedding has few with one."""
_HALF = (torch.bfloat16, torch.float16)
_ANEW = 0.5
"""Weights initialised anew are 1.4 times their size away; a clamp, a renormalisation or an average moves them less."""
_LARGEST = 3.4e38
"""Stands for the norm of a finite gradient that overflows float32."""


class Meter:
    """Measures one lane: gradients as they arrive, weights before and after the step.

    Args:
        lane: the lane.
        measuring: True where the coming update is to be measured.

    `wasted` is True where windows were thrown away before the last step.
    """

    def __init__(self, lane: Lane, measuring: bool = True) -> None:
        self.lane, self.measuring = lane, measuring
        self.first = False
        self._before: list[Tensor] = []
        self._earlier: list[Tensor] = []
        self._moved: list[float] = []
        self._last: list[Tensor] = []
        self._used: dict[str, float | None] = {}
        self._drift = 0.0
        self._kept: list[Tensor] = []
        self._replaced: frozenset[str] = frozenset()
        self._wasted = 0
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
        self._before = [sample(p).clone() for p in self.lane.names] if self.measuring else []
        self._used = self.gradients() if self.measuring else {}
        if self._last and (self._before or not self._last[0].is_cuda):
            self._drift = self._apart_from_last()
        self._replaced = self._anew(self._kept) if self._before and self._kept else frozenset()

    def _apart_from_last(self) -> float:
        now = self._marks()
        if not self._before and all(map(torch.equal, now, self._last)):
            return 0.0
        apart = norms([new - old for new, old in zip(now, self._last, strict=True)])
        return sum(apart) / max(sum(norms(self._last)), 1e-30)

    def _anew(self, kept: list[Tensor]) -> frozenset[str]:
        """Modules of which a tensor is another one than after the last step: further away than half its size."""
        if len(kept) != len(self._before):
            return frozenset()
        apart = norms([new - old for new, old in zip(self._before, kept, strict=True)])
        rows = zip(self.lane.names.items(), apart, norms(kept), strict=True)
        return frozenset(module_of(n) for (p, n), gap, size in rows if p.numel() > 1 and gap > _ANEW * size > 0)

    def keep(self) -> None:
        """The coming update is measured: remember the weights as this one left them."""
        self._kept = [sample(p).clone() for p in self.lane.names] if self.measuring else []

    def _marks(self) -> list[Tensor]:
        """The first entries of one tensor: enough to see that somebody wrote other weights between two steps."""
        held = self.lane.held
        return [held[len(held) // 2].detach().view(-1)[:64]] if held and held[len(held) // 2].is_contiguous() else []

    def after(self, closure: bool, optimizer: Optimizer | None = None) -> Step:
        """The step ran: what it did.

        Args:
            closure: True where the optimiser got one.
            optimizer: the one that stepped, where it is not the lane's own.
        """
        lane = self.lane
        stepped = lane.optimizer if optimizer is None else optimizer
        facts: dict = {
            "index": lane.applied,
            "arrived": lane.arrived,
            "scale": lane.scale,
            "rates": rates_of(stepped),
            "shrinkage": expected.shrinkage(stepped) if self.measuring else 0.0,
            "closure": closure,
            "stale": not lane.cleared and lane.pending > 0 and lane.applied > 1,
            "cleared": lane.wasted > self._wasted and lane.pending == 0 and not closure,
        }
        self.wasted = lane.wasted > self._wasted
        self._wasted, lane.arrived = lane.wasted, {}
        facts |= {"drift": self._drift, "first": self.first, "anew": self._replaced}
        self._drift, self.first = 0.0, False
        self._last = [mark.clone() for mark in self._marks()]
        if not self._before:
            return Step(**facts)
        names, live = list(lane.names.values()), list(lane.names)
        old = self._before
        weights = norms(old)
        moves = norms(sample(p) - o for p, o in zip(live, old, strict=True))
        used = self.gradients() if closure else self._used  # some optimisers clear gradients in their step
        facts["returned"] = self._returned(old, used)
        self._before = []
        self._earlier, self._moved = old, moves
        facts |= _expected(stepped, live, old, sum(g * g for g in used.values() if g) ** 0.5)
        return Step(
            **facts,
            measured=True,
            used=used,
            moved={n: m / max(w, m, 1e-30) for n, m, w in zip(names, moves, weights, strict=True)},
            unmoved=frozenset(
                n for n, m, p in zip(names, moves, live, strict=True) if m == 0 and used[n] and _touched(p)
            ),
            relative=_relative(live, moves, weights),
            modules=_modules(lane.names, old, moves, weights),
            stuck=_stuck(live, old),
        )

    def _returned(self, old: list[Tensor], used: Mapping[str, float | None]) -> frozenset[str] | None:
        """Modules that stand, bit by bit, where they stood before the last measured update, which moved them."""
        if not self._earlier:
            return None
        apart = norms(now - then for now, then in zip(old, self._earlier, strict=True))
        rows = list(zip(self.lane.names.items(), apart, self._moved, strict=True))
        elsewhere = {module_of(name) for (_, name), gap, _ in rows if used[name] and gap != 0}
        # A single number comes back to the same place where it is clamped to a range.
        back = {module_of(n) for (p, n), gap, moved in rows if used[n] and gap == 0 and moved > 0 and p.numel() > 1}
        return frozenset(back - elsewhere)


def _expected(optimizer: Optimizer, live: list[Tensor], old: list[Tensor], used: float) -> dict:
    """What the optimiser's rule should have made of the gradient."""
    shares = (p.numel() / max(1, each.numel()) for p, each in zip(live, old, strict=True))
    whole = sum(s * n * n for s, n in zip(shares, norms(old), strict=True)) ** 0.5
    return {
        "in_rates": expected.in_rates(optimizer, live, old),
        "own_share": expected.own_share(optimizer, used, whole),
        "epsilon": expected.epsilon(optimizer),
    }


def _touched(parameter: Tensor) -> bool:
    """True where a sampled entry has a gradient: rows of an embedding that were not looked up have none."""
    grad = parameter.grad
    return grad is not None and not grad.is_sparse and bool(sample(grad).any())


def _stuck(live: list[Tensor], old: list[Tensor]) -> float:
    """Share of the entries with a gradient that the step left as they were, among weights of half precision."""
    wanted = kept = 0
    for parameter, before in zip(live, old, strict=True):
        grad = parameter.grad
        if parameter.dtype in _HALF and grad is not None and not grad.is_sparse:
            pulled = sample(grad) != 0
            wanted += int(pulled.sum())
            kept += int((pulled & (sample(parameter) == before)).sum())
    return kept / max(1, wanted)


def _modules(
    names: Mapping[Tensor, str], old: list[Tensor], moves: list[float], weights: list[float]
) -> dict[str, float]:
    """‖Δ‖/‖w‖ of each module, over its tensors with a gradient."""
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


def _relative(live: list[Tensor], moves: list[float], weights: list[float]) -> float:
    """‖Δ‖/‖w‖ over all parameters, each sample weighted by the entries it stands for."""
    shares = [p.numel() / max(1, sample(p).numel()) for p in live]
    total = sum(s * w * w for s, w in zip(shares, weights, strict=True))
    moved = sum(s * m * m for s, m in zip(shares, moves, strict=True))
    return (moved / max(total, 1e-60)) ** 0.5


def nonfinite(gradients: Mapping[str, float | None]) -> list[str]:
    """Names whose gradient norm is NaN or inf."""
    return [name for name, norm in gradients.items() if norm is not None and not math.isfinite(norm)]
