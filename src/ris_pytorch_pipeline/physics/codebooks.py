"""Which codebooks there are, by name, with what the rest of the code needs to know of each. Imports no torch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .registry import late, numbers_named

Draw = Callable[..., Any]
"""(scenes, snapshots, (rows, columns), bits, generator) -> codes (scene, snapshot, element) in complex128."""


@dataclass(frozen=True, kw_only=True)
class Codebook:
    """A way to choose codes.

    >>> CODEBOOKS["random"].draw(2, 16, (3, 5), 1, torch.Generator().manual_seed(0)).shape
    torch.Size([2, 16, 15])

    Args:
        name: by which scenarios call it.
        draw: (scenes, snapshots, (rows, columns), bits, generator) -> codes (scene, snapshot, element) in complex128;
            an array that is no lattice has one row.
        fixed: whether every scene gets the same codes.
        digest: of codes that are numbers of a file, by which scenarios tell them from others of that name.
    """

    name: str
    draw: Draw
    fixed: bool = False
    digest: str = ""


_MODULE = f"{__package__}.codebook"
CODEBOOKS: dict[str, Codebook] = {
    book.name: book
    for book in (
        Codebook(name="random", draw=late(_MODULE, "random_codes")),
        Codebook(name="hadamard", draw=late(_MODULE, "hadamard_codes")),
        Codebook(name="dft", draw=late(_MODULE, "dft_codes"), fixed=True),
        Codebook(name="ones", draw=late(_MODULE, "constant_codes"), fixed=True),
    )
}
"""By name. Adding an entry, here or in a program of one's own, is all that a new codebook needs."""


def codebook_named(name: str) -> Codebook:
    """The codebook of this name.

    >>> codebook_named("dft").fixed
    True

    Raises:
        ConfigurationError: no codebook has this name, or `NAME@DIGEST` and its numbers are others.
    """
    return numbers_named(CODEBOOKS, name, "codebooks", "codes")
