"""The simplest things that a name in a source can stand for."""

from dataclasses import dataclass


class Value:
    """Anything that an expression may stand for."""


class Unknown(Value):
    """Nothing is known of it."""


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Const(Value):
    """A number, a text, a truth value or None that stands in the source."""

    value: object


@dataclass(frozen=True)
class Named(Value):
    """A name of another library, such as `torch.nn.functional.softmax`."""

    name: str
