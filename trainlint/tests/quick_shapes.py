"""Does a tensor have the shape that a hint states? As jaxtyping answers, in a third of its time.

Most hints name axes, give sizes, and leave one run of axes open (`*batch` or `...`). `quick` gives such a hint as a
class that answers by itself, or nothing, where jaxtyping's own is asked; `tests/test_typechecker.py` compares both.
"""

import inspect
import threading
import types
from functools import cache, reduce
from itertools import chain
from operator import or_
from types import SimpleNamespace
from typing import Any, Union, get_args, get_origin

from jaxtyping import AbstractArray


class Sizes(threading.local):
    """The sizes of the axes that were named in the present call."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}


HERE = Sizes()


class Shape(type):
    """A class of tensors; those of a shape are its instances, and what that says of named axes is kept in `HERE`."""

    dtypes: frozenset[Any]
    fixed: tuple[tuple[int, int], ...]
    named: tuple[tuple[int, str], ...]
    run: tuple[str, int, int | None] | None
    least: int
    tensor: type

    def __instancecheck__(cls, value: Any) -> bool:
        if not isinstance(value, cls.tensor) or value.dtype not in cls.dtypes:
            return False
        shape = value.shape
        if len(shape) != cls.least and (cls.run is None or len(shape) < cls.least):
            return False
        known = HERE.known.copy()
        for place, size in cls.fixed:
            if shape[place] != size:
                return False
        for place, axis in cls.named:
            if known.setdefault(axis, size := shape[place]) != size:
                return False
        if cls.run is not None and cls.run[0]:
            name, begin, end = cls.run
            if known.setdefault(name, part := shape[begin:end]) != part:
                return False
        HERE.known = known
        return True


def quick(hint: Any) -> Any:
    """A hint, with quick classes in the place of jaxtyping's; None, where it holds a shape that is not simple."""
    if inspect.isclass(hint) and issubclass(hint, AbstractArray):
        return _shape(hint)
    if get_origin(hint) in {Union, types.UnionType}:
        parts = [quick(part) for part in get_args(hint)]
        return None if any(part is None for part in parts) else reduce(or_, parts)
    if holds_shape(hint):
        return None
    return types.NoneType if hint is None else hint


def holds_shape(hint: Any) -> bool:
    """Whether a shape is anywhere in a hint."""
    if inspect.isclass(hint) and issubclass(hint, AbstractArray):
        return True
    return any(map(holds_shape, hint if isinstance(hint, list) else get_args(hint)))


@cache
def _shape(hint: Any) -> Shape | None:
    import torch

    axes = hint.dim_str.split()
    if hint.array_type is not torch.Tensor or not all(map(_is_simple, axes)) or sum(map(_is_run, axes)) > 1:
        return None
    begin = next(chain((place for place, axis in enumerate(axes) if _is_run(axis)), [len(axes)]))
    end = begin + 1 - len(axes)
    last = [(place + end, axis) for place, axis in enumerate(axes[begin + 1 :])]
    places = [*enumerate(axes[:begin]), *last]
    has_run = begin < len(axes)
    facts = {
        "dtypes": _dtypes(hint.dtype), "least": len(axes) - has_run, "tensor": torch.Tensor,
        "fixed": tuple((place, int(axis)) for place, axis in places if axis.isdecimal()),
        "named": tuple((place, axis) for place, axis in places if not axis.isdecimal()),
        "run": (axes[begin].removeprefix("..."), begin, end or None) if has_run else None,
    }  # fmt: skip
    return Shape(hint.__name__, (), facts)


def _is_run(axis: str) -> bool:
    return axis == "..." or axis.startswith("*")


def _is_simple(axis: str) -> bool:
    """Whether it is a size, a name or a run of axes."""
    name = axis.removeprefix("*")
    return axis == "..." or axis.isdecimal() or (name.isidentifier() and not name.startswith("_"))


@cache
def _dtypes(kind: Any) -> frozenset[Any]:
    """Which dtypes are of a kind, as jaxtyping says."""
    import torch

    every = {each for each in vars(torch).values() if isinstance(each, torch.dtype)}
    return frozenset(dtype for dtype in every if isinstance(SimpleNamespace(shape=(), dtype=dtype), kind[Any, "..."]))
