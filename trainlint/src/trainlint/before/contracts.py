"""What data and matrices promise at a hand-over: checks before training that need no model."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor

from ..during.probes.feeding.batches import content_hash
from ..findings import Finding
from ..rules import data


def overlap(splits: Mapping[str, Iterable[object]]) -> list[Finding]:
    """Findings where two splits share a sample, bit by bit.

    Args:
        splits: the samples of each split; a sample is a tensor or a nested structure of tensors.
    """
    hashes = {name: [content_hash(sample) for sample in samples] for name, samples in splits.items()}
    names = list(hashes)
    found = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            shared = len(set(hashes[first]) & set(hashes[second]))
            if shared:
                text = (
                    f"{shared} samples of {second} ({len(hashes[second])}) are also in {first} ({len(hashes[first])})"
                )
                found.append(data.OVERLAP.found(text, subject=f"{first}/{second}", shared=shared))
    return found


def same_data(first: Iterable[object], second: Iterable[object]) -> list[Finding]:
    """Findings where two sets that should be the same are not, in any order."""
    left, right = ({content_hash(sample) for sample in samples} for samples in (first, second))
    apart = len(left ^ right)
    return [data.DIFFERENT.found(f"{apart} samples are in one set only", apart=apart)] if apart else []


def label_ranges(labels: Mapping[str, Tensor], ranges: Mapping[str, tuple[float, float]]) -> list[Finding]:
    """Findings where labels leave the range that they may have.

    Args:
        labels: values by name; NaN slots are left out.
        ranges: lowest and highest by name, in the labels' unit.
    """
    found = []
    for name, (low, high) in ranges.items():
        values = labels[name][~labels[name].isnan()]
        slack = 1e-6 * max(abs(low), abs(high))
        share = float(((values < low - slack) | (values > high + slack)).double().mean()) if values.numel() else 0.0
        if share > 0:
            seen = f"{float(values.min()):.4g}..{float(values.max()):.4g}"
            text = f"{share:.0%} of {name} outside {low:.4g}..{high:.4g}; seen {seen}"
            found.append(data.RANGE.found(text, subject=name, share=share))
    return found


def fields_alive(
    batch: Mapping[str, Tensor], *, constant: Sequence[str] = (), wanted: Sequence[str] = ()
) -> list[Finding]:
    """Findings where a field is missing, not finite, all zero, or the same for every sample.

    Args:
        batch: tensors by name with a leading sample axis of at least two.
        constant: fields that may be the same for every sample.
        wanted: fields that must be present.
    """
    found = [data.DEAD_FIELD.found(f"{name} is missing", subject=name) for name in wanted if name not in batch]
    for name, field in batch.items():
        values = field.detach()
        if not bool(values.isfinite().any()):
            found.append(data.DEAD_FIELD.found(f"{name} holds no finite number", subject=name))
        elif not bool((values != 0).any()):
            found.append(data.DEAD_FIELD.found(f"{name} is 0 in all {values.shape[0]} samples", subject=name))
        elif values.shape[0] > 1 and name not in constant and bool((values == values[:1]).all()):
            found.append(data.DEAD_FIELD.found(f"{name} is the same in all {values.shape[0]} samples", subject=name))
    return found


def order_matters(
    value: Callable[[Tensor, Tensor], Tensor], prediction: Tensor, labels: Tensor, generator: torch.Generator
) -> list[Finding]:
    """Findings where permuting the label slots (axis 1) changes a loss or metric.

    Args:
        value: loss or metric of (prediction, labels).
        prediction: (sample, slot, ...).
        labels: (sample, slot, ...).
        generator: draws the permutation.
    """
    slots = labels.shape[1]
    order = torch.randperm(slots, generator=generator)
    order = order.roll(1) if bool((order == torch.arange(slots)).all()) else order
    before = float(value(prediction, labels))
    after = float(value(prediction, labels[:, order]))
    if abs(after - before) <= 1e-5 * max(abs(before), abs(after), 1e-12):
        return []
    return [
        data.ORDER.found(f"{before:.6g} becomes {after:.6g} when the slots are permuted", before=before, after=after)
    ]


def leak(inputs: Tensor, labels: Tensor) -> list[Finding]:
    """Findings where an input column is a label column, up to scale and offset.

    Args:
        inputs: (sample, ...), real or complex.
        labels: (sample, ...), real.
    """
    x, y = (_standard(t) for t in (inputs, labels))
    # Three samples lie on a line by chance; eight with a correlation of 1 - 1e-9 do not.
    if x.shape[0] < 8:
        return []
    correlation = (x.T @ y).abs() / x.shape[0]
    column, label = divmod(int(correlation.argmax()), correlation.shape[1])
    best = float(correlation.max())
    if best < 1 - 1e-6:
        return []
    return [data.LEAK.found(f"input column {column} is label column {label}: |correlation| {best:.7f}", column=column)]


def _standard(values: Tensor) -> Tensor:
    flat = torch.view_as_real(values).flatten(1) if values.is_complex() else values.flatten(1)
    centred = flat.double() - flat.double().mean(dim=0)
    size = centred.square().mean(dim=0).sqrt()
    return torch.where(size > 0, centred / size.clamp_min(1e-300), 0.0)
