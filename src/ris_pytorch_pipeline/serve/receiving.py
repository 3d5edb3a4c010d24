"""How does a body come in? Within its size and its time, of a kind that is read, and only as one of so many."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from .extra import ClientDisconnect, fastapi
from .limits import Limits
from .locator import Asked
from .metering import Meters
from .refusals import Refused

KINDS: dict[str, Literal["json", "scenes"]] = {
    "application/json": "json", "application/octet-stream": "scenes", "application/vnd.safetensors": "scenes",
}  # fmt: skip
"""Media types that are read. A browser asks before it sends one of them elsewhere, so that no foreign page can."""


class Gate:
    """Lets so many in.

    Args:
        most: how many.
        meters: that count.
    """

    def __init__(self, most: int, meters: Meters) -> None:
        self._most, self._meters, self.inside = most, meters, 0

    @contextmanager
    def entered(self, pause: int) -> Iterator[None]:
        """A block inside.

        Args:
            pause: seconds that whoever finds no room is told to wait.

        Yields:
            Nothing.

        Raises:
            Refused: 503, no room.
        """
        if self.inside >= self._most:
            raise Refused(
                503, f"at most {self._most} requests at a time", f"{self.inside} that wait already",
                "more clients than this machine can answer", f"come again in {pause} s", pause,
            )  # fmt: skip
        self.inside += 1
        self._meters.inside.set(self.inside)
        try:
            yield
        finally:
            self.inside -= 1
            self._meters.inside.set(self.inside)


def kind_of(request: "fastapi.Request") -> Literal["json", "scenes"]:
    """What the body is said to be.

    Raises:
        Refused: 415, nothing that is read here.
    """
    given = request.headers.get("content-type", "")
    kind = KINDS.get(given.split(";")[0].strip().lower())
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if kind is None or packed != "identity":
        raise Refused(
            415, f"a body of type {', '.join(KINDS)}, not compressed", f"{given[:60] or 'none'}, {packed[:20]}",
            "a client's default", "set the header Content-Type",
        )  # fmt: skip
    return kind


async def received(request: "fastapi.Request", sources: int | None, limits: Limits) -> Asked:
    """The whole request.

    Raises:
        Refused: 413 too large, 415 of another kind, 408 too slow, 400 left off.
    """
    kind = kind_of(request)
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 18 or int(length) > limits.body:
        _too_large(length, limits)
    content = bytearray()
    try:
        async with asyncio.timeout(limits.reading):
            async for chunk in request.stream():
                content += chunk
                if len(content) > limits.body:
                    _too_large(f"{len(content)} so far", limits)
    except TimeoutError as error:
        raise Refused(
            408, f"a body within {limits.reading:g} s", f"{len(content)} bytes of it",
            "a slow line, or a client that hangs", "send it again",
        ) from error  # fmt: skip
    except ClientDisconnect as error:
        raise Refused(400, "a whole body", f"{len(content)} bytes", "a client that left", "send it again") from error
    return Asked(content=bytes(content), kind=kind, sources=sources)


def _too_large(length: str, limits: Limits) -> None:
    """Refuse a body.

    Raises:
        Refused: 413, always.
    """
    raise Refused(
        413, f"a body of at most {limits.body} bytes", f"{length[:30]} bytes", "a whole file of scenes",
        "send the scenes in several requests, or run `ris locate` on the file",
    )  # fmt: skip
