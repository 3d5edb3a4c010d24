"""What of a checkpoint is given to others: the evaluated weights and where they come from, without the optimizer."""

import json
from dataclasses import asdict, replace
from pathlib import Path

from ...files import write_tensors
from .checkpoint import read_checkpoint


def release_network(source: Path | str, target: Path) -> None:
    """Write the evaluated weights of a checkpoint with its header: what `load_network` reads, a quarter of the size.

    No training goes on from it.

    Args:
        source: a checkpoint.
        target: of the new file; replaced if it exists.

    Raises:
        InputError: no checkpoint.
    """
    checkpoint = read_checkpoint(source)
    tensors = {name: value for name, value in checkpoint.tensors.items() if name.startswith("evaluated/")}
    write_tensors(target, tensors, json.dumps(asdict(replace(checkpoint.header, optimizer=[])), sort_keys=True))
