"""Of which kind are the symbols of each source? One kind for all, or one each. Imports no torch."""

from collections.abc import Iterable
from typing import Any, Literal, TypeGuard, get_args

from ..errors import InputError

SourceKind = Literal["random", "pilot", "known"]
"""A new symbol per snapshot, one unknown constant, or symbols that are known up to one complex factor."""
Kinds = SourceKind | tuple[SourceKind, ...]
"""Of all sources, or of each: of several kinds, one a slot."""


def kinds_of(symbols: Any) -> Kinds:  # noqa: ANN401
    """The kind of all sources, or a tuple of one a source.

    >>> kinds_of("pilot"), kinds_of(["random", "pilot"])
    ('pilot', ('random', 'pilot'))

    Raises:
        InputError: a misspelt kind, or a list of one kind alone.
    """
    if isinstance(symbols, str) or not isinstance(symbols, Iterable):
        return _named(symbols)
    each: tuple[SourceKind, ...] = tuple(_named(kind) for kind in symbols)
    if len(set(each)) < 2:
        raise InputError(
            "symbols of two kinds or more in a list of one kind a source", repr(list(each)),
            "a list where all sources are of one kind, which says nothing about their number",
            f"say symbols={each[0]!r}" if each else "name the kind of all sources",
        )  # fmt: skip
    return each


def is_mixed(symbols: Any) -> TypeGuard[tuple[SourceKind, ...]]:  # noqa: ANN401
    """Whether the sources are of several kinds.

    >>> is_mixed("known"), is_mixed(("random", "known"))
    (False, True)
    """
    return isinstance(symbols, tuple)


def shown_kinds(symbols: Kinds) -> str:
    """In words, for tables and messages.

    >>> shown_kinds(("random", "pilot")), shown_kinds("known")
    ('random, pilot', 'known')
    """
    return ", ".join(symbols) if is_mixed(symbols) else str(symbols)


def _named(kind: Any) -> SourceKind:  # noqa: ANN401
    """One kind.

    Raises:
        InputError: a misspelt name, or something else.
    """
    named: dict[str, SourceKind] = {each: each for each in get_args(SourceKind)}
    if isinstance(kind, str) and kind in named:
        return named[kind]
    raise InputError(
        "symbols 'random', 'pilot' or 'known', or a list of these, one a source", f"{kind!r:.60}",
        "a misspelt name", "pick one",
    )  # fmt: skip
