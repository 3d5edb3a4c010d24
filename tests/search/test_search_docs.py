"""Do the two commands of docs/search.md share a search through a database of a server that is really running?"""

import json
import re
import shlex
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from crew import LONGEST, postgresql, postgresql_binary
from nursery import Nursery, Program

from ris_pytorch_pipeline.search import holds_search, open_storage

PAGE = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")
SMALL = "--epochs 1 --long-epochs 1 --n-train 64 --n-val 32 --scenes 4 --best 1 --polish 2 --trials 6"


@pytest.fixture
def server() -> Iterator[str]:
    """The URL of a database of a server of its own."""
    with postgresql() as url:
        yield url


def told(folder: str) -> list[tuple[str, int, str]]:
    """Stage, number and outcome of every trial that a command wrote down."""
    trials = json.loads(Path(folder, "search.json").read_text(encoding="utf-8"))["trials"]
    return sorted((trial["stage"], trial["trial"], trial["outcome"]["kind"]) for trial in trials)


@pytest.mark.stress
@pytest.mark.skipif(
    postgresql_binary("initdb") is None or find_spec("psycopg") is None,
    reason="no PostgreSQL server (apt-get install postgresql), or no driver (the extra postgresql)",
)
def test_the_second_command_joins_the_first(
    server: str, tmp_path: Path, nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^ris (search .* --storage .*)$", PAGE, re.MULTILINE)
    here, there = (shlex.split(line.replace("postgresql+psycopg://user@host/database", server)) for line in lines)
    assert server in here and server in there and "--resume" in there

    def begin(words: list[str]) -> Program:
        return nursery.start("-m", "ris_pytorch_pipeline", *words, cwd=tmp_path)

    first = begin([*here, *SMALL.split()])
    end = time.monotonic() + LONGEST
    while not holds_search(open_storage(tmp_path, server), "first"):
        assert first.poll() is None and time.monotonic() < end
        time.sleep(0.1)
    second = begin(there)
    assert [first.wait(LONGEST), second.wait(LONGEST)] == [0, 0]
    assert told("here") == told("there") and sum(stage == "short" for stage, _, _ in told("here")) >= 6
    runs = [{path.name for path in Path(folder, "short").iterdir()} for folder in ("here", "there")]
    assert all(runs) and not runs[0] & runs[1], "both had a share, and no trial ran twice"
    assert not [path for folder in ("here", "there") for path in Path(folder, "workers").iterdir()]
