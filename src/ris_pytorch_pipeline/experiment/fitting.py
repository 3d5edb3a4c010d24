"""Which values does the type of a field take, and as what? A function of the type, made once and asked often."""

import sys
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

NONE = "none"
"""How None is spelled where there is no null, as in TOML."""
WORDS = {int: "an integer", float: "a finite number", bool: "true or false", str: "a text", NoneType: f'"{NONE}"'}
"""What a type takes, in words."""
LARGEST = 2**63 - 1
"""Integers beyond it fit no tensor and no file."""
MISFIT = object()
"""What comes of a value that a type does not take."""
Fitting = Callable[[Any], Any]
"""A value in the type asked for, or `MISFIT`."""


def fitting_of(hint: Any) -> Fitting:  # noqa: ANN401
    """What puts a value into a type: an int becomes a float where one is wanted, a list a tuple; nothing else.

    >>> number = fitting_of(float | None)
    >>> number(3), number("none"), number("3") is MISFIT
    (3.0, None, True)

    Args:
        hint: int, float, bool, str, None, a Literal, a tuple of these, or a union of these; no other takes a value.
    """
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _first_of([fitting_of(part) for part in parts])
    if origin is Literal:
        return lambda value: value if isinstance(value, str) and value in parts else MISFIT
    if origin is tuple:
        return _items_of(parts)
    if hint is NoneType:
        return lambda value: None if value is None or value == NONE else MISFIT
    if hint is float:
        return _number
    if hint is int:
        return lambda value: value if type(value) is int and abs(value) <= LARGEST else MISFIT
    return lambda value: value if type(value) is hint and hint in WORDS else MISFIT


def _number(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return float(value)  # NaN is none, either
    return MISFIT


def _first_of(tries: list[Fitting]) -> Fitting:
    def first(value: Any) -> Any:  # noqa: ANN401
        for fitting in tries:
            if (fitted := fitting(value)) is not MISFIT:
                return fitted
        return MISFIT

    return first


def _items_of(hints: tuple[Any, ...]) -> Fitting:
    pairs, endless = bool(hints) and get_origin(hints[0]) is tuple, Ellipsis in hints
    each = [fitting_of(hint) for hint in hints if hint is not Ellipsis]

    def items(value: Any) -> Any:  # noqa: ANN401
        if pairs and isinstance(value, Mapping):
            value = list(value.items())
        if not isinstance(value, list | tuple) or not (endless or len(each) == len(value)):
            return MISFIT
        fittings = each * len(value) if endless else each
        found = tuple(fitting(item) for fitting, item in zip(fittings, value, strict=True))
        return MISFIT if any(item is MISFIT for item in found) else found

    return items
