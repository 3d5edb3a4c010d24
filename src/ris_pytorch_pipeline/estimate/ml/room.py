"""Does a scene fit into memory, and how many do? A grid of a wrong unit is refused before it is allocated."""

from trainlint import free_bytes

from ...errors import InputError
from ...physics import Array
from ..spacing import size_cause

_SPARE = 0.9
"""A tenth of what is free is left to everything else."""
OVERDRAFT = 8
"""Times the memory that one scene alone may need; more is refused before it is allocated."""
_SCENES, _SMALL_BYTES = 32, 1 << 27
"""Scenes searched together, and bytes that more of them may take: of small scenes a call costs more than its work."""
_TRIED = 3
"""Places that are tried for each source at a time."""


def scenes_at_a_time(each: int, tried: int, batch: int, memory: int) -> int:
    """How many scenes are searched together.

    Args:
        each: bytes that a scene keeps.
        tried: bytes that its sources take while they are sought again, see `tried_bytes`.
        batch: most scenes.
        memory: bytes that all of them may keep.
    """
    return max(1, min(batch, max(_SCENES, _SMALL_BYTES // (each + tried)), memory // each))


def tried_bytes(blocks: int, sources: int) -> int:
    """Inner products of K sources and their derivatives in each block, for every place that is tried for each of them.

    Args:
        blocks: snapshots of all frequencies.
        sources: K.
    """
    return 16 * blocks * (4 * sources) ** 2 * _TRIED * sources


def check_room(array: Array, needed: int, most: int) -> None:
    """Refuse a scene whose search needs more than it may, or more than is free.

    Args:
        array: the array.
        needed: bytes of one scene, and of what all scenes share.
        most: bytes that it may need; where a platform does not say what is free, the only limit.

    Raises:
        InputError: naming both, and the unit of the elements where they are far apart.
    """
    free = free_bytes(array.elements.device)
    limit = most if free is None else min(most, int(_SPARE * free))
    if needed <= limit:
        return
    raise InputError(
        f"scenes of at most {limit / 1e9:.3g} GB each", f"{needed / 1e9:.3g} GB", size_cause(array),
        "pass metres (`ris check` tries the usual units), narrow the field of view, or raise memory where more is free",
    )  # fmt: skip
