"""What the tests of hostile files share: the readers that the fuzzers try, and a small file for each of them."""

from pathlib import Path

import pytest
from jaxtyping import config as jaxtyping_config
from making import make_all


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes and types are not checked at each call, as where a user works."""
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of each kind."""
    folder = tmp_path_factory.mktemp("made")
    jaxtyping_config.update("jaxtyping_disable", True)
    try:
        make_all(folder)
    finally:
        jaxtyping_config.update("jaxtyping_disable", False)
    return folder
