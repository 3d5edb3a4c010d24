"""What of a checkpoint is given to others: the evaluated weights and where they come from, without the optimizer."""

import json
from dataclasses import asdict, replace
from pathlib import Path

from ...errors import InputError
from ...files import cause, reason, write_tensors
from .checkpoint import read_checkpoint


def release_network(source: Path | str, target: Path) -> None:
    """Write the evaluated weights of a checkpoint with its header: what `load_network` reads, a quarter of the size.

    No training goes on from it.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.localise import REFERENCE_FILE  # the network that comes with the package
    >>> from ris_pytorch_pipeline.train import load_network
    >>> release_network(REFERENCE_FILE, Path("given.safetensors"))  # any checkpoint of a run
    >>> load_network("given.safetensors").header.optimizer  # nothing to go on from
    []

    Args:
        source: a checkpoint.
        target: of the new file; replaced if it exists.

    Raises:
        InputError: no checkpoint, or a target that cannot be written.
    """
    checkpoint = read_checkpoint(source)
    tensors = {name: value for name, value in checkpoint.tensors.items() if name.startswith("evaluated/")}
    header = json.dumps(asdict(replace(checkpoint.header, optimizer=[])), sort_keys=True)
    try:
        write_tensors(target, tensors, header)
    except OSError as error:
        raise InputError(
            "a file that can be written", f"{target}: {reason(error)}", cause(error, "a folder that is gone"),
            "name another place",
        ) from error  # fmt: skip
