"""Which routes does the service have? Its page, its documents, health, metrics, and the one that locates."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from trainlint.errors import ExplainedError

from .. import __version__
from .docs_page import docs_page
from .extra import HTTPException, fastapi
from .limits import Limits
from .locator import Answer, Asked, Locator
from .metering import Meters
from .pages import page_file
from .receiving import Gate, received
from .refusals import Refused, explained, problem_of, status_of
from .schema import PROBLEMS, TOKEN, Health, Located, request_body
from .token import shows
from .watching import Watching
from .worker import Worker

LOCATE = "/v1/locate"
_STUCK = 10
"""Times the longest answer after which a batch is taken for one that never ends."""
Sources = Annotated[
    int | None, fastapi.Query(ge=1, le=64, description="in each scene; left out, they are counted")
]  # fmt: skip


class Service:
    """What the routes share.

    Args:
        locator: that answers.
        limits: of requests.
        token: that requests have to show; None asks for none.
    """

    def __init__(self, locator: Locator, limits: Limits, token: str | None) -> None:
        self.limits, self.token = limits, token
        self.meters = Meters()
        self.worker = Worker(locator, limits, self.meters)
        self.gate = Gate(limits.waiting, self.meters)

    async def locate(self, request: fastapi.Request, sources: Sources = None) -> fastapi.Response:
        """Locate the sources of every scene of the body.

        Raises:
            Refused: no token, no room, or a body that is none.
        """
        self._admit(request)
        with self.gate.entered(self.worker.pause):
            asked = await received(request, sources, self.limits)
            answer = await self._answered(asked)
        beside = {"X-Batch-Scenes": str(answer.beside)}
        return fastapi.Response(answer.text, media_type="application/json", headers=beside)

    async def health(self) -> fastapi.Response:
        """Say whether the service answers; 503 where it does not."""
        stuck = self.worker.busy > _STUCK * self.limits.answering
        status = "ok" if self.worker.alive and not stuck else "stuck"
        value = {"status": status, "version": __version__, "inside": self.gate.inside, "busy": self.worker.busy}
        return fastapi.responses.JSONResponse(value, 200 if status == "ok" else 503)

    async def metrics(self, request: fastapi.Request) -> fastapi.Response:
        """Counters in Prometheus' text format.

        Raises:
            Refused: no token.
        """
        self._admit(request)
        return fastapi.Response(self.meters.text(), media_type="text/plain; version=0.0.4")

    def _admit(self, request: fastapi.Request) -> None:
        """Let a request pass.

        Raises:
            Refused: 401, it shows no token, or another one.
        """
        if self.token is not None and not shows(request.headers.get("authorization"), self.token):
            raise Refused(
                401, "the header `Authorization: Bearer TOKEN`", "none, or another token", "a client without it",
                "take the token from whoever runs the service",
            )  # fmt: skip

    async def _answered(self, asked: Asked) -> Answer:
        """The answer to a request, in time.

        Raises:
            Refused: 503, the time is up.
        """
        try:
            async with asyncio.timeout(self.limits.answering):
                return await asyncio.wrap_future(self.worker.submit(asked))
        except TimeoutError as error:
            raise Refused(
                503, f"an answer within {self.limits.answering:g} s", "none yet", "many requests, or a large search",
                "come again, or send fewer scenes", self.worker.pause,
            ) from error  # fmt: skip


def application(
    locator: Locator, limits: Limits | None = None, *, token: str | None = None, hosts: frozenset[str] | None = None
) -> fastapi.FastAPI:
    """The service as an ASGI application.

    >>> from ris_pytorch_pipeline.estimate import SearchRegion, Sml
    >>> locator = Locator(choose=lambda file: (Sml(), SearchRegion()), needed=lambda estimator, seen: 0)
    >>> app = application(locator, token="0123456789abcdef")
    >>> app.title, sorted(app.openapi()["paths"])
    ('ris serve', ['/health', '/metrics', '/v1/locate'])

    Args:
        locator: that answers.
        limits: of requests; None takes those that stand in `Limits`.
        token: that requests have to show; None asks for none.
        hosts: names by which it may be called, so that no foreign page reaches it by a name of its own; None is any.
    """
    service = Service(locator, Limits() if limits is None else limits, token)

    @asynccontextmanager
    async def lifespan(app: fastapi.FastAPI) -> AsyncIterator[None]:
        service.worker.start()
        try:
            yield
        finally:
            await asyncio.to_thread(service.worker.close)

    app = fastapi.FastAPI(
        title="ris serve", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None,
        description="Near-field localisation of radio sources through a reconfigurable intelligent surface.",
    )  # fmt: skip
    _route(app, service)
    _pages(app)
    app.add_middleware(Watching, meters=service.meters, routes=frozenset(app.openapi()["paths"]), hosts=hosts)
    for kind in (ExplainedError, fastapi.exceptions.RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _explained)
    app.state.service = service
    return app


def _route(app: fastapi.FastAPI, service: Service) -> None:
    """The routes of programs."""
    guarded: dict[str, Any] = {} if service.token is None else {"security": [{"bearer": []}]}
    app.add_api_route(
        LOCATE, service.locate, methods=["POST"], responses={200: {"model": Located}, **PROBLEMS},
        openapi_extra={"requestBody": request_body(), **guarded}, response_class=fastapi.responses.JSONResponse,
    )  # fmt: skip
    app.add_api_route("/health", service.health, responses={200: {"model": Health}, 503: {"model": Health}})
    text = {"description": "counters", "content": {"text/plain": {}}}
    app.add_api_route(
        "/metrics", service.metrics, responses={200: text, 401: PROBLEMS[401]}, openapi_extra=guarded,
        response_class=fastapi.responses.PlainTextResponse,
    )  # fmt: skip
    made: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        if service.token is not None:
            document.setdefault("components", {})["securitySchemes"] = TOKEN
        return document

    app.openapi = openapi


def _pages(app: fastapi.FastAPI) -> None:
    """The pages of people."""
    documented = docs_page(app.openapi())

    async def docs() -> fastapi.Response:
        return fastapi.responses.HTMLResponse(documented)

    app.add_api_route("/docs", docs, include_in_schema=False)
    for path, name in (("/", "index.html"), ("/page.css", "page.css"), ("/page.js", "page.js")):
        app.add_api_route(path, page_file(name), include_in_schema=False)


async def _explained(request: fastapi.Request, error: Exception) -> fastapi.Response:
    """An error as JSON of four parts."""
    if isinstance(error, fastapi.exceptions.RequestValidationError):
        error = _of_query(error)
    elif isinstance(error, HTTPException):
        error = Refused(
            error.status_code, "a route of GET /docs", f"{request.method} {request.url.path:.80}: {error.detail}",
            "a mistyped path or method", "see GET /docs",
        )  # fmt: skip
    told = explained(error)
    status = status_of(told)
    headers = {"Connection": "close"} if status == 408 else {}
    if isinstance(told, Refused) and told.retry is not None:
        headers["Retry-After"] = str(told.retry)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return fastapi.Response(json.dumps(problem_of(told)), status, headers, media_type="application/json")


def _of_query(error: "fastapi.exceptions.RequestValidationError") -> Refused:
    """What is wrong with a query."""
    first = error.errors()[0]
    name, got = ".".join(str(part) for part in first["loc"][1:]), f"{first['input']!r:.60}"
    return Refused(422, f"{name}: {first['msg']}", got, "a mistyped query", "leave it out to have sources counted")
