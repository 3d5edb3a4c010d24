"""Does a JSON object hold exactly the fields of a dataclass, each of its type?"""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ..errors import InputError

Stored = TypeVar("Stored")


def from_stored(kind: type[Stored], values: object, path: Path) -> Stored:
    """The dataclass of an object that was read from a file, strict both ways.

    Args:
        kind: the dataclass; its fields are numbers, texts, None, literals, and lists and mappings of these.
        values: as JSON gives them.
        path: of the file, for the message.

    Returns:
        The value.

    Raises:
        InputError: no object, a field too many or too few, or a value of another type.
    """
    hints = {field.name: get_type_hints(kind)[field.name] for field in fields(kind)}  # pyright: ignore[reportArgumentType]
    held = values if isinstance(values, Mapping) else {}
    lost, extra = sorted(hints.keys() - held.keys()), sorted(held.keys() - hints.keys())
    if lost or extra:
        _refuse(kind, path, f"without {', '.join(lost) or 'none'}, and with {', '.join(extra) or 'none'} too many")
    wrong = [name for name, hint in hints.items() if not fits(hint, held[name])]
    if wrong:
        _refuse(kind, path, ", ".join(f"{name} = {held[name]!r:.60}" for name in wrong[:3]))
    return kind(**held)


def fits(hint: Any, value: object) -> bool:  # noqa: ANN401
    """Whether a value read from JSON is of a type; an integer is a float too, a truth value is no number."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin is UnionType:
        return any(fits(part, value) for part in inner)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin is dict:
        return isinstance(value, dict) and all(fits(inner[1], item) for item in value.values())
    if origin is list:
        return isinstance(value, list) and all(fits(inner[0], item) for item in value)
    return type(value) is hint or (hint is float and type(value) is int)


def _refuse(kind: type, path: Path, got: str) -> None:
    wanted = ", ".join(field.name for field in fields(kind))
    raise InputError(
        f"the fields of a {kind.__name__} ({wanted}), each of its type", f"{path}: {got}",
        "a checkpoint that was edited, or of another version", "use a file that this version's Trainer wrote",
    )  # fmt: skip
