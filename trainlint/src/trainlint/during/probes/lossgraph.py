"""Does the last activation fit the loss, do the shapes fit, and does a clamp eat the gradient?"""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from ...findings import Finding
from ...rules import losses as rules
from ...rules import numbers
from ..graph import activation_below, criteria, name, nearby, reduced_shape, saved
from ..run import Run
from .probe import Found, Loss, Probe

_CLAMPS = {"Clamp", "ClampMin", "ClampMax", "Hardtanh", "Hardsigmoid"}
_EATEN = 0.2
"""A clamp that guards a logarithm touches no gradient; one that bounds an answer may touch a few at the edge."""


class Fit(Probe):
    """Last activation against criterion, on the first measured losses."""

    def loss(self, run: Run, loss: Loss) -> Found:
        """Read the graph; it costs microseconds and nothing on the device."""
        if not loss.measured or loss.tensor.grad_fn is None:
            return
        yield from _axes(loss)
        for node in criteria(loss.tensor):
            below = activation_below(node)
            kind = name(node)
            if kind.startswith("NllLoss"):
                yield from _classes(node, below)
            elif kind == "BinaryCrossEntropyWithLogits" and below is not None and name(below) in {"Sigmoid", "Softmax"}:
                text = f"{name(below).lower()} before binary_cross_entropy_with_logits, which applies a sigmoid itself"
                yield rules.MISMATCH.found(text)
            elif kind in {"MseLoss", "SmoothL1Loss", "BinaryCrossEntropy"} and below is not None:
                yield from reach(saved(node, "target"), below)


def _classes(node: object, below: object | None) -> Found:
    if below is None or name(below) != "LogSoftmax":
        kind = "raw outputs" if below is None else name(below).lower()
        # A logarithm of something may well be a log-probability.
        if kind not in {"log", "logsigmoid"}:
            yield rules.MISMATCH.found(f"nll_loss on {kind}; it expects log-probabilities")
        return
    under = activation_below(below)
    if under is not None and name(under) in {"Softmax", "LogSoftmax", "Sigmoid", "Relu"}:
        yield rules.MISMATCH.found(f"{name(under).lower()} before cross_entropy, which applies log_softmax itself")


def _axes(loss: Loss) -> Found:
    """A softmax close to the loss over the axis of the samples."""
    for node in nearby(loss.tensor, 8):
        result = saved(node, "result") if name(node) in {"Softmax", "LogSoftmax"} else None
        if result is not None and result.ndim == 2 and result.shape[0] > 1 and node._saved_dim == 0:  # pyright: ignore[reportAttributeAccessIssue]
            yield rules.MISMATCH.found(f"{name(node).lower()} over axis 0: the batch is normalised, not the classes")


def reach(target: Tensor | None, activation: object) -> list[Finding]:
    """Findings where targets lie outside the range of the last activation.

    Args:
        target: what the criterion compares with.
        activation: the graph node below the criterion.
    """
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
    return [rules.OUT_OF_REACH.found(text, share=share)]


class Shapes(Probe):
    """Did prediction and target broadcast against each other?"""

    def loss(self, run: Run, loss: Loss) -> Found:
        """From the shapes handed over, or from the graph and the model's last output."""
        out, target = loss.output, loss.target
        if out is not None and target is not None and target.is_floating_point() and out.shape != target.shape:
            if _product(out.shape, target.shape):
                yield rules.BROADCAST.found(f"output {tuple(out.shape)} against target {tuple(target.shape)}")
            return
        if not loss.measured or out is None or out.ndim == 0 or out.shape[0] < 2:
            return
        batch, reduced = out.shape[0], reduced_shape(loss.tensor)
        for node in nearby(loss.tensor, 8):
            if name(node) == "Expand" and reduced is None and "_saved_self_sym_sizes" in dir(node):
                reduced = torch.Size((batch, batch)) if out.numel() == batch else None
        if out.numel() == batch and reduced is not None and tuple(reduced) == (batch, batch):
            yield rules.BROADCAST.found(f"output {tuple(out.shape)}, and the loss averages over {tuple(reduced)}")


def _product(left: Sequence[int], right: Sequence[int]) -> bool:
    """True where broadcasting gives more entries than either side has."""
    try:
        joint = torch.broadcast_shapes(left, right)
    except RuntimeError:
        return False
    return joint.numel() > max(torch.Size(left).numel(), torch.Size(right).numel())


class Clamps(Probe):
    """Share of predictions whose gradient a clamp near the loss sets to zero."""

    def __init__(self) -> None:
        self._eaten: Counter[str] = Counter()
        self._share: dict[str, float] = {}

    def loss(self, run: Run, loss: Loss) -> Found:
        """Report what the last measured batch showed, and hook the clamps of this one."""
        for kind, seen in self._eaten.items():
            if seen == 3:
                yield numbers.CLAMP.found(
                    f"{kind.lower()} near the loss passes no gradient for {self._share[kind]:.0%} of its entries "
                    "in 3 measured batches",
                    subject=kind.lower(), update=run.applied + 1, share=self._share[kind],
                )  # fmt: skip
                self._eaten[kind] += 1
        if loss.measured:
            for node in nearby(loss.tensor):
                if name(node) in _CLAMPS:
                    node.register_hook(self._look(name(node)))  # pyright: ignore[reportAttributeAccessIssue]

    def _look(self, kind: str) -> object:
        def look(below: Sequence[Tensor | None], above: Sequence[Tensor | None]) -> None:
            if below[0] is None or above[0] is None:
                return
            arriving = above[0] != 0
            share = float((arriving & (below[0] == 0)).sum() / arriving.sum().clamp_min(1))
            if share > _EATEN:
                self._eaten[kind] += 1
                self._share[kind] = share

        return look
