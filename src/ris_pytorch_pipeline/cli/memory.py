"""How much memory will a command need? An estimate by the sizes asked for, made before anything is allocated."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import torch

from trainlint import free_bytes

from ..bench import region_of
from ..errors import InfeasibleError
from ..estimate import GENIE, Estimator, MaximumLikelihood, contender
from ..files import regular_size
from ..physics import Observation, Scenario, ends
from ..physics.scenes.scenario import CountSpan
from ..units import storage

SPARE = 0.9
"""A tenth of what is free is left to everything else."""
_DOUBLE = 16
"""Bytes of a complex number in double precision."""
_JOINED = 2.5
"""Times the size of scenes that drawing, joining and writing them takes; 2.2 was measured at 20 000 scenes."""
_READ = 4.0
"""Times the size of a file that its scenes take: as stored, in double precision, and a copy of some."""
_SCORE = 400
"""Bytes that a comparison keeps of each source of each scene, and a bound."""

PROCESS_BYTES = 250_000_000
"""Of a process of its own before it draws or trains: its imports and a network, by `Private_Dirty` of the kernel."""


def scene_bytes(scenario: Scenario, dtype: torch.dtype = torch.complex64) -> int:
    """Bytes of a scene with its truth: F (L M + 2 (L N + M N)) complex numbers and 3 N real ones.

    Args:
        scenario: what it is drawn from.
        dtype: complex precision.
    """
    known = scenario.snapshots * scenario.antennas
    believed = scenario.elements * (scenario.snapshots + scenario.antennas)
    numbers = len(scenario.wavelengths) * (known + 2 * believed)
    return int(numbers * dtype.itemsize + 3 * scenario.elements * dtype.to_real().itemsize)


def drawn_bytes(scenario: Scenario, scenes: int, dtype: torch.dtype) -> int:
    """To draw scenes and hold them all."""
    return int(_JOINED * scenes * scene_bytes(scenario, dtype))


def compared_bytes(scenario: Scenario, scenes: int, methods: int, block: int = 64) -> int:
    """To compare methods block by block: a block of scenes, and what is kept of each scene.

    Args:
        scenario: what scenes are drawn from.
        scenes: of a cell.
        methods: that are compared.
        block: scenes held at a time.
    """
    kept = int(scenes * (methods + 1) * _SCORE * ends(scenario.sources)[1])
    return kept + int(_JOINED * min(block, scenes) * scene_bytes(scenario, torch.complex128))


def require_compared(scenario: Scenario, sources: Iterable[CountSpan], scenes: int, methods: int) -> None:
    """Refuse a comparison whose scores fit in no memory.

    Args:
        scenario: what scenes are drawn from; its own K is replaced by those below.
        sources: K of each cell, or (least, most).
        scenes: of each cell.
        methods: that are compared.

    Raises:
        InfeasibleError: it does not fit.
    """
    most = max((ends(count)[1] for count in sources), default=1)
    require(
        compared_bytes(replace(scenario, sources=most), scenes, methods),
        f"{scenes} scenes of {scenario.elements} elements a cell",
        ("lower --scenes", "take a smaller panel"),
    )


def fixed_bytes(scenario: Scenario, scenes: int) -> int:
    """To hold the scenes that judge a search: as many for validation as are held out, in double precision."""
    return 2 * scenes * scene_bytes(scenario, torch.complex128)


def covariance_bytes(scenario: Scenario, methods: Iterable[str]) -> int:
    """To form the panel covariance of one scene, N² numbers and their eigenvectors, where a method does.

    Args:
        scenario: what scenes are drawn from.
        methods: that are compared; names of contenders, or the genie.
    """
    region = region_of(scenario)
    estimators = [contender(name, region) for name in methods if name != GENIE]
    forms = any(not isinstance(each, MaximumLikelihood) for each in estimators)
    return 2 * _DOUBLE * scenario.elements**2 if forms else 0


def read_bytes(path: Path, scenes: int, held: int) -> int:
    """To read some scenes of a file.

    Args:
        path: of the file; nothing where there is none, which reading will say.
        scenes: in the file.
        held: of them, to be read.
    """
    size = regular_size(path)
    return 0 if size is None else int(_READ * size * min(1.0, held / max(1, scenes)))


def searched_bytes(estimator: Estimator, observation: Observation) -> int:
    """What an estimator keeps of the scenes that it searches at a time; panel covariances where it forms them."""
    if isinstance(estimator, MaximumLikelihood):
        each = estimator.scene_bytes(observation)
        return min(max(each, estimator.memory), each * len(observation))
    return _DOUBLE * len(observation.array) ** 2


def require(needed: int, what: str, moves: Iterable[str]) -> None:
    """Refuse what does not fit in the memory that is free; where a platform does not say what is, nothing is refused.

    Args:
        needed: bytes, an estimate.
        what: what they are for, in words.
        moves: ways to need less, best first.

    Raises:
        InfeasibleError: it does not fit.
    """
    free = free_bytes()
    if free is not None and not affordable(needed):
        raise InfeasibleError(
            f"at most {storage(SPARE * free)} of memory, which is nearly all that is free here",
            f"an estimate of {storage(needed)} for {what}", "a count with zeros too many, or a large panel",
            ", or ".join(moves),
        )  # fmt: skip


def affordable(needed: int) -> bool:
    """Whether so many bytes fit in the memory that is free; True where a platform does not say what is."""
    free = free_bytes()
    return free is None or needed <= SPARE * free


def fitting(needed: int, count: int) -> int:
    """Of a count of things that together need so much, how many fit; none where one alone does not."""
    free = free_bytes()
    return count if free is None else int(SPARE * free * count / max(1, needed))
