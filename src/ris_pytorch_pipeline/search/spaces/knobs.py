"""Which values may a field take? Those of a range or of a list, each of them one that the field's type takes."""

import json
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import ConfigurationError
from ...experiment.strict import describe, fit, nearest

Plain = bool | int | float | str | list[Any] | dict[str, Any]
"""A value as TOML has it."""
_RANGE, _CHOICES = ("low", "high", "log", "step"), ("choices",)


@dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers from `low` to `high`, both included.

    >>> [round(Range(low=1e-3, high=1e-1, log=True).at(share), 6) for share in (0.0, 0.5, 1.0)]
    [0.001, 0.01, 0.1]
    >>> Range(low=8, high=32, step=8, whole=True).listed
    (8, 16, 24, 32)
    >>> Range(low=1e-3, high=1e-1, log=True).to_plain()
    {'low': 0.001, 'high': 0.1, 'log': True}

    Args:
        low: the least.
        high: the largest.
        log: draw the logarithm evenly.
        step: distance of neighbours; None lets any number in between, or any whole one.
        whole: whole numbers alone.

    Raises:
        ConfigurationError: no number in between, a logarithm of nothing, or a step that is none.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    whole: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            _refuse("low < high", f"{self.low:g} and {self.high:g}", "the two exchanged, or a value without a choice")
        if self.log and self.low <= 0:
            _refuse("low > 0 under log", f"{self.low:g}", "a range that begins at nothing", "begin above it")
        if self.step is not None and not (self.step > 0 and not self.log):
            _refuse(
                "a step above 0, without log", f"{self.step:g}", "a step for a logarithm, or a sign", "leave it out"
            )
        if self.step is not None and abs(math.remainder(self.high - self.low, self.step)) > 1e-9:
            _refuse("a step that leads from low to high", f"{self.low:g}, {self.high:g} and {self.step:g}",
                    "a high end between two steps", "move it to one")  # fmt: skip

    @property
    def probes(self) -> tuple[float, ...]:
        """Some of its values, to see whether any makes a difference."""
        return tuple(self.at(share) for share in (0.0, 0.37, 1.0))

    def at(self, share: float) -> float:
        """The value at a share of the way from low to high."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        value = low + share * (high - low)
        value = math.exp(value) if self.log else value
        if self.step is not None:
            value = self.low + self.step * round((value - self.low) / self.step)
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else value

    @property
    def listed(self) -> tuple[float, ...] | None:
        """All its values; None where there is no end of them."""
        step = self.step if self.step is not None else 1 if self.whole else None
        if step is None:
            return None
        values = (self.low + step * number for number in range(round((self.high - self.low) / step) + 1))
        return tuple(round(value) if self.whole else value for value in values)

    def to_plain(self) -> dict[str, Plain]:
        """As a space file has it."""
        kind = int if self.whole else float
        ends: dict[str, Plain] = {"low": kind(self.low), "high": kind(self.high)}
        return ends | ({"log": True} if self.log else {}) | ({} if self.step is None else {"step": kind(self.step)})


@dataclass(frozen=True)
class Choices:
    """Values out of a list.

    >>> Choices(("16", "32", '"none"')).values
    (16, 32, 'none')
    >>> Choices(("16", "32")).to_plain()
    {'choices': [16, 32]}

    Args:
        texts: each value as JSON, so that two equal ones are seen and none can change.

    Raises:
        ConfigurationError: fewer than two, or one of them twice.
    """

    texts: tuple[str, ...]

    def __post_init__(self) -> None:
        again = [text for number, text in enumerate(self.texts) if text in self.texts[:number]]
        if len(self.texts) < 2 or again:
            got = f"{again[0]} twice" if again else f"{len(self.texts)}"
            _refuse("at least two choices, all different", got, "a value without a choice, or a line copied",
                    "set a fixed value in --config")  # fmt: skip

    @property
    def values(self) -> tuple[Plain, ...]:
        """The values."""
        return tuple(json.loads(text) for text in self.texts)

    @property
    def probes(self) -> tuple[Plain, ...]:
        """All of them."""
        return self.values

    @property
    def listed(self) -> tuple[Plain, ...]:
        """All of them."""
        return self.values

    def to_plain(self) -> dict[str, Plain]:
        """As a space file has it."""
        return {"choices": list(self.values)}


Knob = Range | Choices
"""What a field may be."""


def text_of(value: Any) -> str:  # noqa: ANN401
    """A plain value as JSON; equal values have equal texts."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def drawn(knob: Knob, draws: random.Random) -> Any:  # noqa: ANN401
    """A value of a knob, evenly drawn."""
    return draws.choice(knob.values) if isinstance(knob, Choices) else knob.at(draws.random())


def is_knob(table: Mapping[str, Any]) -> bool:
    """Whether a table says what a field may be, and is no table of fields."""
    return any(key in table for key in (*_RANGE, *_CHOICES))


def knob_of(table: Mapping[str, Any], hint: Any, name: str) -> Knob:  # noqa: ANN401
    """What a table of a space file says.

    Args:
        table: `low`, `high` and perhaps `log` or `step`; or `choices`.
        hint: type of the field.
        name: of the field, for messages.

    Returns:
        The knob.

    Raises:
        ConfigurationError: an unknown key, or a value that the field does not take.
    """
    known = _CHOICES if "choices" in table else _RANGE
    for key in table:
        if key not in known:
            _refuse(f"{' and '.join(known)} for {name}" if known is _CHOICES else f"keys out of {', '.join(known)}, or "
                    f"choices, for {name}", repr(key), "a misspelt key", nearest(key, list(known)))  # fmt: skip
    try:
        return _choices(table, hint, name) if "choices" in table else _range(table, hint, name)
    except ConfigurationError as error:
        if name in error.wanted:
            raise
        raise ConfigurationError(f"{error.wanted}, for {name}", error.got, error.cause, error.move) from error


def _choices(table: Mapping[str, Any], hint: Any, name: str) -> Choices:  # noqa: ANN401
    listed = table["choices"]
    if not isinstance(listed, list):
        _refuse(f"choices of {name} as a list", repr(listed), "a single value", "write choices = [..., ...]")
    return Choices(tuple(text_of(_normal(value, hint, name)) for value in listed))


def _normal(value: Any, hint: Any, name: str) -> Any:  # noqa: ANN401
    """A choice as the field has it, so that 1 and 1.0 are one where a float is wanted; None stays the text of TOML."""
    if hint is None:  # the caller looks at it
        return value
    fitted = fit(hint, value, name)
    return value if fitted is None else fitted


def _range(table: Mapping[str, Any], hint: Any, name: str) -> Range:  # noqa: ANN401
    words = [] if hint is None else describe(hint).split(", or ")
    whole, real = "an integer" in words, "a finite number" in words
    if not whole and not real:
        what = "names or tables" if hint is None else describe(hint)
        _refuse(f"choices for {name}, which is {what}", "a range", "a field that is no number",
                "write choices = [..., ...]")  # fmt: skip
    missing = [key for key in ("low", "high") if key not in table]
    if missing:
        _refuse(f"low and high of {name}", f"no {missing[0]}", "a key left out", "add it, or write choices = [...]")
    number = int if whole else float
    given = {key: fit(number, table[key], f"{key} of {name}") for key in ("low", "high", "step") if key in table}
    return Range(**given, log=fit(bool, table.get("log", False), f"log of {name}"), whole=whole)


def _refuse(wanted: str, got: str, cause: str, move: str = "correct the value") -> None:
    raise ConfigurationError(wanted, got, cause, move)
