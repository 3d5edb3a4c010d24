"""Does a document hold exactly the fields of a dataclass, each of its type?"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

Record = TypeVar("Record")
_TABLES = (dict, Mapping)


def from_document(kind: type[Record], values: object, where: str = "") -> Record:
    """The dataclass of a document, strict both ways, nested dataclasses included.

    Args:
        kind: the dataclass; its fields are numbers, texts, truth values, None, literals, dataclasses, and lists,
            tuples and mappings of these.
        values: as JSON gives them.
        where: name of the place, for the message.

    Returns:
        The value; an integer where a float is wanted stays one.

    Raises:
        ValueError: no table, a field too many or too few, a value of another type, or one that the dataclass refuses.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Point:
    ...     x: float
    >>> from_document(Point, {"x": 1})
    Point(x=1)
    >>> from_document(Point, {"x": "1"})
    Traceback (most recent call last):
    ValueError: x = '1'
    """
    hints = _hints(kind)
    held = values if isinstance(values, Mapping) else {}
    lost, extra = sorted(hints.keys() - held.keys()), sorted(held.keys() - hints.keys())
    if lost or extra:
        raise ValueError(
            f"{where or 'the document'} without {', '.join(lost) or 'none'}, and with "
            f"{', '.join(name[:40] for name in extra[:5]) or 'none'} too many"
        )
    inner = f"{where}." if where else ""
    return kind(**{name: _value(hint, held[name], f"{inner}{name}") for name, hint in hints.items()})


@lru_cache(maxsize=256)
def _hints(kind: type) -> dict[str, Any]:
    """Types of a dataclass's fields; looking them up takes longer than comparing with them."""
    found = get_type_hints(kind)
    return {field.name: found[field.name] for field in fields(kind)}


def fits(hint: Any, value: object) -> bool:  # noqa: ANN401
    """Whether a value read from JSON is of a type; an integer is a float too, a truth value is no number."""
    try:
        _value(hint, value, "")
    except ValueError:
        return False
    return True


def _value(hint: Any, value: object, where: str) -> Any:  # noqa: ANN401
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if is_dataclass(hint) and isinstance(hint, type):
        return from_document(hint, value, where)
    if origin in (Union, UnionType):
        return _one_of(inner, value, where)
    if origin is Literal and type(value) in (str, int) and value in inner:
        return value
    if origin in _TABLES and isinstance(value, Mapping):
        return {_value(inner[0], k, where): _value(inner[1], v, f"{where}.{k}"[:80]) for k, v in value.items()}
    if hint == list[Any] and isinstance(value, list):
        return value
    if origin is list and isinstance(value, list) and all(fits(inner[0], item) for item in value):
        return [_value(inner[0], item, where) for item in value]
    if origin is tuple and isinstance(value, list) and len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_value(inner[0], item, f"{where}[{number}]") for number, item in enumerate(value))
    if (hint in (None, NoneType) and value is None) or type(value) is hint or (hint is float and type(value) is int):
        return value
    return _refuse(value, where)


def _one_of(hints: tuple[Any, ...], value: object, where: str) -> Any:  # noqa: ANN401
    for hint in hints:
        with suppress(ValueError):
            return _value(hint, value, where)
    return _refuse(value, where)


def _refuse(value: object, where: str) -> NoReturn:
    raise ValueError(f"{where[:80]} = {value!r:.60}")
