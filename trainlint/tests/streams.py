"""Random numbers of the tests: named streams, so that no two purposes share a draw."""

import hashlib

import torch


def stream(seed: int, name: str, index: int = 0) -> torch.Generator:
    """A generator that depends on the seed, the name and the index alone."""
    digest = hashlib.sha256(f"{seed}/{name}/{index}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
