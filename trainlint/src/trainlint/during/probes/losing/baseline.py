"""Is the loss below that of an answer that has learned nothing, and is it minimised at all?"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile
from statistics import fmean, stdev, variance

import torch

from ....findings import Severity, Stage
from ....rules import data
from ....rules import losses as rules
from ...losses.constants import Look, compared, look
from ...losses.criteria import parts
from ...losses.graph import chain, edges, name
from ...plan import Why, glance
from ...run import Run
from ..probe import Cast, Found, Loss, Probe

_UPDATES = 100
"""Where even a slow start has passed the constant answer."""
_LATE = 6
"""Batches of the second half below which nothing is said."""
_SLACK = 0.02
"""A share below which an advantage over the constant answer is none."""
_UNSURE = 0.15
"""The advantage that the scatter of the batches must exclude: where it does not, nothing is said."""
_KEPT = 48
_BINS, _RECENT = 128, 32


class Curve:
    """A series kept as at most 128 means of equally many values, and its last 32 values."""

    def __init__(self) -> None:
        self.recent: list[float] = []
        self._bins: list[float] = []
        self._width = 1
        self._open: list[float] = []

    def add(self, value: float) -> None:
        """Append a value; one that is not finite counts as none."""
        if not math.isfinite(value):
            return
        self.recent.append(value)
        if len(self.recent) > _RECENT:
            del self.recent[0]
        self._open.append(value)
        if len(self._open) >= self._width:
            self._bins.append(value if self._width == 1 else fmean(self._open))
            self._open.clear()
        if len(self._bins) == _BINS:
            self._bins = [(a + b) / 2 for a, b in zip(self._bins[::2], self._bins[1::2], strict=True)]
            self._width *= 2

    def falls_by(self, gap: float) -> bool:
        """True where it falls beyond its scatter, and will fall by a gap if it goes on slowing down as it does."""
        size = len(self._bins) // 4
        if size < 4:
            return False
        earlier, before, last = (self._bins[-k * size : len(self._bins) - (k - 1) * size] for k in (3, 2, 1))
        at, fall = fmean(last), fmean(before) - fmean(last)
        doubt = math.sqrt((variance(before) + variance(last)) / size)
        if min(fall, fmean(earlier) - at) <= max(2 * doubt, 0.005 * abs(at)):
            return False
        # Each quarter falls by a fixed share of the one before; at no more than 0.95 of it, 19 times as far in all.
        slower = min(0.95, fall / max(fall, fmean(earlier) - fmean(before)))
        return fall * slower / (1 - slower) > gap


class Baseline(Probe):
    """Is the loss below that of an answer that has learned nothing?

    The reference is `plan.baseline`, or the best constant answer under each criterion: fitted to some of the batches,
    scored on the others. Only what the scatter of the batches does not explain counts.
    """

    losses = Why.MEASURED | Why.GLANCE

    def __init__(self) -> None:
        self._curve = Curve()
        self._cast = Cast()
        self._looks: defaultdict[tuple[int, str], list[tuple[float, Look]]] = defaultdict(list)
        self._updates = 0

    def loss(self, run: Run, loss: Loss) -> Found:
        """Keep what predictions and targets score in a batch worth a glance."""
        at = run.applied + 1
        if not (loss.measured or glance(at)) or loss.tensor.grad_fn is None:
            return ()
        if not self._cast.alone(run, loss) or self._cast.game:
            return ()
        for index, each in enumerate(loss.criteria):
            seen = look(each, at) if each.factor > 0 else None
            if seen is not None:
                kept = self._looks[index, each.kind]
                kept.append((each.factor, seen))
                del kept[4 : max(4, len(kept) - _KEPT)]
        return ()

    def values(self, run: Run, name: str, values: Sequence[float]) -> Found:
        """Keep the curve."""
        for value in values:
            self._curve.add(value)
        return ()

    def asked(self, run: Run) -> Found:
        """Judge after a hundred updates."""
        self._updates = run.applied
        if self._updates < _UPDATES or self._cast.game:
            return
        if run.plan.baseline is not None:
            yield from self._declared(run.plan.baseline)
            return
        groups = [judged for judged in map(_late, self._looks.values()) if judged is not None]
        if not groups:
            return
        now = sum(factor * pair[0] for group in groups for factor, pair in group.means)
        reference = sum(factor * pair[1] for group in groups for factor, pair in group.means)
        doubt = math.sqrt(sum(group.doubt**2 for group in groups))
        numbers = {"now": now, "reference": reference, "doubt": doubt}
        room, better = sum(group.room for group in groups), reference - now
        learned = any(group.better > max(_SLACK * group.room, 2 * group.doubt) for group in groups)
        if learned or room <= 0 or better > _SLACK * room or better + 2 * doubt > _UNSURE * room:
            yield rules.NO_BETTER.withdrawn("it is better than a constant answer's now")
            yield data.TARGET_SCALE.withdrawn("the answers have reached the targets")
            yield from self._validated(run, reference, sum(factor for group in groups for factor, _ in group.means))
            return
        learning = self._curve.falls_by(now - reference + _SLACK * room)
        stage = Stage.of(not learning)
        count = sum(group.count for group in groups)
        text = f"{now:.4g} in {count} batches of the second half, a constant answer gives {reference:.4g} ± {doubt:.1g}"
        far = next((group.units for group in groups if group.units), "")
        if far:  # it may fall for ever by a little: the units are the cause
            yield data.TARGET_SCALE.found(f"{far}; the loss is {text}", update=self._updates, **numbers)
        if not far or now <= 1.5 * reference:
            yield rules.NO_BETTER.found(text, stage=stage, update=self._updates, **numbers)

    def _validated(self, run: Run, reference: float, factor: float) -> Found:
        pairs = [(fmean(e.losses), e.val) for e in run.epochs if e.losses and e.val is not None]
        alike = pairs and 0.4 * pairs[0][0] < pairs[0][1] < 2.5 * pairs[0][0]
        if len(pairs) < 3 or not alike or factor != 1 or not all(math.isfinite(v) for pair in pairs for v in pair):
            return
        best = min(v for _, v in pairs)
        # An accuracy rises while the train loss falls; it lies between the same numbers by chance.
        rises = pairs[-1][1] > pairs[0][1] and max(v for _, v in pairs) <= 1
        if best > (1 - _SLACK) * reference and not rises:
            yield rules.NO_BETTER.found(
                f"best of {len(pairs)} validation losses {best:.4g}, a constant answer gives {reference:.4g}",
                subject="validation", update=self._updates, best=best, reference=reference,
            )  # fmt: skip

    def _declared(self, reference: float) -> Found:
        recent = self._curve.recent
        if len(recent) < 16:
            return
        now = fmean(recent)
        if now >= reference - _SLACK * abs(reference):
            yield rules.NO_BETTER.found(
                f"mean of the last {len(recent)} losses {now:.4g}, the declared baseline is {reference:.4g}",
                update=self._updates, now=now, reference=reference,
            )  # fmt: skip

    def blind(self, run: Run) -> Iterable[str]:
        """Losses were seen, and nothing to compare them with."""
        if not self._curve.recent or run.plan.baseline is not None:
            return
        if self._cast.game:
            yield "a loss no better than a constant answer's: several losses, or players, with parameters of their own"
        elif not self._looks:
            yield "a loss no better than a constant answer's: no baseline for this loss; declare Watch(baseline=...)"
        elif all(_moving([each for _, each in looks]) for looks in self._looks.values()):
            yield "a loss no better than a constant answer's: its targets change while it learns"


class _Late:
    def __init__(self, rows: Sequence[tuple[float, Look, tuple[float, float]]], first: Look) -> None:
        factor = fmean(f for f, _, _ in rows)
        apart = [model - constant for _, _, (model, constant) in rows]
        self.count = len(rows)
        self.means = [(factor, (fmean(m for _, _, (m, _) in rows), fmean(c for _, _, (_, c) in rows)))]
        self.room = factor * (fmean(c for _, _, (_, c) in rows) - fmean(each.floor for _, each, _ in rows))
        self.better = -factor * fmean(apart)
        self.doubt = factor * stdev(apart) / math.sqrt(len(apart))
        self.units = _units(first, [each for _, each, _ in rows])


def _late(looks: Sequence[tuple[float, Look]]) -> _Late | None:
    seen = [each for _, each in looks]
    last = seen[-1].update
    if len(seen) < 2 * _LATE or _moving(seen):
        return None
    pairs = compared(seen)
    rows = [(f, e, pair) for (f, e), pair in zip(looks, pairs, strict=True) if 2 * e.update > last]
    known = all(math.isfinite(number) for _, _, pair in rows for number in pair)
    return _Late(rows, seen[0]) if len(rows) >= _LATE and known else None


def _moving(looks: Sequence[Look]) -> bool:
    half = len(looks) // 2
    if half < 2 or looks[0].kind in {"classes", "shares"}:
        return False
    means = [float(each.target.float().mean()) for each in looks]
    within = fmean(float(each.target.float().std(correction=0)) for each in looks)
    gap = abs(fmean(means[half:]) - fmean(means[:half]))
    scatter = max(stdev(means[:half]), stdev(means[half:])) / math.sqrt(half)
    return gap > 0.3 * within and gap > 3 * scatter


def _units(first: Look, late: Sequence[Look]) -> str:
    if first.kind not in {"squared", "absolute", "smooth", "huber"}:
        return ""
    targets = torch.cat([each.target.float().flatten()[:4096] for each in late])
    size = float(targets.square().mean().sqrt())
    reached = fmean(each.size for each in late)
    if size < 30 * max(first.size, 1e-12) or size < 30 or reached > size / 2:
        return ""
    mean, deviation = float(targets.mean()), float(targets.std(correction=0))
    return f"targets are {mean:.3g} ± {deviation:.2g}, the answers started at {first.size:.2g} and are at {reached:.2g}"


_NOT_ALONE = {"Sum", "Mean", "Exp", "AccumulateGrad"}
"""Nodes behind which other entries count too, as those of a contrast."""


def _apart(loss: Loss, turned: int) -> bool:
    every = [part for part in parts(loss.tensor) if part.weight is None]
    for outer in every:
        up = {"Exp": -turned, "Log": turned}.get(name(outer.node), 0) * outer.factor
        below = chain(edges(outer.node)[0][0], 3) if up > 0 else ()
        within = list(takewhile(lambda n: name(n) not in _NOT_ALONE, below))
        if any(p.factor * outer.factor < 0 and any(n in within for n in chain(p.node, 2)) for p in every):
            return True
    return False


class Signs(Probe):
    """A criterion whose sign makes its errors grow."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._cast = Cast()
        self._errors: list[tuple[int, float]] = []
        self._factors: set[float] = set()
        self._kind, self._count = "", 0

    def loss(self, run: Run, loss: Loss) -> Found:
        """Read signs at measured updates, and judge when the errors have grown as the sign says."""
        if not loss.legible or not self._cast.alone(run, loss) or self._cast.game:
            return
        groups = [group for lane in run.lanes for group in lane.optimizer.param_groups]
        turned = -1 if groups and all(group.get("maximize", False) for group in groups) else 1
        criteria = [c for c in loss.criteria if c.weight is None or not bool((c.weight < 0).any())]
        at, value = run.applied + 1, float(loss.tensor.detach())
        if value * turned < 0 and _apart(loss, turned):
            text = f"x - log x, as in a divergence, is maximised, and the loss is {value:.4g}"
            yield rules.WRONG_SIGN.found(text, severity=Severity.WARNING, update=at, stage=Stage.of(at > 16))
        if not criteria or any(not c.factor * turned < 0 for c in criteria):
            self._errors.clear()
            return
        self._factors |= {c.factor for c in criteria}
        self._kind, self._count = criteria[0].kind, len(criteria)
        self._errors.append((at, abs(value)))
        yield from self._judge(run, at > 16)

    def asked(self, run: Run) -> Found:
        """What has grown until the end."""
        return self._judge(run, ended=True)

    def _judge(self, run: Run, ended: bool) -> Found:
        # A reward that happens to be negative changes from loss to loss; a wrong sign does not.
        if len(self._errors) < 4 or len(self._factors) > self._count:
            return
        (_, first), (at, last) = self._errors[0], self._errors[-1]
        if last > 1.1 * first:
            yield rules.WRONG_SIGN.found(
                f"{self._kind} errors are maximised: their factor in the loss is {min(self._factors):.3g}, and they "
                f"grew from {first:.4g} to {last:.4g} in {at - 1} updates",
                severity=Severity.WARNING, update=at, stage=Stage.of(ended),
            )  # fmt: skip
