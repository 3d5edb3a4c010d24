"""Does `ris report` write tables of texts and figures of sweeps from the results that a suite kept?"""

import json
from pathlib import Path

import pytest
from running import Run

from ris_pytorch_pipeline.bench import RESULTS, read_rows, write_rows
from ris_pytorch_pipeline.cli import main

SUITE = """
scenes = 2
[scenario]
horizontal = 4
vertical = 4
antennas = 6
snapshots = 6
sources = 1
snr_db = 20
[sweeps.alone]
methods = ["genie"]
"""
TEXT = """# Found

<!-- table
suite = "small"
sweeps = ["map"]
rows = ["snapshots"]
columns = ["code_bits"]
cell = "{success:.1f}, {n}"
-->
<!-- end of table -->
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of results of a small suite: one cell that was run, and copies of it under other axes."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "s.toml").write_text(SUITE)
    assert main(["bench", str(folder / "s.toml"), "--out", str(folder / "results" / "small")]) == 0
    path = folder / "results" / "small" / RESULTS
    (row,), suite = read_rows(path)
    line = [row | {"sweep": "line", "axes": json.dumps({"snr_db": snr}), "snr_db_least": float(snr),
                   "snr_db_most": float(snr)} for snr in (10, 20)]  # fmt: skip
    maps = [row | {"sweep": "map", "axes": json.dumps({"snapshots": count, "code_bits": bits})}
            for count in (5, 6) for bits in (1, "none")]  # fmt: skip
    write_rows(path, [row, *line, *maps], suite)
    return folder / "results"


@pytest.fixture
def results(kept: Path, ris: Run, tmp_path: Path) -> str:
    del ris  # which goes into the folder
    (tmp_path / "text.md").write_text(TEXT)
    return str(kept)


def test_tables_are_written_once_and_checked(ris: Run, results: str, tmp_path: Path) -> None:
    stale = ris("report", results, "--tables", "text.md", "--check")
    assert stale.code == 1 and "text.md is not what the results say" in stale.err
    assert (tmp_path / "text.md").read_text() == TEXT
    assert ris("report", results, "--tables", "text.md").out == "1 tables in 1 texts, 1 of them written\n"
    assert "| snapshots | 1 | none |\n|---|---|---|\n| 5 | 1.0, 2 | 1.0, 2 |\n" in (tmp_path / "text.md").read_text()
    assert ris("report", results, "--tables", "text.md", "--check").code == 0


def test_every_sweep_is_drawn(ris: Run, results: str, tmp_path: Path) -> None:
    assert ris("report", results, "--figures", "figures", "--as", "svg").code == 0
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "small-alone.svg",
        "small-line.svg",
        "small-map-maps.svg",
        "small-map-snapshots-5.svg",
        "small-map-snapshots-6.svg",
        "small-map-success.svg",
        "small-map.svg",
    ]


def test_a_page_is_made_unless_something_else_is(ris: Run, results: str, tmp_path: Path) -> None:
    done = ris("report", f"{results}/small", "--page", "page.html")
    assert done.code == 0 and done.out == "page written to page.html\n"
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Benchmark small" in text and "7 of 1 cells, 3 sweeps" in text and "Plotly" in text


def test_tables_go_into_a_paper(ris: Run, results: str, tmp_path: Path) -> None:
    assert ris("report", results, "--tables", "text.md", "--latex", "tex").code == 0
    text = (tmp_path / "tex" / "text-1.tex").read_text()
    assert r"\begin{tabular}{lrr}" in text and r"5 & 1.0, 2 & 1.0, 2 \\" in text
    assert (tmp_path / "text.md").read_text() == TEXT


def test_a_benchmark_alone_has_a_table_for_each_sweep(ris: Run, results: str, tmp_path: Path) -> None:
    assert ris("report", results, "--latex", "tex").code == 0
    tables = {path.name: path.read_text() for path in (tmp_path / "tex").iterdir()}
    assert sorted(tables) == ["small-alone.tex", "small-line.tex", "small-map.tex"]
    assert "method & snapshots & code\\_bits & success" in tables["small-map.tex"]
    assert tables["small-map.tex"].count("genie & ") == 4 and "genie & 20 & " in tables["small-line.tex"]


def test_a_folder_of_suites_is_one_page(ris: Run, results: str) -> None:
    done = ris("report", results)
    assert done.code == 0 and "report.html" in done.out
    (Path(results) / "report.html").unlink()


def test_what_is_not_there_is_refused(ris: Run, results: str, tmp_path: Path) -> None:
    ris("report", "elsewhere").refused("none of these in elsewhere", "ledger.jsonl", "cells.parquet", "search.json")
    ris("report", "elsewhere", "--tables", "text.md").refused("results that `ris bench SUITE` kept")
    ris("report", results, "--tables", "none.md").refused("a text that can be read")
    ris("report", results, results, "--tables", "text.md").refused("one folder of results beside --tables")
    (tmp_path / "text.md").write_text("nothing")
    ris("report", results, "--tables", "text.md").refused("a table in the text")


def test_a_kept_table_is_written_and_goes_into_a_paper(ris: Run, tmp_path: Path) -> None:
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured" / "a.csv").write_text("# date: 2026-11-29\nway,found\n`sml`,98 %\n", encoding="utf-8")
    (tmp_path / "text.md").write_text('<!-- table\nfile = "measured/a.csv"\n-->\n<!-- end of table -->\n')
    assert ris("report", ".", "--tables", "text.md").code == 0
    assert "\n\n| way | found |\n|---|---|\n| `sml` | 98 % |\n\n<!-- end" in (tmp_path / "text.md").read_text()
    assert ris("report", ".", "--tables", "text.md", "--latex", "tex").code == 0
    assert "% date 2026-11-29\n" in (tmp_path / "tex" / "text-1.tex").read_text()
    (tmp_path / "measured" / "a.csv").unlink()
    ris("report", ".", "--tables", "text.md", "--check").refused("measured/a.csv: No such file", "kept_table.py")
