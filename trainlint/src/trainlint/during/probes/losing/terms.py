"""Do the declared terms of a loss live and add up, and do the shapes under it broadcast?"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

from ....findings import Stage
from ....rules import losses as rules
from ...losses.criteria import Criterion, parts
from ...losses.graph import edges, saved, shape
from ...losses.graph import name as kind_of
from ...plan import Why
from ...run import Run
from ..probe import Found, Loss, Probe, Sightings

_SAME = 8
_FULL = {torch.float32, torch.float64}
_NORMS = {"LinalgVectorNorm", "Norm"}


class Terms(Probe):
    """Declared terms: weights, life, graph, and their sum."""

    losses = Why.ODD

    def __init__(self) -> None:
        self._first: dict[str, float] = {}
        self._count: Counter[str] = Counter()
        self._alive: set[str] = set()
        self._weighted: set[str] = set()
        self._cut: Counter[str] = Counter()
        self._joined: set[str] = set()
        self._ratios: defaultdict[str, list[float]] = defaultdict(list)

    def asked(self, run: Run) -> Found:
        """A weight of zero may be one that grows, and a term may wait for its phase: the whole run says."""
        for name, value in self._first.items():
            if name not in self._weighted:
                yield rules.ZERO_WEIGHT.found(f"weight 0 in every batch, value {value:.4g} in the first", subject=name)
            elif self._count[name] >= _SAME and name not in self._alive:
                yield rules.DEAD_TERM.found(f"{value:.6f} in all {self._count[name]} batches", subject=name)

    def loss(self, run: Run, loss: Loss) -> Found:
        """Every loss with terms."""
        if not loss.terms:
            return
        every = [loss.tensor, *(term for _, term in loss.terms.values())]
        stated, *values = torch.stack([x.detach().double().reshape(()) for x in every]).tolist()  # one transfer
        if not math.isfinite(stated):
            return
        for (name, (weight, _)), value in zip(loss.terms.items(), values, strict=True):
            self._weighted |= {name} if weight else set()
            yield from self._life(run, name, weight, value)
        yield from self._graphs(run, loss, values)
        total = sum(weight * value for (weight, _), value in zip(loss.terms.values(), values, strict=True))
        # float32 sums of a few terms agree to 1e-6; half precision to 1e-3.
        slack = 1e-4 if all(x.dtype in _FULL for x in every) else 2e-3
        if abs(total - stated) > slack * max(abs(total), abs(stated), 1e-12):
            yield from self._unaccounted(run, loss.name, total, stated)

    def _life(self, run: Run, name: str, weight: float, value: float) -> Found:
        first = self._first.setdefault(name, value)
        self._count[name] += 1
        if name in self._alive:
            return
        if value != first:
            self._alive.add(name)
            yield rules.DEAD_TERM.withdrawn(f"it is {value:.6f} now", subject=name, update=run.applied + 1)
        elif weight and self._count[name] == _SAME:
            text = f"{first:.6f} in {_SAME} batches"
            yield rules.DEAD_TERM.found(text, subject=name, update=run.applied + 1, stage=Stage.SUSPECTED)

    def _graphs(self, run: Run, loss: Loss, values: list[float]) -> Found:
        if not torch.is_grad_enabled() or not any(term.requires_grad for _, term in loss.terms.values()):
            return  # a loop that hands over detached values for the record detaches them all
        for (name, (weight, term)), value in zip(loss.terms.items(), values, strict=True):
            if term.requires_grad:
                self._joined.add(name)
            elif weight and value and name not in self._joined:
                self._cut[name] += 1
                if self._cut[name] in {1, 3}:
                    yield rules.TERM_CUT.found(
                        f"weight {weight:g}, value {value:.4g}, no graph in {self._cut[name]} batches",
                        subject=name, update=run.applied + 1,
                        stage=Stage.of(self._cut[name] > 1),
                    )  # fmt: skip

    def _unaccounted(self, run: Run, name: str, total: float, stated: float) -> Found:
        ratios = self._ratios[name]
        ratios.append(total / stated if stated else math.inf)
        del ratios[:-3]
        whole = round(ratios[-1]) if math.isfinite(ratios[-1]) else 0
        unit = whole > 1 and all(abs(each - whole) < 0.01 * whole for each in ratios)
        divided = unit and any(lane.window == whole or not lane.applied for lane in run.lanes)
        if not divided:
            yield rules.UNACCOUNTED.found(
                f"the weighted terms add up to {total:.6g}, the loss is {stated:.6g}",
                update=run.applied + 1, total=total, loss=stated,
                stage=Stage.of(len(ratios) > 1),
            )  # fmt: skip


class Shapes(Probe):
    """Did prediction and target broadcast against each other?"""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._seen = Sightings()

    def loss(self, run: Run, loss: Loss) -> Found:
        """From the graph: every prediction met every label."""
        if not loss.legible:
            return
        at = run.applied + 1
        for text in broadcasts(loss.tensor, loss.criteria):
            yield rules.BROADCAST.found(text, stage=self._seen.stage("", at), update=at)


def broadcasts(loss: Tensor, known: Iterable[Criterion]) -> list[str]:
    """The first broadcast in the graph of a loss with these criteria."""
    texts = [text for each in known for text in _met(each)]
    for part in parts(loss):
        texts += [*_multiplied(part.node), *_likely(part.node)]
    return texts[:1]


def _met(criterion: Criterion) -> list[str]:
    node = criterion.node
    value, target = criterion.value, criterion.target
    if value is not None and target is not None and value.shape == target.shape and kind_of(node).endswith("Loss"):
        mine, theirs = _repeated(value), _repeated(target)
        if mine and theirs and not mine & theirs and 0 in mine | theirs:
            return [f"{_told(value, mine)} against {_told(target, theirs)} gives {tuple(value.shape)}"]
    return [] if kind_of(node).endswith("Loss") else _apart(node, criterion.prediction)


def _likely(node: object) -> list[str]:
    top = node if kind_of(node) in _NORMS else edges(node)[0][0] if kind_of(node) == "Div" else None
    if top is not None and kind_of(top) == "Neg":
        top = edges(top)[0][0]
    if top is None or kind_of(top) not in {"Pow", *_NORMS}:
        return []
    under = edges(top)[0][0]
    live = [child for child, _ in edges(under) if child is not None] if under is not None else []
    return _apart(top, live[0]) if len(live) == 1 and under is not None and kind_of(under) == "Sub" else []


def _apart(node: object, prediction: object | None) -> list[str]:
    apart, given = saved(node, "self"), None if prediction is None else _unexpanded(prediction)
    if apart is None or given is None or apart.ndim < 2 or torch.Size(given).numel() < 2:
        return []
    square = apart.numel() == torch.Size(given).numel() ** 2 and apart.shape[-1] == apart.shape[-2]
    if square and apart.shape[-1] ** 2 == apart.numel() and _row_and_column(apart):
        return [f"predictions {tuple(given)} against as many targets give {tuple(apart.shape)}"]
    return []


def _unexpanded(node: object) -> tuple[int, ...] | None:
    return shape(edges(node)[0][0]) if kind_of(node) == "Expand" and edges(node)[0][0] is not None else shape(node)


def _repeated(tensor: Tensor) -> set[int]:
    return {
        i for i, (size, step) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)) if size > 1 and step == 0
    }


def _told(tensor: Tensor, repeated: set[int]) -> str:
    return str(tuple(1 if i in repeated else size for i, size in enumerate(tensor.shape)))


def _row_and_column(apart: Tensor) -> bool:
    matrix = apart.detach().reshape(apart.shape[-2:]).double()
    left = matrix - matrix[:, :1] - matrix[:1] + matrix[:1, :1]
    return float(left.abs().max()) <= 1e-4 * float(matrix.abs().max()) and float(matrix.std()) > 0


def _multiplied(node: object) -> list[str]:
    made, sides = shape(node), edges(node)
    live = [(i, child, nr) for i, (child, nr) in enumerate(sides) if child is not None]
    if (
        kind_of(node) != "Mul"
        or len(sides) != 2
        or len(live) != 1
        or made is None
        or len(made) != 2
        or made[0] != made[1]
    ):
        return []
    at, child, nr = live[0]
    constant, given = saved(node, "self" if at else "other"), shape(child, nr)
    if constant is None or given is None or not constant.numel() == torch.Size(given).numel() == made[0] > 1:
        return []
    return [f"terms {tuple(given)} times weights {tuple(constant.shape)} give {tuple(made)}"]
