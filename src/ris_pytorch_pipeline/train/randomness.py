"""Where a network's own random numbers come from (initial weights, dropout): a named stream, not global state."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ..rng import stream


@contextmanager
def seeded(seed: int, name: str, index: int, device: torch.device) -> Iterator[None]:
    """Let torch's own generators run from a named stream, and leave them afterwards as they were.

    What a module draws inside depends on seed, name and index alone, so that a resumed run needs no generator state.

    Args:
        seed: the experiment's seed.
        name: what the numbers are for.
        index: the batch or trial.
        device: whose generator is set besides the CPU's.

    Yields:
        Nothing.
    """
    on_gpu = device.type == "cuda"
    with torch.random.fork_rng([device] if on_gpu else []):
        torch.set_rng_state(stream(seed, name, index).get_state())
        if on_gpu:
            torch.cuda.set_rng_state(stream(seed, name, index, device).get_state(), device)
        yield
