"""Which scenes does a calibration learn from? Those of a file, read in the same way by every process."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch

from ..data import SceneFile, load_scenes
from ..data.sharded.manifest import file_digest
from ..errors import InputError
from ..physics import Observation
from ..shapes import Positions
from .calibration import applied_to
from .calibration_file import load_calibration
from .known import KnownScenes, known_scenes


def scenes_to_learn_from(path: Path, earlier: Path | None = None) -> SceneFile:
    """The scenes of a file in double precision, without sequences: gains are learned without them.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from pathlib import Path
    >>> scenes = draw(preset("pilot", horizontal=4, vertical=4, sources=1), 3, torch.Generator().manual_seed(0))
    >>> _ = ris.save_scenes("known.safetensors", scenes.observation.to(dtype=torch.complex64), scenes.truth)
    >>> scenes_to_learn_from(Path("known.safetensors")).observation.measurements.dtype
    torch.complex128

    Args:
        path: of a scene file.
        earlier: of a calibration behind which they are; None is none.

    Raises:
        SceneFileError: no such file.
        InputError: a calibration of another array.
    """
    file = load_scenes(path)
    file = file if earlier is None else applied_to(file, load_calibration(earlier))
    return replace(file, observation=file.observation.to(dtype=torch.complex128).untold())


@dataclass(frozen=True)
class Recording:
    """Where the scenes of a calibration are, for a worker that reads them itself.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from pathlib import Path
    >>> scenes = draw(preset("pilot", horizontal=4, vertical=4, sources=1), 3, torch.Generator().manual_seed(0))
    >>> _ = ris.save_scenes("hall.safetensors", scenes.observation, scenes.truth)
    >>> recording = Recording.of(Path("hall.safetensors"))
    >>> len(recording.observation()), recording.with_positions()[1].shape
    (3, torch.Size([3, 1, 3]))
    >>> [len(each) for each in recording.known()]  # scenes at each frequency
    [3]

    Args:
        path: of a scene file, the same on every worker.
        earlier: of a calibration behind which they are; None is none.
        digests: of these files when the calibration began.
    """

    path: Path
    earlier: Path | None
    digests: tuple[str, ...]

    @classmethod
    def of(cls, path: Path, earlier: Path | None = None) -> "Recording":
        """The files as they are now.

        Raises:
            SceneFileError: one cannot be read.
        """
        place, before = path.absolute(), None if earlier is None else earlier.absolute()
        return cls(place, before, _digests(place, before))

    def observation(self) -> Observation:
        """The scenes."""
        return _read(self)[0]

    def with_positions(self) -> tuple[Observation, Positions]:
        """The scenes, and where their sources are.

        Raises:
            InputError: nobody knows.
        """
        observation, positions = _read(self)
        if positions is None:
            raise InputError("scenes with positions", f"{self.path} without", "another file", "calibrate blindly")
        return observation, positions

    def known(self) -> list[KnownScenes]:
        """The scenes at each frequency."""
        return _known(self)


@lru_cache(maxsize=1)
def _read(recording: Recording) -> tuple[Observation, Positions | None]:
    """The scenes, kept for the next piece.

    Raises:
        InputError: they are not those that the calibration began with.
    """
    file = scenes_to_learn_from(recording.path, recording.earlier)
    if _digests(recording.path, recording.earlier) != recording.digests:
        raise InputError(
            f"{recording.path} as it was when the calibration began", "other bytes",
            "a file that was replaced meanwhile, or another file of that name on a worker",
            "run the command again, with the same files on every machine",
        )  # fmt: skip
    return file.observation, None if file.truth is None else file.truth.positions.double()


@lru_cache(maxsize=1)
def _known(recording: Recording) -> list[KnownScenes]:
    return known_scenes(*recording.with_positions())


def _digests(*paths: Path | None) -> tuple[str, ...]:
    return tuple(file_digest(path) for path in paths if path is not None)
