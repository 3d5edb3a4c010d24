"""Several workers in processes of their own, which a test starts, kills and waits for; and a real PostgreSQL."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nursery import Nursery, Program

from ris_pytorch_pipeline.search import Studies
from ris_pytorch_pipeline.search.kept.trials import counts, digest_of, outcome_in

WORKER = Path(__file__).with_name("stub_worker.py")
LONGEST = 300
"""Seconds after which a worker hangs."""


@contextmanager
def workers(
    nursery: Nursery,
    count: int,
    folder: Path,
    url: str | None = None,
    seconds: float = 0.02,
    together: bool = False,
) -> Iterator[list[Program]]:
    """Workers of the search in a folder; those still there at the end are killed.

    Args:
        together: none ends its first training before each has begun one.
    """
    command = (str(WORKER), str(folder), url or "journal", str(seconds), str(count if together else 1))
    started = [nursery.start(*command, cwd=folder) for _ in range(count)]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def notes(folder: Path, word: str) -> list[str]:
    """What the workers noted: `stage digest` of each recipe that was begun, or ended."""
    files = (folder / "notes").iterdir() if (folder / "notes").exists() else ()
    lines = [line.split() for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    return [f"{stage} {digest}" for what, stage, _, digest in lines if what == word]


def finished(studies: Studies) -> dict[str, tuple[str, float | None]]:
    """What came of each trial that counts, by stage and recipe; a recipe twice is an error."""
    found: dict[str, tuple[str, float | None]] = {}
    for stage, study in (("short", studies.short), ("long", studies.long)):
        for trial in study.get_trials(deepcopy=False):
            outcome = outcome_in(trial)
            if outcome is not None and counts(trial):
                key = f"{stage} {digest_of(trial)}"
                assert key not in found, f"{key} counts twice"
                found[key] = (outcome.kind, outcome.value)
    return found


def check_complete(studies: Studies, *folders: Path, killed: int) -> None:
    """Every planned recipe counts once, was ended once, and only what a killed worker had begun was begun again."""
    by_stage = Counter(key.split()[0] for key in finished(studies))
    assert by_stage["short"] == studies.settings.trials
    assert 3 <= by_stage["long"] <= 4  # the base may be among the best three
    begun, ended = (Counter(note for folder in folders for note in notes(folder, word)) for word in ("begin", "end"))
    assert set(begun) == set(finished(studies))
    assert sum(begun.values()) - len(begun) <= killed
    assert (
        max(ended.values()) <= 2 and sum(ended.values()) - len(ended) <= killed
    )  # killed between its end and its word
    assert not any(trial.state.name in {"RUNNING", "WAITING"} for trial in studies.short.trials)


def postgresql_binary(name: str) -> str | None:
    """A program of the server, where Debian keeps it or on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@contextmanager
def postgresql() -> Iterator[str]:
    """A server of one's own, reached through a socket in a folder; the URL of its database."""
    initdb, postgres = postgresql_binary("initdb"), postgresql_binary("postgres")
    assert initdb is not None and postgres is not None
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    if user is not None:
        shutil.chown(folder, user)
    try:
        data = str(folder / "data")
        subprocess.run([initdb, "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], check=True, user=user,
                       stdout=subprocess.DEVNULL, cwd=folder)  # fmt: skip
        server = subprocess.Popen(
            [postgres, "-D", data, "-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off"],
            user=user, cwd=folder, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert server.stderr is not None
            for line in server.stderr:
                if b"ready to accept connections" in line:
                    break
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)  # at SIGTERM it would wait for whoever is connected
            server.communicate()
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
