"""Are the tables that a program prints kept as they were printed, with what made them, or not at all?"""

import datetime
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from test_commands import ROOT

from ris_pytorch_pipeline.report import read_kept_table

PROGRAM = r"""
print("words | no table\n| way | found |\n|---|---:|\n| `a\\|b` | 0.98 [0.91, 1.00] |\n| b | - |")
print("\n| no rule |\n\n| K |\n|---|\n| 1 |")
"""


@pytest.fixture
def keep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """The program, in an empty folder."""

    def run(*words: str) -> None:
        monkeypatch.setattr(sys, "argv", ["kept_table.py", *words])
        runpy.run_path(str(ROOT / "benchmarks" / "kept_table.py"), run_name="__main__")

    monkeypatch.chdir(tmp_path)
    return run


def test_tables_are_kept_as_they_were_printed(keep: Callable[..., None], capfd: pytest.CaptureFixture[str]) -> None:
    Path("program.py").write_text(PROGRAM, encoding="utf-8")
    keep("a/b.csv", "-", "--", sys.executable, "-S", "program.py")
    table = read_kept_table(Path("a/b.csv"))
    assert table.head == ("way", "found") and table.rows == (("`a|b`", "0.98 [0.91, 1.00]"), ("b", "-"))
    told = dict(table.source)
    assert list(told) in (["command", "commit", "date"], ["command", "date"])
    assert told["command"] == f"{sys.executable} -S program.py"
    assert abs((datetime.date.fromisoformat(told["date"]) - datetime.datetime.now(datetime.UTC).date()).days) <= 1
    assert "| b | - |\n" in capfd.readouterr().out and [path.name for path in Path().rglob("*.csv")] == ["b.csv"]


@pytest.mark.parametrize(
    ("program", "named"),
    [
        (PROGRAM, "got 2: way, found; K"),
        ("print('words')", "got 0: none"),
        (f"{PROGRAM}\nraise SystemExit(3)", "got 3 of"),
        ("print('| a |\\n|---|')", "1 headings above rows of no cells"),
        ("print('| a |\\n|---|\\n| 1 |\\nlater\\n| 2 |')", r"got \| 2 \| apart from its headings"),
    ],
)
def test_nothing_is_kept_of_other_programs(keep: Callable[..., None], program: str, named: str) -> None:
    Path("a.csv").write_text("old", encoding="utf-8")
    Path("program.py").write_text(program, encoding="utf-8")
    with pytest.raises(SystemExit, match=named):
        keep("a.csv", "--", sys.executable, "-S", "program.py")
    assert Path("a.csv").read_text(encoding="utf-8") == "old"


def test_a_command_that_is_none_is_refused(keep: Callable[..., None]) -> None:
    with pytest.raises(SystemExit, match=r"none\.py: No such file"):
        keep("a.csv", "--", "./none.py")
    with pytest.raises(SystemExit, match="two"):
        keep("a.csv", "--", sys.executable, "-c", "print('two')\nprint('lines')")
    with pytest.raises(SystemExit, match="2"):
        keep("a.csv")
