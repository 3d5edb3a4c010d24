"""Was the step as strong as its gradient, did somebody write other weights, and are they numbers still?"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from torch import Tensor

from ....findings import Severity, Stage
from ....rules import data as data_rules
from ....rules import updates as rules
from ...plan import Why
from ...run import Epoch, Lane, Run, Step, some
from ...weights.meter import ANEW
from ...weights.names import buffers, nonfinite, norms, sample
from ...weights.windows import mark
from ..probe import Found, Probe

_SHARE = 1e-3
"""A clip norm is chosen near the gradient's own size; a thousandth of it is another rate, or a mistake."""
_ROUNDING = 1e-7
_SLOW = 1e-5
"""Relative motion an update: a thousand such updates change a weight by one per cent."""
_UNITS = 1e-2
"""Adam moves an entry by 0.1 to 1 times its rate, and by 0.03 where it has a gradient once in a thousand updates."""
_DECAY = 0.05
"""Weights that lose one twentieth an update are forgotten in twenty."""


class Strength(Probe):
    """Arrived against used gradients, and expected against real motion, in the median of three measured updates."""

    updates = Why.MEASURED

    def __init__(self) -> None:
        self._ratios: defaultdict[int, list[float]] = defaultdict(list)
        self._shares: defaultdict[int, list[float]] = defaultdict(list)
        self._units: defaultdict[int, list[tuple[float, float, float]]] = defaultdict(list)
        self._decay: Counter[int] = Counter()

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Judge from the third measured update on."""
        yield from self._decays(lane, step)
        if not step.measured or not any(step.used.values()) or step.closure or max(step.rates, default=1.0) == 0:
            return  # that a rate is zero is another rule's
        used, arrived = _total(step.used.values()), _total(step.arrived.values()) / step.scale
        if not math.isfinite(used) or not math.isfinite(arrived):
            return
        key = id(lane)
        self._ratios[key].append(used / arrived if arrived else 1.0)
        yield from self._drowned(lane, step, used)
        if step.in_rates is not None and max(step.rates) > 0:
            self._units[key].append((step.in_rates, used, max(step.rates)))
            yield from self._swallowed(lane, step, used)

    def asked(self, run: Run) -> Found:
        """Clipped to a thousandth, hardly moving, and no better at the end: the rate does not make up for it."""
        for lane in run.lanes:
            ratio, shares = _recent(self._ratios[id(lane)] or [1.0]), self._shares[id(lane)]
            share = _recent(shares) if len(shares) > 3 else math.inf
            if ratio < _SHARE and share < 10 * _SLOW and run.improving is False:
                yield rules.BELOW_ROUNDING.found(
                    f"the step saw {ratio:.2g} of the gradient that arrived, which moves the weights by {share:.2g} of "
                    "their size (medians of 3), and the loss has not fallen by a tenth",
                    subject=lane.subject, update=lane.applied, ratio=ratio, share=share,
                )  # fmt: skip

    def _drowned(self, lane: Lane, step: Step, used: float) -> Found:
        ratio = _recent(self._ratios[id(lane)])
        shares = self._shares[id(lane)]
        shares += [] if step.own_share is None else [step.own_share]
        share = _recent(shares) if len(shares) > 2 else math.inf
        if share < _ROUNDING or (share < _SLOW and ratio < _SHARE):
            yield rules.BELOW_ROUNDING.found(
                f"the step saw {ratio:.2g} of the gradient that arrived (norm {used:.2g}), which moves the weights "
                f"by {share:.2g} of their size (medians of 3)",
                subject=lane.subject, update=step.index, ratio=ratio, share=share,
                stage=Stage.of(len(shares) > 3),
            )  # fmt: skip

    def _swallowed(self, lane: Lane, step: Step, used: float) -> Found:
        seen = self._units[id(lane)]
        entries = sum(p.numel() for p in lane.held) ** 0.5
        if len(seen) >= 3 and max(units for units, _, _ in seen) < 5 * _UNITS and used / entries < step.epsilon <= 1e-6:
            yield rules.BELOW_ROUNDING.found(
                f"the step saw {_recent(self._ratios[id(lane)]):.2g} of the gradient that arrived; what is left "
                f"({used / entries:.1e} an entry) is below Adam's epsilon {step.epsilon:.0e}: entries move by "
                f"{seen[-1][0]:.1e} of the rate",
                subject=lane.subject, update=step.index, units=seen[-1][0],
                stage=Stage.of(len(seen) > 3),
            )  # fmt: skip
        early, late = seen[:-3], seen[-3:]
        if len(early) < 3:
            return
        usual, size, rate = (statistics.median(column) for column in zip(*early, strict=True))
        same = all(abs(r - rate) < 0.5 * rate and norm > 0.1 * size for _, norm, r in late)
        if same and max(units for units, _, _ in late) < min(_UNITS, 0.05 * usual):
            yield rules.SWOLLEN.found(
                f"entries move by {late[-1][0]:.1e} of the rate, {usual:.2g} before (medians), while gradients "
                f"({late[-1][1]:.2g}, {size:.2g} before) and rates stayed",
                subject=lane.subject, update=step.index, units=late[-1][0], usual=usual,
            )  # fmt: skip

    def _decays(self, lane: Lane, step: Step) -> Found:
        self._decay[id(lane)] = self._decay[id(lane)] + 1 if step.shrinkage >= _DECAY else 0
        count = self._decay[id(lane)]
        if count in {2, 4}:
            yield rules.DECAY.found(
                f"rate times weight decay is {step.shrinkage:.2g}: so much of all weights is taken off in each update",
                subject=lane.subject, update=step.index, shrinkage=step.shrinkage,
                stage=Stage.of(count == 4),
            )  # fmt: skip


def _total(norms: Iterable[float | None]) -> float:
    return math.hypot(*(norm for norm in norms if norm))


def _recent(values: Sequence[float]) -> float:
    return statistics.median(values[-3:])


_BACK = 8
"""Folds and trials start anew a few times, most of them with an optimiser of their own."""
_KEPT = 64
"""Epochs whose weights are remembered, by a few entries each."""


class Swap(Probe):
    """The first update of an epoch starts where the last one ended, or from weights that the run itself had."""

    updates = Why.MEASURED | Why.ODD

    def __init__(self) -> None:
        self._usual = False
        self._count = 0
        self._past: list[Tensor] = []
        self._restored, self._fresh = False, False
        self._leaps = 0
        self._anew: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._written: defaultdict[int, Counter[bytes]] = defaultdict(Counter)

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Remember a few entries of the weights, and whether they are those of an earlier epoch."""
        now, self._fresh = _whole(run), True
        if now is not None:
            self._restored = self._has(now)
            self._past = [*self._past[-_KEPT:], now]
        return ()

    def backward(self, run: Run, lane: Lane, arrived: object) -> Found:
        """The first measured pass of an epoch: whose weights are these?"""
        fresh, self._fresh = self._fresh, False
        if fresh and not self._restored and (now := _whole(run)) is not None:
            self._restored = self._has(now, but_last=True)
        return ()

    def _has(self, now: Tensor, *, but_last: bool = False) -> bool:
        past = self._past[:-1] if but_last else self._past
        return any(t.shape == now.shape and bool((t == now).all()) for t in past)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """A loop that always writes, and one that goes back to its best weights, are let be."""
        yield from self._initialised(run, lane, step)
        written = self._written[id(lane)]
        if step.written and len(written) < 2 and _varied(step.written):
            written[step.written] += 1
        if step.first and not self._usual and step.drift > 1e-6:
            self._count += 1
            known = self._restored or not optimiser_stays(lane)
            yield rules.REPLACED.found(
                f"weights differ by {step.drift:.2g} of their size between updates {step.index - 1} and {step.index}"
                + ("; they are those of an earlier epoch" if self._restored else ""),
                update=step.index, drift=step.drift, severity=Severity.NOTE if known else None,
                stage=Stage.of(self._count > 1 or self._restored),
            )  # fmt: skip
        elif step.measured and not step.first and step.drift > 0:
            self._usual = True

    def asked(self, run: Run) -> Found:
        """Weights that were set back all along, always to the same values, under an optimiser that goes on."""
        for lane in run.lanes:
            states = self._written[id(lane)]
            if len(states) == 1 and max(states.values()) >= _BACK and optimiser_stays(lane) and _goes_on(lane):
                yield rules.REPLACED.found(
                    f"weights were set back to the same values {max(states.values())} times between updates: what was "
                    "learned since is lost each time",
                    subject=lane.subject, update=run.applied,
                )  # fmt: skip

    def _initialised(self, run: Run, lane: Lane, step: Step) -> Found:
        own = self._anew[id(lane)]
        own.update(step.anew)
        if step.measured:
            for module in own.keys() - step.anew:
                del own[module]
        self._leaps += step.drift > ANEW and optimiser_stays(lane)
        again = [module for module in step.anew if own[module] in {3, 6}]
        if again:
            count = max(own[module] for module in again)
            yield rules.REPLACED.found(
                f"other weights at the start of each of {count} measured updates than the update before left",
                subject=some(again), update=step.index, stage=Stage.of(count > 3),
            )  # fmt: skip
        elif step.drift > ANEW and self._leaps in {3, 4} and not self._usual:
            yield rules.REPLACED.found(
                f"weights were replaced {self._leaps} times between two updates of one optimiser, by {step.drift:.2g} "
                "of their size",
                update=step.index, drift=step.drift, stage=Stage.of(self._leaps > 3),
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


def optimiser_stays(lane: Lane) -> bool:
    """True where one optimiser alone has stepped these weights: a fold or a phase has one of its own."""
    return not lane.foreign


def _varied(entries: bytes) -> bool:
    return len({abs(value) for value in memoryview(entries).cast("f") if value == value}) > 2


def _goes_on(lane: Lane) -> bool:
    counts = [
        float(s["step"]) for s in lane.optimizer.state.values() if isinstance(s.get("step"), Tensor | int | float)
    ]
    return not counts or max(counts) >= lane.applied


def _whole(run: Run) -> Tensor | None:
    held = [p for lane in run.lanes for p in lane.held]
    return mark(held) if held else None
