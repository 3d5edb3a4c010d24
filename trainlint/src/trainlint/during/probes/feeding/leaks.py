"""Does a model that predicts the next entry of a sequence look at the entries behind it?"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ....findings import Severity
from ....rules import data as rules
from ...losses.graph import field, name, nearby, saved
from ...run import Run
from ...schedule import Why
from ..probe import Found, Loss, Probe
from ..sightings import Sightings

_NODES = 4000
_SHORTEST = 4


class Ahead(Probe):
    """The target is the input one place further on, and an attention in the graph has weight on later places."""

    losses = Why.MEASURED

    def __init__(self) -> None:
        self._seen = Sightings()

    def loss(self, run: Run, loss: Loss) -> Found:
        """At measured updates, of a model that is fed one sequence: of two, one may be read as a whole."""
        whole = [x for x in loss.inputs if not x.is_floating_point() and x.ndim == 2]
        if len(whole) != 1 or len(loss.inputs) > 2 or loss.tensor.grad_fn is None:
            return
        length = next((n for c in loss.criteria if c.kind == "classes" and (n := shifted(whole[0], c.target))), 0)
        if length >= _SHORTEST and (told := _looks_ahead(loss.tensor, length)):
            at = run.applied + 1
            yield rules.LEAK.found(
                f"each target is the input one place further on, and {told}",
                subject="attention", update=at, severity=Severity.WARNING, stage=self._seen.stage("", at),
            )  # fmt: skip


def shifted(fed: Tensor, target: Tensor | None) -> int:
    """Length of the sequences where the targets are the inputs one place further on; 0 where they are not.

    Args:
        fed: whole numbers, with the places along either axis.
        target: of as many entries; negative ones are not asked for.
    """
    if target is None or target.numel() != fed.numel() or not bool((fed != fed.flatten()[0]).any()):
        return 0
    wanted = target.detach().reshape(fed.shape)
    for axis in (1, 0):
        early, late = wanted.narrow(axis, 0, fed.shape[axis] - 1), fed.narrow(axis, 1, fed.shape[axis] - 1)
        asked = early >= 0
        if bool(asked.any()) and bool((early == late)[asked].all()) and not bool((wanted == fed)[wanted >= 0].all()):
            return fed.shape[axis]
    return 0


def _looks_ahead(loss: Tensor, length: int) -> str:
    """What shows it: weights above the diagonal, or an attention in one node without any mask."""
    for node in nearby(loss, _NODES):
        kind = name(node)
        if kind in {"Softmax", "SafeSoftmax"}:
            weights = saved(node, "result")
            if weights is not None and _square(weights.shape, length) and bool(torch.triu(weights.detach(), 1).any()):
                share = float(torch.triu(weights.detach(), 1).sum() / weights.detach().sum())
                return f"{share:.0%} of an attention's weight lies on later places"
        elif kind.startswith("ScaledDotProduct") and not field(node, "is_causal"):
            query, key = saved(node, "query"), saved(node, "key")
            same = query is not None and key is not None and query.shape[-2] == key.shape[-2] == length
            if same and saved(node, "attn_mask") is None and saved(node, "attn_bias") is None:
                return "an attention has neither a mask nor is_causal"
    return ""


def _square(shape: Sequence[int], length: int) -> bool:
    return len(shape) >= 2 and shape[-1] == shape[-2] == length
