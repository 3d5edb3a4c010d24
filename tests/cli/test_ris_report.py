"""Does `ris report` write tables of texts and figures of sweeps from the results that a suite kept?"""

from pathlib import Path

import pytest
from running import Run

SUITE = """
scenes = 2
[scenario]
horizontal = 4
vertical = 4
antennas = 6
snapshots = 6
sources = 1
snr_db = 20
[sweeps.line]
methods = ["genie"]
[sweeps.line.over]
snr_db = [10, 20]
[sweeps.map]
methods = ["genie"]
[sweeps.map.over]
snapshots = [5, 6]
code_bits = [1, "none"]
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


@pytest.fixture
def results(ris: Run, tmp_path: Path) -> str:
    (tmp_path / "s.toml").write_text(SUITE)
    (tmp_path / "text.md").write_text(TEXT)
    assert ris("bench", "s.toml", "--out", "results/small").code == 0
    return "results"


def test_tables_are_written_once_and_checked(ris: Run, results: str, tmp_path: Path) -> None:
    stale = ris("report", results, "--tables", "text.md", "--check")
    assert stale.code == 1 and "text.md is not what the results say" in stale.err
    assert (tmp_path / "text.md").read_text() == TEXT
    assert ris("report", results, "--tables", "text.md").out == "1 tables in 1 texts, 1 of them written\n"
    assert "| snapshots | 1 | none |\n|---|---|---|\n| 5 | 1.0, 2 | 1.0, 2 |\n" in (tmp_path / "text.md").read_text()
    assert ris("report", results, "--tables", "text.md", "--check").code == 0


def test_sweeps_are_drawn_as_lines_or_maps(ris: Run, results: str, tmp_path: Path) -> None:
    assert ris("report", results, "--figures", "figures", "--as", "svg").code == 0
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["small-line.svg", "small-map.svg"]


def test_what_is_not_there_is_refused(ris: Run, results: str, tmp_path: Path) -> None:
    ris("report", results).refused("--tables README.md")
    ris("report", "elsewhere", "--tables", "text.md").refused("results that `ris bench SUITE` kept")
    ris("report", results, "--tables", "none.md").refused("a text that can be read")
    (tmp_path / "text.md").write_text("nothing")
    ris("report", results, "--tables", "text.md").refused("a table in the text")
