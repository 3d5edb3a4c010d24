"""How much does the service take? Bounds of a request and of all that wait, so that no request costs without end."""

import math
from dataclasses import dataclass, fields

from ..errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request may ask for, and how many may ask at a time.

    Memory is bounded by `waiting` bodies, the one that is being read, and the search of one batch.

    >>> Limits(waiting=0)
    Traceback (most recent call last):
    ris_pytorch_pipeline.errors.ConfigurationError: wanted waiting >= 1; got 0. Likely cause: a count left at \
zero. Next: pass waiting=64.

    Args:
        body: bytes of a body.
        scenes: in a body.
        waiting: requests accepted and not yet answered; one more is told to come again.
        batch: scenes of requests that are located together.
        memory: bytes that the search of one scene may keep.
        reading: seconds that a client has for its headers, and for its body.
        answering: seconds until a request that was read is answered.

    Raises:
        ConfigurationError: a bound that lets nothing pass.
    """

    body: int = 16 * 2**20
    scenes: int = 32
    waiting: int = 64
    batch: int = 32
    memory: int = 2**29
    reading: float = 10.0
    answering: float = 60.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, least = vars(self)[field.name], 1 if field.type is int else 0.001
            if not least <= value < math.inf:
                raise ConfigurationError(
                    f"{field.name} >= {least:g}", f"{value:g}", "a count left at zero",
                    f"pass {field.name}={field.default}",
                )  # fmt: skip
