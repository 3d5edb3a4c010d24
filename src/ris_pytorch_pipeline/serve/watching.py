"""What happens around every request? It is counted, let in by a name of ours, and given headers that protect."""

import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .metering import Meters

_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_DOCS = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_ALWAYS = {
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
}  # fmt: skip
_MISDIRECTED = {
    "wanted": "a Host by which this service is called",
    "got": "another name",
    "cause": "a page that points a name of its own here, or a proxy that does not pass the name on",
    "move": "call the service by the address it printed",
}
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class Watching:
    """The application, counted and protected.

    Args:
        app: the application.
        meters: that count.
        routes: paths that are counted by their name; all others are `page`.
        hosts: names by which it may be called; None is any.
    """

    def __init__(
        self, app: Application, *, meters: Meters, routes: frozenset[str], hosts: frozenset[str] | None
    ) -> None:
        self._app, self._meters, self._routes, self._hosts = app, meters, routes, hosts

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, path = time.monotonic(), scope["path"]
        route = path if path in self._routes else "page"

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {**_ALWAYS, "content-security-policy": _DOCS if path == "/docs" else _PAGE}
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in given.items())]
                self._meters.requests.labels(route, str(message["status"])).inc()
                self._meters.seconds.labels(route).observe(time.monotonic() - begin)
            await send(message)

        if self._hosts is not None and _name_of(scope) not in self._hosts:
            await _misdirected(sent)
            return
        await self._app(scope, receive, sent)


def _name_of(scope: Message) -> str:
    """The name by which a request calls, without a port.

    >>> _name_of({"headers": [(b"host", b"localhost:80")]}), _name_of({"headers": [(b"host", b"[::1]:80")]})
    ('localhost', '[::1]')
    """
    given = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
    return given.partition("]")[0] + "]" if given.startswith("[") else given.partition(":")[0]


async def _misdirected(send: Send) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(_MISDIRECTED).encode()})
