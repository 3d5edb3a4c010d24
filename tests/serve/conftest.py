"""How the tests of the service run it: in this process, without a socket, with scenes that are located fast."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jaxtyping import config as jaxtyping_config
from soundings import Counting, scenes_of

from ris_pytorch_pipeline.data import save_scenes
from ris_pytorch_pipeline.estimate import SearchRegion

Client = Callable[..., Any]


@pytest.fixture(autouse=True)
def extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages of the extra, or a skip; the tests' own checks of shapes and types are off, as in a service."""
    for name in ("fastapi", "uvicorn", "prometheus_client", "httpx2"):
        pytest.importorskip(name, reason="the extra `serve` is not installed")
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)


@pytest.fixture
def body(tmp_path: Path) -> Callable[..., bytes]:
    """The bytes of a scene file: so many scenes, drawn from a seed."""

    def made(scenes: int = 1, seed: int = 0, **scenario: Any) -> bytes:
        drawn = scenes_of(scenes, seed, **scenario)
        save_scenes(tmp_path / "body", drawn.observation, overwrite=True)
        return (tmp_path / "body").read_bytes()

    return made


@pytest.fixture
def counting() -> Counting:
    """An estimator whose answers say whose they are."""
    return Counting()


@pytest.fixture
def client(counting: Counting) -> Iterator[Client]:
    """A client of a service; by default of one whose estimator is `counting`."""
    from starlette.testclient import TestClient  # after the skip

    from ris_pytorch_pipeline.serve import Limits, Locator, application

    open_clients: list[Any] = []

    def made(locator: Any = None, limits: dict[str, Any] | None = None, **options: Any) -> Any:
        if locator is None:
            locator = Locator(choose=lambda file: (counting, SearchRegion()), needed=lambda estimator, seen: 1000)
        app = application(locator, Limits(**(limits or {})), **options)
        entered = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
        open_clients.append(entered.__enter__())
        return open_clients[-1]

    yield made
    counting.go.set()
    for each in open_clients:
        each.__exit__(None, None, None)
