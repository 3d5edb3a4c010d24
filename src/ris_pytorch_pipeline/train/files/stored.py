"""Does a JSON object of a checkpoint hold exactly the fields of a dataclass, each of its type?"""

from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from ...errors import InputError
from ...files import from_document

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
    try:
        return from_document(kind, values)
    except ValueError as error:
        wanted = ", ".join(field.name for field in fields(kind))  # pyright: ignore[reportArgumentType]
        raise InputError(
            f"the fields of a {kind.__name__} ({wanted}), each of its type", f"{path}: {error}",
            "a checkpoint that was edited, or of another version", "use a file that this version's Trainer wrote",
        ) from error  # fmt: skip
