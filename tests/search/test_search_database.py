"""Do many workers share a search through a database: SQLite, and a PostgreSQL server that is really running?"""

import os
import signal
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from crew import LONGEST, check_complete, finished, notes, postgresql, postgresql_binary, workers
from nursery import Nursery
from searching import begun, learns
from test_search_kills import wait_until_begun

from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.search import joined_studies, open_storage, work

needs_server = pytest.mark.skipif(
    postgresql_binary("initdb") is None or find_spec("psycopg") is None,
    reason="no PostgreSQL server (apt-get install postgresql), or no driver (the extra postgresql)",
)


@pytest.fixture
def server() -> Iterator[str]:
    """The URL of a database of a server of its own."""
    with postgresql() as url:
        yield url


def test_a_file_of_sqlite_is_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'search.db'}"
    studies = begun(tmp_path, url=url)
    work(studies, learns, tmp_path, lambda line: None)
    assert len([trial for trial in joined_studies(open_storage(tmp_path, url), "stub").long.trials]) >= 3


@pytest.mark.stress
@needs_server
def test_two_workers_on_postgresql_never_repeat_a_trial_though_one_is_killed(
    server: str, tmp_path: Path, nursery: Nursery
) -> None:
    begun(tmp_path, url=server)
    with workers(nursery, 2, tmp_path, server, seconds=0.1) as (first, second):
        wait_until_begun(tmp_path, 4)
        os.kill(first.pid, signal.SIGKILL)
        assert second.wait(LONGEST) == 0
    check_complete(joined_studies(open_storage(tmp_path, server), "stub"), tmp_path, killed=1)


@pytest.mark.stress
@needs_server
def test_workers_that_share_no_folder_are_all_killed_and_the_search_goes_on(
    server: str, tmp_path: Path, nursery: Nursery
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"  # as on two machines
    here.mkdir()
    there.mkdir()
    begun(here, url=server)
    with workers(nursery, 1, here, server, 0.1) as (one,), workers(nursery, 1, there, server, 0.1) as (other,):
        for folder in (here, there):
            wait_until_begun(folder, 3)
        for process in (one, other):
            os.kill(process.pid, signal.SIGKILL)
    told = [*f"report {here} --storage {server} --name stub --page".split(), str(tmp_path / "page.html")]
    assert main(told) == 0 and "Search here" in (page := (tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "The search is not complete" in page and "short running" in page and server not in page
    before = finished(joined_studies(open_storage(there, server), "stub"))
    assert len(before) >= 4
    with workers(nursery, 1, there, server) as (worker,):
        assert worker.wait(LONGEST) == 0
    studies = joined_studies(open_storage(there, server), "stub")
    check_complete(studies, here, there, killed=2)
    after = finished(studies)
    assert {key: after[key] for key in before} == before


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("search.db", ConfigurationError, "the URL of a database"),
        ("postgresqll://host/name", ConfigurationError, "URL of a database"),
        ("sqlite:////no/such/folder/search.db", InputError, "unable to open"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/x", (ConfigurationError, InputError), "127.0.0.1"),
    ],
)
def test_what_is_no_database_is_refused(tmp_path: Path, url: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as raised:
        open_storage(tmp_path, url)
    assert words in str(raised.value)
    assert "secret" not in str(raised.value)
    assert not notes(tmp_path, "begin")
