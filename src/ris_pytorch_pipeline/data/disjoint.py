"""Do two sources share a scene? Hashes of the measurements tell."""

import hashlib

import torch

from ..errors import InputError
from .dataset import BatchSource


def content_hashes(source: BatchSource) -> list[str]:
    """SHA-256 of each scene's measurements, in order: two scenes share a hash if and only if they are the same.

    >>> from ris_pytorch_pipeline.data import SceneSource
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4)
    >>> hashes = content_hashes(SceneSource(scenario=scenario, split="test", seed=0, scenes=3, batch=3))
    >>> len(set(hashes)), len(hashes[0])  # three scenes, of which no two are the same
    (3, 64)
    """
    return [
        hashlib.sha256(scene.contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()
        for index in range(len(source))
        for scene in source[index][0].observation.measurements.cpu()
    ]


def check_disjoint(first: BatchSource, second: BatchSource) -> None:
    """Refuse two sources that share a scene.

    >>> from ris_pytorch_pipeline.data import SceneSource
    >>> from ris_pytorch_pipeline.errors import InputError
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4)
    >>> train = SceneSource(scenario=scenario, split="train", seed=0, scenes=4, batch=4)
    >>> try:
    ...     check_disjoint(train, train)
    ... except InputError as error:
    ...     print(error.got)
    4 scenes in both

    Raises:
        InputError: counting the scenes they share.
    """
    shared = set(content_hashes(first)) & set(content_hashes(second))
    if shared:
        raise InputError(
            "training, validation and test scenes of which none is the same",
            f"{len(shared)} scenes in both",
            "one split given twice, or the same file under two names",
            "draw each split from its own stream: SceneSource(split=...)",
        )
