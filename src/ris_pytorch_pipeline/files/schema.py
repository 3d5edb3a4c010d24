"""Does a document hold exactly the fields of a dataclass, each of its type?"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache, partial
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

Record = TypeVar("Record")
_TABLES = (dict, Mapping)
_PLAIN = (str, int, float, bool, NoneType)
_Reading = Callable[[Any, str], Any]
"""A value in its type, of the value and the name of its place; ValueError where it is of another."""


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
    readings = _readings(kind)
    held = values if isinstance(values, Mapping) else {}
    if held.keys() != readings.keys():
        lost, extra = sorted(readings.keys() - held.keys()), sorted(held.keys() - readings.keys())
        raise ValueError(
            f"{where or 'the document'} without {', '.join(lost) or 'none'}, and with "
            f"{', '.join(name[:40] for name in extra[:5]) or 'none'} too many"
        )
    inner = f"{where}." if where else ""
    return kind(**{name: reading(held[name], inner + name) for name, reading in readings.items()})


@lru_cache(maxsize=256)
def _readings(kind: type) -> Mapping[str, _Reading]:
    """What reads the fields of a dataclass; looking their types up takes longer than reading the values."""
    found = get_type_hints(kind)
    return {field.name: _reading_of(found[field.name]) for field in fields(kind)}


def fits(hint: Any, value: object) -> bool:  # noqa: ANN401
    """Whether a value read from JSON is of a type; an integer is a float too, a truth value is no number."""
    try:
        _fitting_of(hint)(value, "")
    except ValueError:
        return False
    return True


@lru_cache(maxsize=256)
def _fitting_of(hint: Any) -> _Reading:  # noqa: ANN401
    """What reads a type, kept: unions in another order are equal, and take the same values, if not as the same."""
    return _reading_of(hint)


def _reading_of(hint: Any) -> _Reading:  # noqa: ANN401
    """What reads a type."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return _anything
    if is_dataclass(hint) and isinstance(hint, type):
        return partial(from_document, hint)
    if origin in (Union, UnionType):
        return _one_of(inner)
    if origin is Literal:
        return _word_of(inner)
    if origin in _TABLES and inner:
        return _table_of(_reading_of(inner[0]), _reading_of(inner[1]))
    if origin is list:
        return _list_of(_reading_of(inner[0]))
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        return _tuple_of(_reading_of(inner[0]))
    return partial(_scalar, _kinds_of(hint))


def _kinds_of(hint: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """Types that a value of a plain type has, as JSON gives it."""
    return (float, int) if hint is float else (NoneType,) if hint is None else (hint,)


def _anything(value: Any, _: str) -> Any:  # noqa: ANN401
    return value


def _scalar(kinds: tuple[Any, ...], value: Any, where: str) -> Any:  # noqa: ANN401
    return value if type(value) in kinds else _refuse(value, where)


def _word_of(words: tuple[Any, ...]) -> _Reading:
    return lambda value, where: value if type(value) in (str, int) and value in words else _refuse(value, where)


def _table_of(key: _Reading, item: _Reading) -> _Reading:
    def table(value: Any, where: str) -> Any:  # noqa: ANN401
        if not isinstance(value, Mapping):
            return _refuse(value, where)
        if item is _anything:
            return {key(name, where): held for name, held in value.items()}
        return {key(name, where): item(held, f"{where}.{name}"[:80]) for name, held in value.items()}

    return table


def _list_of(item: _Reading) -> _Reading:
    def listed(value: Any, where: str) -> Any:  # noqa: ANN401
        if isinstance(value, list):
            try:
                return value if item is _anything else [item(held, where) for held in value]
            except ValueError:
                pass  # the whole list is named
        return _refuse(value, where)

    return listed


def _tuple_of(item: _Reading) -> _Reading:
    def several(value: Any, where: str) -> Any:  # noqa: ANN401
        if not isinstance(value, list):
            return _refuse(value, where)
        return tuple(item(held, f"{where}[{number}]") for number, held in enumerate(value))

    return several


def _one_of(hints: tuple[Any, ...]) -> _Reading:
    plain = {kind for hint in hints for kind in _kinds_of(hint) if kind in _PLAIN}
    readings = [_reading_of(hint) for hint in hints]

    def first(value: Any, where: str) -> Any:  # noqa: ANN401
        if type(value) in plain:  # which any of them would give back as it is
            return value
        for reading in readings:
            try:
                return reading(value, where)
            except ValueError:
                continue
        return _refuse(value, where)

    return first


def _refuse(value: object, where: str) -> NoReturn:
    raise ValueError(f"{where[:80]} = {value!r:.60}")
