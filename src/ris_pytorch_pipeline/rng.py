"""Where random numbers come from: named streams, so that two purposes never share a draw."""

import hashlib

import torch


def stream(seed: int, name: str, index: int = 0, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator that depends on the seed, the stream's name and the index, and on nothing else.

    Args:
        seed: the experiment's seed.
        name: what the numbers are for, such as "train" or "validation".
        index: the batch, scene or trial.
        device: where the generator lives.

    Returns:
        A generator seeded with the first 63 bits of SHA-256(seed, name, index).
    """
    digest = hashlib.sha256(f"{seed}/{name}/{index}".encode()).digest()
    return torch.Generator(device=device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)
