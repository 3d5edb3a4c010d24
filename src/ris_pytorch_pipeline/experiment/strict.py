"""Does a plain value (from TOML, JSON or a command line) fit the typed field of a frozen dataclass?"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Literal, NoReturn, Protocol, TypeVar, get_args, get_origin, get_type_hints, runtime_checkable

from ..errors import ConfigurationError
from .fitting import LARGEST, MISFIT, WORDS, Fitting, fitting_of
from .fitting import NONE as NONE

Config = TypeVar("Config")


@dataclass(frozen=True)
class TypedField:
    """A field's type, whether it holds a table, the `Record` of a `tuple[Record, ...]`, and what fits a value in."""

    hint: Any
    nests: bool
    record: type | None
    fitting: Fitting


@runtime_checkable
class Sparing(Protocol):
    """A configuration with fields that say nothing beside the values of others."""

    @property
    def unused(self) -> tuple[str, ...]:
        """Their names."""
        ...


def overlay(base: Config, values: Mapping[str, Any], where: str = "") -> Config:
    """A copy of a frozen dataclass with some fields replaced by plain values; a nested mapping reaches into a field.

    A field of type `tuple[Record, ...]` takes a list of tables, each laid over the defaults of `Record`.

    >>> from ris_pytorch_pipeline.errors import ConfigurationError
    >>> from ris_pytorch_pipeline.experiment import TrainingExperiment
    >>> changed = overlay(TrainingExperiment(), {"net": {"width": 48}, "seed": 7})
    >>> changed.net.width, changed.seed
    (48, 7)
    >>> try:
    ...     overlay(TrainingExperiment(), {"net": {"witdh": 48}})
    ... except ConfigurationError as error:
    ...     print(error.move)
    did you mean 'width'?

    Args:
        base: what the values are laid over.
        values: by field name.
        where: dotted name of the field that holds `base`, for messages.

    Returns:
        The new value.

    Raises:
        ConfigurationError: an unknown key (the nearest known one is suggested), a value of another type, or one that
            the dataclass refuses.
    """
    known = typed_fields(type(base))
    changed: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            check_keys([key], known, where)
        typed = known[key]
        if typed.nests and is_dataclass(current := vars(base)[key]):
            name = _within(where, key)
            changed[key] = overlay(current, _as_table(value, name), name)
        elif typed.record is not None:
            changed[key] = _records(typed.record, value, _within(where, key))
        elif (fitted := typed.fitting(value)) is MISFIT:
            _refuse(typed.hint, value, _within(where, key))
        else:
            changed[key] = fitted
    return replace(base, **changed)  # pyright: ignore[reportArgumentType]


def check_keys(keys: Iterable[str], known: Iterable[str], where: str = "") -> None:
    """Refuse a key that nothing reads.

    Args:
        keys: of a table.
        known: what it may hold.
        where: dotted name of the table, for the message.

    Raises:
        ConfigurationError: an unknown key; the nearest known one is suggested.
    """
    names = list(known)
    for key in keys:
        if key not in names:
            got = repr(_within(where, key))
            raise ConfigurationError(f"a key out of {', '.join(names)}", got, "a misspelt key", nearest(key, names))


def fit(hint: Any, value: Any, name: str) -> Any:  # noqa: ANN401
    """The value in the type asked for: an int becomes a float where one is wanted, a list a tuple; nothing else.

    >>> from ris_pytorch_pipeline.errors import ConfigurationError
    >>> fit(tuple[float, float], [-30, 30], "scenario.azimuth_deg")
    (-30.0, 30.0)
    >>> try:
    ...     fit(int, 2.5, "plan.epochs")
    ... except ConfigurationError as error:
    ...     print(error.wanted)
    plan.epochs as an integer

    Args:
        hint: int, float, bool, str, None, a Literal, a tuple of these, or a union of these.
        value: plain: a number, text, truth value, None, list, or a table where pairs are wanted.
        name: of the field, for the message.

    Returns:
        The value, converted.

    Raises:
        ConfigurationError: the value does not fit.
    """
    fitted = fitting_of(hint)(value)
    return _refuse(hint, value, name) if fitted is MISFIT else fitted


def plain(value: Any) -> Any:  # noqa: ANN401
    """A frozen dataclass as mappings, lists, numbers, texts and None: equal values give equal results.

    Fields that it calls unused are left out.

    >>> from ris_pytorch_pipeline.experiment import Plan
    >>> plain(Plan(epochs=3))["epochs"]
    3

    Raises:
        ConfigurationError: a field holds a value that its type does not allow.
    """
    known = typed_fields(type(value))
    result: dict[str, Any] = {}
    unused = _unused(value)
    for field in fields(value):
        name, inner = field.name, vars(value)[field.name]
        if name in unused:
            continue
        typed = known[name]
        if typed.nests and is_dataclass(inner):
            result[name] = plain(inner)
        elif typed.record is not None:
            result[name] = [plain(item) for item in inner]
        elif (fitted := typed.fitting(inner)) is MISFIT:
            _refuse(typed.hint, inner, name)
        else:
            result[name] = _listed(fitted)
    return result


def _unused(value: object) -> tuple[str, ...]:
    return value.unused if isinstance(value, Sparing) else ()


def flat_fields(config: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """(dotted name, type) of each field of a frozen dataclass, nested ones included.

    >>> from ris_pytorch_pipeline.experiment import TrainingExperiment
    >>> dict(flat_fields(TrainingExperiment()))["plan.epochs"]
    <class 'int'>
    """
    for name, typed in typed_fields(type(config)).items():
        inner = vars(config)[name]
        if is_dataclass(inner):
            yield from flat_fields(inner, f"{prefix}{name}.")
        else:
            yield prefix + name, typed.hint


def describe(hint: Any) -> str:  # noqa: ANN401
    """A type in words: `an integer, or [an integer, an integer]`."""
    if hint in WORDS:
        return WORDS[hint]
    parts = [part for part in get_args(hint) if part is not Ellipsis]
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, parts))
    if get_origin(hint) is tuple:
        words = [describe(part) for part in parts]
        return f"a list of values, each {words[0]}" if Ellipsis in get_args(hint) else f"[{', '.join(words)}]"
    return ", or ".join(words for part in parts if (words := describe(part)))


def nearest(name: str, known: list[str]) -> str:
    """The next move after a misspelt name."""
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else "pick one of the known names"


@lru_cache(maxsize=256)
def typed_fields(kind: type) -> Mapping[str, TypedField]:
    """The fields of a dataclass; looking their types up takes longer than putting the values into them."""
    hints = get_type_hints(kind)
    return {name: TypedField(hint, _nests(hint), _record(hint), fitting_of(hint)) for name, hint in hints.items()}


def _nests(hint: Any) -> bool:  # noqa: ANN401
    """Whether a value of a type may be a dataclass."""
    return hint not in WORDS and get_origin(hint) not in (Literal, tuple)


def _within(where: str, key: str) -> str:
    """Dotted name of a key of a table."""
    return f"{where}.{key}" if where else key


def _refuse(hint: Any, value: Any, name: str) -> NoReturn:  # noqa: ANN401
    cause, move = _explain(hint, value)
    raise ConfigurationError(f"{name} as {describe(hint)}", _shown(value), cause, move)


def _record(hint: Any) -> type | None:  # noqa: ANN401
    """`Record` of `tuple[Record, ...]` where that is a dataclass."""
    parts = get_args(hint)
    found = get_origin(hint) is tuple and isinstance(parts[0], type) and is_dataclass(parts[0])
    return parts[0] if found else None


def _records(kind: type, value: Any, name: str) -> tuple[Any, ...]:  # noqa: ANN401
    if not isinstance(value, list | tuple):
        raise ConfigurationError(
            f"{name} as a list of tables", _shown(value), "one pair of brackets too few", f"write [[{name}]]"
        )
    names = [f"{name}[{index}]" for index in range(len(value))]
    return tuple(overlay(kind(), _as_table(item, of), of) for item, of in zip(value, names, strict=True))


def _listed(value: Any) -> Any:  # noqa: ANN401
    """Tuples as the lists that JSON gives back."""
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _explain(hint: Any, value: Any) -> tuple[str, str]:  # noqa: ANN401
    """Likely cause and next move of a misfit."""
    numbers = value if isinstance(value, list | tuple) else [value]
    if any(type(x) is int and abs(x) > LARGEST for x in numbers):
        return "digits too many", "write fewer"
    if any(isinstance(x, float) and not math.isfinite(x) for x in numbers):
        return "a computed value that failed, or a field left open", "pass finite numbers"
    if any(isinstance(x, float) for x in numbers) and "integer" in describe(hint):
        return "a fraction where a count belongs", "pass whole numbers"
    literals = [x for part in (hint, *get_args(hint)) if get_origin(part) is Literal for x in get_args(part)]
    if isinstance(value, str) and literals:
        return "a misspelt name", nearest(value, literals)
    return "a value of another kind", f"write it as {describe(hint)}"


def _as_table(value: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401
    if isinstance(value, Mapping):
        return value
    raise ConfigurationError(f"{name} as a table of keys", _shown(value), "a missing section", f"write [{name}]")


def _shown(value: Any) -> str:  # noqa: ANN401
    if type(value) is int and abs(value) > LARGEST:
        return f"an integer of about {int(value.bit_length() * 0.30103) + 1} digits"
    text = repr(list(value)) if isinstance(value, tuple) else repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
