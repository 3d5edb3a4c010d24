"""What the tests of hostile files share: the readers that the fuzzers try, and a small file for each of them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jaxtyping import config as jaxtyping_config

FUZZ = Path(__file__).parents[2] / "benchmarks" / "fuzz"
sys.path.insert(0, str(FUZZ))


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes and types are not checked at each call, as where a user works."""
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a file of each kind."""
    from making import make_all

    folder = tmp_path_factory.mktemp("made")
    jaxtyping_config.update("jaxtyping_disable", True)
    make_all(folder)
    jaxtyping_config.update("jaxtyping_disable", False)
    yield folder
