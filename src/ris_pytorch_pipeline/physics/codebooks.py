"""Which codebooks there are, by name, with what the rest of the code needs to know of each. Imports no torch."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from ..errors import ConfigurationError
from .registry import registered

Draw = Callable[..., Any]
"""(scenes, snapshots, (rows, columns), bits, generator) -> codes (scene, snapshot, element) in complex128."""


@dataclass(frozen=True, kw_only=True)
class Codebook:
    """A way to choose codes.

    Args:
        name: by which scenarios call it.
        draw: (scenes, snapshots, (rows, columns), bits, generator) -> codes (scene, snapshot, element) in complex128;
            an array that is no lattice has one row.
        fixed: whether every scene gets the same codes.
    """

    name: str
    draw: Draw
    fixed: bool = False


def _late(function: str) -> Draw:
    """A function of `codebook`, imported when it is first called: a command line is parsed without torch."""

    def draw(*arguments: Any) -> Any:  # noqa: ANN401
        return vars(import_module(f"{__package__}.codebook"))[function](*arguments)

    return draw


CODEBOOKS: dict[str, Codebook] = {
    book.name: book
    for book in (
        Codebook(name="random", draw=_late("random_codes")),
        Codebook(name="hadamard", draw=_late("hadamard_codes")),
        Codebook(name="dft", draw=_late("dft_codes"), fixed=True),
        Codebook(name="ones", draw=_late("constant_codes"), fixed=True),
    )
}
"""By name. Adding an entry, here or in a program of one's own, is all that a new codebook needs."""


def codebook_named(name: str) -> Codebook:
    """The codebook of this name.

    >>> codebook_named("dft").fixed
    True

    Raises:
        ConfigurationError: no codebook has this name; the nearest one is suggested.
    """
    found = registered(CODEBOOKS, name, "codebooks")
    if found is None:
        close = get_close_matches(name, list(CODEBOOKS), n=1)
        raise ConfigurationError(
            f"codes out of {', '.join(CODEBOOKS)}", repr(name), "a misspelt name, or a codebook that was not added",
            f"did you mean {close[0]!r}?" if close else "add it to CODEBOOKS in a file that --extend names",
        )  # fmt: skip
    return found
