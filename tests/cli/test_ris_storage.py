"""Is a search in a database shown whenever one asks, and does the URL stand in no command line and no file?"""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from running import NETWORK, Run

from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.cli.forms import search_workers
from ris_pytorch_pipeline.search import Judged, Settings, Task, new_studies, open_storage, run_processes, work

SOON = "--config net.toml --epochs 1 --long-epochs 1 --scenes 4 --best 0 --trials 2 --workers 2 --no-preflight"
SECRET = "timeout=31"
"""In the place of a password, which SQLite has none of."""


def url_of(path: Path) -> str:
    return f"sqlite:///{path}/trials.db?{SECRET}"


def killed(folder: Path) -> None:
    """What `kill -9` leaves of a search during its third trial: nothing but a database."""

    def of_width(task: Task, report: Any) -> Judged:
        if task.number == 2:
            raise KeyboardInterrupt
        report(1, float(task.recipe.training.net.width))
        return Judged(value=float(task.recipe.training.net.width), epoch=1)

    studies = new_studies(open_storage(folder, url_of(folder)), "widths", Settings(trials=9, epochs=1, best=0))
    with pytest.raises(KeyboardInterrupt):
        work(studies, of_width, folder / "widths", say=lambda line: None)
    studies.short.ask()


def test_a_search_that_was_killed_is_shown(ris: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(tmp_path)
    ris("report", "widths").refused("name the folder that the command wrote to, or pass --storage URL beside it")
    before = (tmp_path / "trials.db").read_bytes()
    done = ris("report", "widths", "--storage", url_of(tmp_path))
    assert done.code == 0 and done.out == "page written to widths/report.html\n", done
    page = (tmp_path / "widths" / "report.html").read_text(encoding="utf-8")
    for words in ("Search widths", "The search is not complete: 2 short done", "short running", "net.width"):
        assert words in page, words
    assert SECRET not in page and (tmp_path / "trials.db").read_bytes() == before
    monkeypatch.setattr(sys, "stdin", io.StringIO(url_of(tmp_path) + "\n"))
    told = ris("report", "elsewhere", "--storage", "-", "--name", "widths", "--page", "other.html")
    assert told.code == 0 and "2 short done" in (tmp_path / "other.html").read_text(encoding="utf-8")


def test_a_database_without_the_search_is_refused_and_left(ris: Run, tmp_path: Path) -> None:
    ris("report", "x", "--storage", url_of(tmp_path)).refused("no such file", "correct --storage")
    assert not (tmp_path / "trials.db").exists()
    (tmp_path / "trials.db").touch()
    ris("report", "x", "--storage", url_of(tmp_path)).refused("trials.db")
    assert not (tmp_path / "trials.db").read_bytes()
    (tmp_path / "trials.db").unlink()
    killed(tmp_path)
    ris("report", "x", "--storage", url_of(tmp_path)).refused("a search named 'x'", "pass the --name")
    ris("report", "x", "y", "--storage", url_of(tmp_path)).refused("the page of one search beside --storage")
    ris("report", "x", "--storage", url_of(tmp_path), "--latex", "tex").refused("--latex")
    ris("report", "x", "--storage", "postgresqll://me:secret@h/x").refused("postgresqll://***@h/x")


def test_nothing_on_standard_input_is_refused(ris: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    ris("search", "x", "--storage", "-").refused("--storage - < FILE")


def test_workers_are_told_the_url_where_nobody_else_reads_it(
    ris: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[Sequence[str]] = []

    def here(command: Sequence[str], count: int, told: str = "") -> list[int]:
        """Each worker in this process, one after the other."""
        commands.extend([command] * count)
        with monkeypatch.context() as patched:
            codes = []
            for _ in range(count):
                patched.setattr(sys, "stdin", io.StringIO(told))
                codes.append(main(list(command[3:])))
            return codes

    monkeypatch.setattr(search_workers, "run_processes", here)
    monkeypatch.setattr(sys, "stdin", io.StringIO(url_of(tmp_path)))
    Path("net.toml").write_text(NETWORK, encoding="utf-8")
    done = ris("search", "found", "--storage", "-", *SOON.split())
    assert done.code == 0, done
    assert len(commands) == 2 and all("--worker" in command for command in commands)
    assert not [word for command in commands for word in command if "trials.db" in word or SECRET in word]
    kept = [path for path in Path("found").rglob("*") if path.is_file()]
    assert len(kept) > 3 and not [path for path in kept if SECRET.encode() in path.read_bytes()]


def test_a_process_reads_what_it_is_told_and_its_command_line_does_not_hold_it(tmp_path: Path) -> None:
    script = f"cat > {tmp_path}/told.$$; tr '\\0' ' ' < /proc/$$/cmdline > {tmp_path}/seen.$$"
    assert run_processes(["sh", "-c", script], 2, "a secret\n") == [0, 0]
    assert [path.read_text(encoding="utf-8") for path in tmp_path.glob("told.*")] == ["a secret\n"] * 2
    assert [path.read_text(encoding="utf-8").strip() for path in tmp_path.glob("seen.*")] == [f"sh -c {script}"] * 2
    assert run_processes(["true"], 2, "nobody reads this" * 10_000) == [0, 0]
