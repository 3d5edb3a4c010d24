"""Which criteria are written as several nodes: the likelihoods of a count and of a normal distribution, the hinge?"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from .criteria import Criterion, Part, compared
from .graph import below, edges, name, saved


def composed(every: Sequence[Part], known: dict[int, Tensor]) -> Iterator[Criterion]:
    """The criteria of a loss that take more than one node each."""
    for part in every:
        if part.weight is not None or part.factor != part.factor:
            continue
        kind = name(part.node)
        made = (
            _counts(part, every)
            if kind == "Exp"
            else _normal(part, every, known)
            if kind == "Div"
            else _hinge(part)
            if kind in {"Relu", "ClampMin"}
            else None
        )
        if made is not None:
            yield made


def _counts(part: Part, every: Sequence[Part]) -> Criterion | None:
    """exp(a) - t a, with a the logarithm of the rate and t the counts."""
    rate, under = saved(part.node, "result"), edges(part.node)[0][0]
    for other in every:
        if (
            rate is None
            or below(other.node) is not below(under)
            or other.weight is None
            or other.factor != -part.factor
        ):
            continue
        if other.weight.shape == rate.shape and not bool((other.weight < 0).any()):
            return Criterion(
                kind="counts", node=part.node, factor=part.factor * rate.numel(), prediction=under,
                value=rate.detach().clamp_min(1e-30).log(), target=other.weight, whole=not part.partial,
            )  # fmt: skip
    return None


def _normal(part: Part, every: Sequence[Part], known: dict[int, Tensor]) -> Criterion | None:
    """d²/v + log v of `gaussian_nll_loss`, or d²/(2 v) + log s of `Normal.log_prob`, with the model's own variance."""
    top, spread = edges(part.node)[0][0], saved(part.node, "other")
    twice = top is not None and name(top) == "Neg"
    top = edges(top)[0][0] if twice and top is not None else top
    logs = [each for each in every if name(each.node) == "Log" and each.factor * part.factor * (-1) ** twice > 0]
    if top is None or name(top) != "Pow" or spread is None or not logs:
        return None
    under, apart = below(edges(top)[0][0]), saved(top, "self")
    if under is None or apart is None or name(under) != "Sub":
        return None
    value, target, prediction = compared(under, apart, known)
    variance = spread.detach() / 2 if twice else spread.detach()
    factor = -part.factor if twice else 2 * part.factor
    return Criterion(
        kind="normal", node=part.node, factor=factor * apart.numel(), prediction=prediction, value=value,
        target=target, setting=variance.expand_as(apart), whole=not part.partial,
    )  # fmt: skip


def _hinge(part: Part) -> Criterion | None:
    """max(0, 1 - t a) with labels t of -1 and 1."""
    margin = saved(part.node, "result") if name(part.node) == "Relu" else saved(part.node, "self")
    under = below(edges(part.node)[0][0])
    product = None if under is None or name(under) not in {"Rsub", "Add", "Sub"} else below(edges(under)[0][0])
    if margin is None or product is None or name(product) != "Mul":
        return None
    live = [i for i, (child, _) in enumerate(edges(product)) if child is not None]
    labels = saved(product, "self" if live == [1] else "other") if len(live) == 1 else None
    if labels is None or labels.numel() != margin.numel() or not bool((labels.abs() == 1).all()):
        return None
    labels = labels.detach().reshape(margin.shape).to(margin.dtype)
    value = labels * (1 - torch.relu(margin.detach()))
    return Criterion(
        kind="hinge", node=part.node, factor=part.factor * margin.numel(), prediction=edges(product)[live[0]][0],
        value=value, target=labels, whole=not part.partial,
    )  # fmt: skip
