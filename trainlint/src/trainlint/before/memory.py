"""How much memory will a training need, how much is free, and how does a runaway become a clear error?"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.optim import Optimizer

from ..errors import InfeasibleError, InputError
from ..findings import Finding
from ..rules import data

_STATES = {"SGD": 1, "Adam": 2, "AdamW": 2, "NAdam": 2, "RAdam": 2, "Adamax": 2, "RMSprop": 1, "Adagrad": 1}
"""Tensors of a parameter's size that an optimiser keeps; two is the cautious guess for those not listed."""
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
            f"at most {mega(extra)} more memory", "a request beyond it",
            "staged data, a list that keeps graphs alive, or a large batch",
            "stream the data; keep numbers, not tensors",
        ) from error  # fmt: skip
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
