"""Do gradients keep their size through the depth of the model and through the run?"""

import statistics
from collections import Counter, defaultdict

from ....rules import updates as rules
from ...run import Lane, Run, Step, by_module, module_of
from ...schedule import Why
from ...weights.meter import nonfinite
from ..probe import Found, Probe

_SPAN = 1e5
"""Between the first and the last layer of a healthy deep network gradients per weight differ by less than 1e3."""


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
