"""How does the service run? On a socket of its own, until a signal ends it, and then until all is answered."""

import asyncio
import math
import socket
from typing import Any

from ..errors import ConfigurationError
from ..files import reason
from .extra import H11Protocol, fastapi, h11, uvicorn
from .limits import Limits

_CONNECTIONS = 512
"""At a time; with their bodies not yet read they cost some kilobytes each."""
_HEADERS = 2**15
"""Bytes of a request's headers."""
_IDLE = 5
"""Seconds that a connection is kept without a request."""


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    >>> with bound("127.0.0.1", 0) as listening:
    ...     listening.getsockname()[0], listening.getsockname()[1] > 0
    ('127.0.0.1', True)

    Args:
        host: address or name; an IPv6 address without brackets.
        port: 0 takes any that is free.

    Raises:
        ConfigurationError: no port, or an address that is taken, or none of this machine.
    """
    if not 0 <= port < 2**16:
        raise ConfigurationError("a port in 0..65535", str(port), "a slip", "pass --port 0 for any free port")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_CONNECTIONS)
    except (OSError, UnicodeError) as error:
        told = reason(error) if isinstance(error, OSError) else str(error)
        raise ConfigurationError(
            "an address of this machine that is free", f"{host} port {port}: {told}",
            "another service there, or a mistyped host", "pass --port 0 for any free port",
        ) from error  # fmt: skip


def url_of(listening: socket.socket) -> str:
    """The address at which a service is called.

    >>> with bound("127.0.0.1", 0) as listening:
    ...     url_of(listening).startswith("http://127.0.0.1:")
    True
    """
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def run_until_stopped(app: "fastapi.FastAPI", listening: socket.socket, limits: Limits) -> None:
    """Serve until SIGTERM or Ctrl-C; then take no more connections, and answer the requests that were accepted.

    The signal is raised again at the end, for whoever handles it.

    >>> import fastapi
    >>> import signal
    >>> from contextlib import asynccontextmanager
    >>> @asynccontextmanager
    ... async def stopped_at_once(app):
    ...     signal.raise_signal(signal.SIGTERM)
    ...     yield
    >>> before = signal.signal(signal.SIGTERM, lambda number, frame: print("ended by", signal.Signals(number).name))
    >>> run_until_stopped(fastapi.FastAPI(lifespan=stopped_at_once), bound("127.0.0.1", 0), Limits())
    ended by SIGTERM
    >>> _ = signal.signal(signal.SIGTERM, before)

    Args:
        app: the application.
        listening: the socket; closed at the end.
        limits: of requests; their longest time bounds how long the end takes.
    """
    config = uvicorn.Config(
        app, http=_protocol(limits.reading), ws="none", lifespan="on", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_keep_alive=_IDLE, limit_concurrency=_CONNECTIONS,
        h11_max_incomplete_event_size=_HEADERS, timeout_graceful_shutdown=math.ceil(limits.reading + limits.answering),
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listening])


def _protocol(seconds: float) -> type[H11Protocol]:
    """Uvicorn's protocol, with a bound on the time that headers take: a client that never ends them is hung up on."""

    class Patient(H11Protocol):
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:  # noqa: ANN401
            super().connection_made(transport)
            self._late = self.loop.call_later(seconds, self._hang_up)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if not owed(self.conn):
                self._forget()
            elif self._late is None:
                self._late = self.loop.call_later(seconds, self._hang_up)

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget()
            super().connection_lost(exc)

        def _hang_up(self) -> None:
            self.transport.close()

        def _forget(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

    return Patient


def owed(connection: "h11.Connection") -> bool:
    """Whether a client is in the middle of its headers, or of a body that nobody reads because it was answered."""
    begun = connection.their_state is h11.IDLE and bool(connection.trailing_data[0])
    return begun or (connection.our_state is h11.DONE and connection.their_state is h11.SEND_BODY)
