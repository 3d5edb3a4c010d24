"""Does the last activation fit the loss, and does a clamp eat the gradient?"""

from collections import Counter
from collections.abc import Mapping, Sequence

from torch import Tensor

from ....findings import Finding, Severity, Stage
from ....rules import data as data_rules
from ....rules import losses as rules
from ...losses.criteria import Criterion, parts
from ...losses.graph import below, edges, field, index, name, nearby, producers, replayed, saved, walk_from
from ...plan import Why
from ...run import Run
from ..probe import Found, Loss, Probe, Sightings

_CLAMPS = {"Clamp", "ClampMin", "ClampMax", "Hardtanh", "Hardsigmoid"}
_SQUASHED = {"Softmax", "Sigmoid", "Relu", "Tanh"}
_SHARES = {"Softmax", "Sigmoid"}
_LOGARITHMS = {"LogSoftmax", "Log", "LogSigmoid"}
_LINEAR = {"Addmm", "Mm", "Bmm", "Convolution", "Mv", "Addmv"}
_RAW = _LINEAR | _SQUASHED | {"NativeLayerNorm", "LogSoftmax"}
"""Nodes whose result is known not to be a logarithm, or one over another axis."""
_RARELY = 0.1
"""Share of targets out of reach below which an answer can still be a good one."""
_SMOOTHED = 0.5
_EATEN = 0.2
"""A clamp that guards a logarithm touches no gradient; one that bounds an answer may touch a few at the edge."""


class Fit(Probe):
    """Last activation against criterion, on the first measured losses."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._seen = Sightings()

    def loss(self, run: Run, loss: Loss) -> Found:
        """Read the graph; it costs microseconds and nothing on the device."""
        if not loss.legible:
            return
        at = run.applied + 1
        known = producers(loss.outputs)
        found = {text: severity for each in loss.criteria for text, severity in _misfits(each, known)}
        found |= dict.fromkeys((*_divergences(loss.tensor), *_alignments(loss.tensor)))
        for text, severity in found.items():
            stage = self._seen.stage(text, at)
            yield rules.MISMATCH.found(text, severity=severity, stage=stage, update=at)
        for each in loss.criteria:
            under = None if each.kind in {"classes", "shares", "logits"} else below(each.prediction)
            if under is not None:
                yield from reach(each.target, under)
            if each.kind == "logits" and each.target is not None:
                yield from _labels(each.target)


def _misfits(criterion: Criterion, known: Mapping[int, Tensor]) -> list[tuple[str, Severity | None]]:
    under = below(criterion.prediction)
    if under is None:
        return []
    under = _unguarded(under)
    if criterion.kind in {"classes", "shares"}:
        return _classes(criterion, under, known)
    found: list[tuple[str, Severity | None]] = [(text, None) for text in _one_over(under)]
    if criterion.kind == "logits" and name(under) in {"Sigmoid", "Softmax"}:
        text = f"{name(under).lower()} before binary_cross_entropy_with_logits, which applies a sigmoid itself"
        return [(text, None), *found]
    return found


def _classes(criterion: Criterion, under: object, known: Mapping[int, Tensor]) -> list[tuple[str, Severity | None]]:
    kind = name(under)
    if kind == "LogSoftmax" and _sums_to_one(criterion.value):
        before = below(edges(under)[0][0])
        before = None if before is None else _unscaled(_unguarded(before))
        told = name(before).lower() if name(before) in _SQUASHED else ""
        if told or _shared_out(before, replayed(edges(under)[0][0], known)):
            return [(f"{told or 'shares of 1'} before cross_entropy, which applies log_softmax itself", None)]
        if before is not None and (told := _one_over(_shares_of(before))):
            return [(text, None) for text in told]
        if before is not None and name(before) in _LOGARITHMS:  # the logarithm of a logarithm's softmax is the same
            return [("log_softmax of log-probabilities: the second one changes nothing", Severity.NOTE)]
        return []
    if kind == "Log" and not _sums_to_one(criterion.value):  # the logarithm may stand over a softmax
        under = _shares_of(under)
        kind = {"Softmax": "LogSoftmax"}.get(name(under), kind)
    if kind not in _RAW or _sums_to_one(criterion.value):
        return []
    if kind == "LogSoftmax" and criterion.value is not None and bool(criterion.value.isnan().any()):
        return []
    if kind == "LogSoftmax":
        axis = index(field(under, "dim"))
        batch = ": the batch is normalised, not the classes" if axis == 0 else ", which is not that of the classes"
        return [(f"log_softmax over axis {axis}{batch}", None)]
    told = kind.lower() if kind in _SQUASHED else "raw outputs"
    return [(f"nll_loss on {told}; it expects log-probabilities", None)]


def _unguarded(node: object) -> object:
    under: object | None = node
    for _ in range(3):
        alone = under is not None and sum(child is not None for child, _ in edges(under)) == 1
        if under is None or not (name(under) in _CLAMPS or (alone and name(under) in {"Add", "Sub"})):
            break
        under = below(next((child for child, _ in edges(under) if child is not None), None))
    return under if under is not None and name(under) in _SHARES else node


def _shares_of(node: object) -> object:
    under = below(edges(node)[0][0]) if name(node) == "Log" else None
    return node if under is None else _unguarded(under)


def _unscaled(node: object) -> object:
    if name(node) not in {"Mul", "Div"} or sum(c is not None for c, _ in edges(node)) != 1:
        return node
    under = below(next(child for child, _ in edges(node) if child is not None))
    return under if under is not None and name(under) == "Softmax" else node


def _shared_out(node: object, answer: Tensor | None) -> bool:
    own, total = saved(node, "self"), saved(node, "other")
    if name(node) == "Div" and own is not None and total is not None:
        answer = (own / total).detach()
    return answer is not None and _shares(answer)


def _shares(answer: Tensor) -> bool:
    return answer.numel() > 0 and bool((answer >= 0).all()) and bool(((answer.sum(dim=-1) - 1).abs() < 1e-3).all())


def _sums_to_one(value: Tensor | None) -> bool:
    if value is None or value.numel() == 0:
        return True
    axis = 1 if value.ndim > 1 else 0
    return float(value.detach().float().logsumexp(dim=axis).abs().median()) < 0.05


def _one_over(under: object) -> list[str]:
    result = saved(under, "result") if name(under) in {"Softmax", "LogSoftmax"} else None
    axis = index(field(under, "dim"))
    if result is None or axis is None:
        return []
    kind = name(under).lower()
    if result.ndim and result.shape[axis] == 1:
        return [f"{kind} over axis {axis}, which has one entry: the answer is always {0 if kind[0] == 'l' else 1}"]
    if result.ndim == 2 and axis == 0 and result.shape[1] > 1:
        return [f"{kind} over axis 0: the batch is normalised, not the classes"]
    return []


def _divergences(loss: Tensor) -> list[str]:
    texts = []
    for part in parts(loss):
        weight, kind = part.weight, name(part.node)
        if kind not in {"Softmax", "Log"} or weight is None or not part.factor < 0 or weight.ndim < 2:
            continue
        if _shares(weight):
            softmax = "softmax where kl_div expects log-probabilities"
            texts += [softmax] if kind == "Softmax" else _one_over(_shares_of(part.node))
    return texts


def _alignments(loss: Tensor) -> list[str]:
    given = [saved(node, "log_probs") for node in nearby(loss) if name(node) == "CtcLoss"]
    raw = any(value is not None and float(value.detach().logsumexp(-1).abs().median()) > 0.05 for value in given)
    return ["ctc_loss on raw outputs; it expects log-probabilities over the last axis"] if raw else []


def reach(target: Tensor | None, activation: object) -> list[Finding]:
    """Findings where targets lie outside the range of the last activation."""
    limits = {"Sigmoid": (0.0, 1.0), "Softmax": (0.0, 1.0), "Tanh": (-1.0, 1.0), "Relu": (0.0, float("inf"))}
    if target is None or name(activation) not in limits:
        return []
    low, high = limits[name(activation)]
    # One per cent of the targets' spread is forgiven: rounding and label noise.
    slack = 0.01 * float(target.detach().float().std(correction=0)) + 1e-6
    share = float(((target < low - slack) | (target > high + slack)).float().mean())
    if share <= 0.01:
        return []
    kind = name(activation).lower()
    text = f"{share:.0%} of the targets lie outside [{low:g}, {high:g}], all that {kind} can give"
    # A few, as of an unbounded expert copied by a bounded one, are approached as near as may be.
    severity = Severity.NOTE if share < _RARELY else None
    return [rules.OUT_OF_REACH.found(text, severity=severity, share=share)]


def _labels(target: Tensor) -> list[Finding]:
    share = float(((target < -_SMOOTHED) | (target > 1 + _SMOOTHED)).float().mean())
    if share <= 0.01:
        return []
    text = f"{share:.0%} of the labels of a binary cross entropy lie outside [0, 1]: from {float(target.min()):.3g} to "
    return [rules.OUT_OF_REACH.found(f"{text}{float(target.max()):.3g}", share=share)]


class Clamps(Probe):
    """Share of predictions whose gradient a clamp between output and criterion sets to zero.

    A clamp in a hidden layer is an activation, and one of the loss itself is satisfied at its edge.
    """

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._row: Counter[str] = Counter()
        self._share: dict[str, float] = {}

    def loss(self, run: Run, loss: Loss) -> Found:
        """Look at the gradients on both sides during the coming backward, and judge after three measured batches."""
        for kind, row in self._row.items():
            stage = Stage.of(row >= 5)
            if loss.measured and row >= 3:
                yield data_rules.CLAMP.found(
                    f"{kind.lower()} between output and loss passes no gradient for {self._share[kind]:.0%} of its "
                    f"entries in {row} measured batches in a row",
                    subject=kind.lower(), update=run.applied + 1, share=self._share[kind], stage=stage,
                )  # fmt: skip
            elif loss.measured and row == 0:
                yield data_rules.CLAMP.withdrawn("gradients pass again", subject=kind.lower())
        if loss.measured:
            for node in _bounds(loss):
                node.register_hook(self._look(name(node)))  # pyright: ignore[reportAttributeAccessIssue]

    def _look(self, kind: str) -> object:
        def look(passed: Sequence[Tensor | None], above: Sequence[Tensor | None]) -> None:
            if passed[0] is None or above[0] is None:
                return
            arriving = above[0] != 0
            share = float((arriving & (passed[0] == 0)).sum() / arriving.sum().clamp_min(1))
            self._row[kind] = self._row[kind] + 1 if share > _EATEN else 0
            self._share[kind] = share

        return look


def _bounds(loss: Loss) -> list[object]:
    found: dict[int, object] = {}
    for each in loss.criteria:
        under = below(each.prediction)
        if under is not None and name(under) == "Log":
            under = below(edges(under)[0][0])
        if under is not None and name(under) in _CLAMPS:
            found[id(under)] = under
    logs = (node for node in nearby(loss.tensor) if name(node) == "Log")
    for under in (each for node in logs for each in walk_from(node, 6)):
        # A logarithm by hand of what no sigmoid made: probabilities that are sure may touch the clamp.
        if field(under, "max") is not None and name(below(edges(under)[0][0])) in _LINEAR:
            found[id(under)] = under
    return list(found.values())
