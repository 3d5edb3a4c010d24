"""What do data and a machine's memory promise before training: samples, labels, matrices, and room for all of it?"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.optim import Optimizer

from ..during.probes.feeding.batches import content_hash
from ..errors import InfeasibleError, InputError
from ..findings import Finding
from ..rules import data
from .lossproof import number


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
    before = number(value(prediction, labels))
    after = number(value(prediction, labels[:, order]))
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


_STATES = {"SGD": 1, "Adam": 2, "AdamW": 2, "NAdam": 2, "RAdam": 2, "Adamax": 2, "RMSprop": 1, "Adagrad": 1}
"""Tensors of a parameter's size that an optimiser keeps; others: two."""
_SPARE = 0.9
"""A tenth is left to the allocator and to everything else."""
_TABLE = Path("/proc/meminfo")
"""Where Linux says what is free; other systems have no such file."""


class SavedBytes:
    """Adds up the bytes that a forward pass keeps for its backward; each storage counts once."""

    def __init__(self) -> None:
        self._storages: dict[int, int] = {}

    @property
    def total(self) -> int:
        """Bytes so far."""
        return sum(self._storages.values())

    @contextmanager
    def counting(self, model: nn.Module) -> Iterator[None]:
        """Count inside this context; the model's own parameters are left out."""
        own = {p.untyped_storage().data_ptr() for p in model.parameters()}

        def pack(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in own:
                self._storages[storage.data_ptr()] = storage.nbytes()
            return tensor

        with saved_tensors_hooks(pack, lambda tensor: tensor):
            yield


def estimate(model: nn.Module, optimizer: Optimizer | None, *, saved: int = 0, staged: int = 0) -> dict[str, int]:
    """Bytes of a training by what they are for; `saved` is what one forward pass keeps, `staged` data held at once."""
    parameters = sum(p.numel() * p.element_size() for p in model.parameters())
    trained = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    copies = 0 if optimizer is None else _STATES.get(type(optimizer).__name__, 2)
    return {
        "parameters": parameters,
        "gradients": trained,
        "optimiser": copies * trained,
        "activations": saved,
        "data": staged,
    }


def free_bytes(device: torch.device | str = "cpu") -> int | None:
    """Bytes that can still be had: what CUDA says is free, or the smaller of the machine's and the container's rest.

    Args:
        device: where the training will run.

    Returns:
        None where the platform does not say, as outside Linux.
    """
    place = torch.device(device)
    if place.type == "cuda":
        return int(torch.cuda.mem_get_info(place)[0])
    if not _TABLE.exists():
        return None
    rows = dict(line.split(":", 1) for line in _TABLE.read_text().splitlines())
    return min(int(rows["MemAvailable"].split()[0]) * 1024, _container_rest())


def _container_rest(folder: Path = Path("/sys/fs/cgroup")) -> int:
    limit, used = folder / "memory.max", folder / "memory.current"
    if not limit.exists() or not used.exists() or limit.read_text().strip() == "max":
        return sys.maxsize
    return max(0, int(limit.read_text()) - int(used.read_text()))


def over_budget(needed: Mapping[str, int], free: int) -> list[Finding]:
    """Findings where an estimate does not fit."""
    total = sum(needed.values())
    if total <= _SPARE * free:
        return []
    largest = max(needed, key=lambda name: needed[name])
    text = f"needs {mega(total)}, of which {mega(needed[largest])} {largest}; {mega(free)} are free"
    return [data.MEMORY.found(text, subject=largest, needed=total, free=free)]


def mega(count: float) -> str:
    """Bytes as text in MB."""
    return f"{count / 1e6:.1f} MB"


@contextmanager
def limit_memory(extra: int) -> Iterator[None]:
    """Let this process take `extra` bytes of address space more than it has; beyond it, a clear error and no kill.

    Args:
        extra: bytes.

    Raises:
        InfeasibleError: the body asked for more.
        MemoryError: passed on as the above.
        RuntimeError: the body failed for another reason.
        InputError: the platform has no such limit.
    """
    if sys.platform != "linux":
        raise InputError("Linux", sys.platform, "no limit on address space here", "rely on the preflight's estimate")
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + extra, before[1]))
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "alloc" not in str(error):
            raise
        raise InfeasibleError(
            f"at most {mega(extra)} more memory",
            "a request beyond it",
            "staged data, a list that keeps graphs alive, or a large batch",
            "stream the data; keep numbers, not tensors",
        ) from error
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
