"""What does the best constant answer score under a criterion, on targets that it was not fitted to?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .criteria import Criterion
from .graph import pieced

_MOST = 65_536
"""Entries of the targets kept of a batch; of a larger one, its first samples."""
_BLENDS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Between median and mean, where the best constant of a smoothed absolute error lies."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """Predictions and targets of one batch under one criterion."""

    kind: str
    target: Tensor
    scored: float
    floor: float
    weight: Tensor | None
    setting: Tensor | float | None
    classes: int
    update: int
    size: float


def look(criterion: Criterion, update: int) -> Look | None:
    """What a criterion shows of its batch; None where predictions or targets cannot be read."""
    value, target = criterion.value, criterion.target
    if value is None or target is None or not criterion.whole or value.ndim == 0 or value.numel() == 0:
        return None
    same = bool((target == target.flatten()[0]).all())
    if same and pieced(criterion.prediction):
        return None  # its classes are places, and a constant answer would know the right one
    if not same and target.ndim > 1 and len(target) > 1 and bool((target == target[:1]).all()):
        return None  # so are its columns
    value, target, weight, setting = value.detach(), target.detach(), criterion.weight, criterion.setting
    kept = max(1, _MOST // max(1, value[0].numel()))
    if kept < len(value):
        rows = weight is not None and criterion.kind != "classes" and weight.shape == value.shape
        value, target, weight = value[:kept], target[:kept], weight[:kept] if rows and weight is not None else weight
        setting = setting[:kept] if criterion.kind == "normal" and isinstance(setting, Tensor) else setting
    if criterion.kind == "classes":
        value = value.movedim(1, -1) if value.ndim > 1 else value[None]
        target = target if target.ndim else target[None]
    facts = {"weight": weight, "setting": setting}
    scored = score(criterion.kind, value.float(), target, **facts)
    if not math.isfinite(scored):
        return None
    floor = _floor(criterion.kind, target, weight)
    size = float(value.float().square().mean().sqrt())
    return Look(
        kind=criterion.kind,
        target=target,
        scored=scored,
        floor=floor,
        classes=value.shape[-1],
        update=update,
        size=size,
        **facts,
    )


def _floor(kind: str, target: Tensor, weight: Tensor | None) -> float:
    if kind == "shares":
        return float(torch.special.entr(target.float()).sum(dim=-1).mean())
    if kind == "normal":  # there is no least value: one nat below the constant is much
        return float(0.5 * target.float().var(dim=0, correction=0).clamp_min(1e-12).log().mean()) - 0.5
    if kind == "counts":
        own = target.float()
        return float((own - torch.special.xlogy(own, own)).mean())
    if kind in {"labels", "logits"} and weight is None and target.is_floating_point():
        own = target.float().clamp(0, 1)
        return float((torch.special.entr(own) + torch.special.entr(1 - own)).mean())
    return 0.0


def compared(looks: Sequence[Look]) -> list[tuple[float, float]]:
    """What the model and the best constant scored on each batch.

    The constant is fitted to every other batch and scored on the ones between: it may not profit from having seen them.
    """
    found: list[tuple[int, tuple[float, float]]] = []
    for turn in (0, 1):
        fitted = best([each for i, each in enumerate(looks) if i % 2 == turn])
        for i, each in enumerate(looks):
            if i % 2 != turn:
                found.append((i, (each.scored, _constant(each, fitted))))
    return [pair for _, pair in sorted(found)]


def _constant(each: Look, fitted: Tensor) -> float:
    if each.kind in {"classes", "shares"}:
        value = fitted.log().expand(*each.target.shape[: None if each.kind == "classes" else -1], -1)
        return score(each.kind, value, each.target, each.weight, each.setting)
    target = each.target.float()
    if each.kind == "normal":
        mean, variance = (row if row.shape == target.shape[1:] else row.mean() for row in fitted)
        return score("normal", mean.expand_as(target), target, None, variance.expand_as(target))
    if each.kind == "margins":
        return score("margins", fitted.expand(len(each.target), -1), each.target, each.weight, None)
    value = (fitted if fitted.shape == target.shape[1:] else fitted.mean()).expand_as(target)
    kind = "labels" if each.kind == "logits" else each.kind
    return score(kind, value, target, each.weight, each.setting)


def best(looks: Sequence[Look]) -> Tensor:
    """The constant answer that scores best on batches: one number per column, or the share of each class."""
    first = looks[0]
    if first.kind == "classes":
        return _shares(looks)
    if first.kind == "margins":
        return _margins(looks)
    shapes = {each.target.shape[1:] for each in looks}
    columns = [each.target.float() if len(shapes) == 1 else each.target.float().reshape(-1) for each in looks]
    targets = torch.cat(columns)
    mean = targets.mean(dim=0)
    match first.kind:
        case "shares":
            rows = targets.reshape(-1, targets.shape[-1]) if targets.ndim > 1 else targets[None]
            return (rows.mean(dim=0) / rows.mean(dim=0).sum()).clamp_min(1e-6)
        case "squared":
            return _weighted(looks, targets, mean)
        case "normal":
            return torch.stack([mean, targets.var(dim=0, correction=0).clamp_min(1e-12)])
        case "counts":
            return mean.clamp_min(1e-12).log()
        case "hinge":
            return mean.sign()
        case "labels" | "logits":
            return _labels(first, _weighted(looks, targets, mean))
        case "margin":
            return torch.special.logit(((mean + 1) / 2).clamp(1e-4, 1 - 1e-4))
        case _:
            median = targets.median(dim=0).values
            tried = [median + share * (mean - median) for share in _BLENDS]
            return min(tried, key=lambda c: score(first.kind, c.expand_as(targets), targets, None, first.setting))


def _weighted(looks: Sequence[Look], targets: Tensor, mean: Tensor) -> Tensor:
    if any(each.weight is None or each.weight.shape != each.target.shape for each in looks):
        return mean
    weights = torch.cat([each.weight.float() for each in looks if each.weight is not None])
    if weights.shape != targets.shape:
        return mean
    return (weights * targets).sum(dim=0) / weights.sum(dim=0).clamp_min(1e-12)


def _labels(first: Look, mean: Tensor) -> Tensor:
    positive = first.setting if isinstance(first.setting, Tensor) else torch.ones(())
    share = positive.to(mean.device) * mean / (positive.to(mean.device) * mean + 1 - mean).clamp_min(1e-12)
    return share.clamp(1e-6, 1 - 1e-6)


def _margins(looks: Sequence[Look]) -> Tensor:
    labels, first = torch.cat([each.target.reshape(-1) for each in looks]), looks[0]
    even = torch.zeros(first.classes, device=labels.device)
    ahead = F.one_hot(labels.mode().values, first.classes).float()
    return min(even, ahead, key=lambda c: score("margins", c.expand(len(labels), -1), labels, first.weight, None))


def _shares(looks: Sequence[Look]) -> Tensor:
    first = looks[0]
    seen = torch.cat([each.target.reshape(-1) for each in looks])
    counts = torch.bincount(seen[(seen >= 0) & (seen < first.classes)].long(), minlength=first.classes).float()
    counts = counts + 1 / first.classes
    counts = counts if first.weight is None else counts * first.weight.float()
    shares = (counts / counts.sum()).clamp_min(1e-12)
    smooth = first.setting if isinstance(first.setting, float) else 0.0
    return (1 - smooth) * shares + smooth / first.classes


def score(kind: str, value: Tensor, target: Tensor, weight: Tensor | None, setting: Tensor | float | None) -> float:
    """The criterion's mean."""
    if kind == "classes":
        smooth = setting if isinstance(setting, float) else 0.0
        rows, labels = value.reshape(-1, value.shape[-1]), target.reshape(-1).long()
        return float(_class_score(rows, labels, weight, smooth))
    if kind == "shares":
        return float(-(target.float() * value).sum(dim=-1).mean())
    if kind == "margins":
        return float(F.multi_margin_loss(value, target.reshape(-1), weight=weight))
    each = _entries(kind, value, target.float(), setting)
    if weight is None:
        return float(each.mean())
    wide = weight.float().expand_as(each)
    return float((wide * each).sum() / wide.sum().clamp_min(1e-12))


def _class_score(rows: Tensor, labels: Tensor, weight: Tensor | None, smooth: float) -> Tensor:
    own = None if weight is None else weight.float()
    known = (labels >= 0) & (labels < rows.shape[1])
    if not bool(known.any()):
        return rows.new_zeros(())
    nll = F.nll_loss(rows[known], labels[known], own)
    return (1 - smooth) * nll - smooth * rows[known].mean() if smooth else nll


def _entries(kind: str, value: Tensor, target: Tensor, setting: Tensor | float | None) -> Tensor:
    width = setting if isinstance(setting, float) else 1.0
    match kind:
        case "squared":
            return (value - target).square()
        case "absolute":
            return (value - target).abs()
        case "smooth":
            return F.smooth_l1_loss(value, target, reduction="none", beta=width)
        case "huber":
            return F.huber_loss(value, target, reduction="none", delta=width)
        case "logits":
            positive = setting if isinstance(setting, Tensor) else None
            return F.binary_cross_entropy_with_logits(value, target, reduction="none", pos_weight=positive)
        case "margin":
            return F.softplus(-target * value)
        case "hinge":
            return (1 - target * value).clamp_min(0)
        case "counts":
            return value.exp() - target * value
        case "normal":
            variance = setting.float() if isinstance(setting, Tensor) else torch.ones_like(value)
            return 0.5 * (variance.log() + (value - target).square() / variance)
        case _:
            return _label_entries(value, target, setting)


def _label_entries(value: Tensor, target: Tensor, setting: Tensor | float | None) -> Tensor:
    positive = setting if isinstance(setting, Tensor) else torch.ones((), device=value.device)
    yes, no = value.clamp(1e-12, 1).log(), (1 - value).clamp(1e-12, 1).log()
    return -(positive * target * yes + (1 - target) * no)
