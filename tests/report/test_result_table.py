"""Do tables of results show the rows they name, in order, and refuse what is not there?"""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ris_pytorch_pipeline.bench import RESULTS, read_rows
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.report import KeptTable, ResultTable, read_kept_table, table_of, tables_in, tabulated

ROOT = Path(__file__).parents[2]
TEXTS = [
    ROOT / "README.md",
    *(path for docs in ("docs", "trainlint/docs") for path in sorted((ROOT / docs).rglob("*.md"))),
]
LINES = """sweeps = ["a"]
rows = ["sources"]
columns = ["snr_db"]
cell = "{success:.2f}; {rmse:.1f}"
where = {method = ["sml"]}
"""
TABLE = """| K | 0 dB | 10 dB |
|---|---|---|
| 1 | 0.10; 1.0 | 0.20; - |
| 3 | 0.30; 3.0 | - |

n = 20 scenes a cell, seed 0, commit 0123456ab."""


def row(method: str, sources: Any, snr_db: Any, success: float, rmse: float, sweep: str = "a") -> dict[str, Any]:
    axes = json.dumps({"sources": sources, "snr_db": snr_db})
    common = {"seed": 0, "n": 20, "commit": "0123456abcdef"}
    return {"sweep": sweep, "method": method, "axes": axes, "success": success, "rmse": rmse, **common}


ROWS = [
    row("sml", 1, 0, 0.1, 1.0), row("genie", 1, 0, 0.9, 9.0), row("sml", 1, 10, 0.2, math.nan),
    row("sml", 3, 0, 0.3, 3.0), row("music", [1, 3], 0, 0.4, 4.0, "b"),
]  # fmt: skip


def kept(file: str) -> KeptTable:
    return read_kept_table(ROOT / "results" / file)


def laid_out(lines: str) -> list[str]:
    """The lines of a table of `ROWS`."""
    table = table_of(lines)
    assert isinstance(table, ResultTable)
    return table.markdown(ROWS).splitlines()


def test_a_table_is_written_between_its_comments_and_stays_when_written_again() -> None:
    text = f"before\n\n<!-- table\n{LINES}-->\nold\n<!-- end of table -->\nafter\n"
    written = tabulated(text, lambda suite: {"paper": ROWS}[suite], kept)
    assert written == f"before\n\n<!-- table\n{LINES}-->\n\n{TABLE}\n\n<!-- end of table -->\nafter\n"
    assert tabulated(written, lambda suite: ROWS, kept) == written


def test_rows_may_be_methods_and_columns_several_axes_in_the_order_asked_for() -> None:
    lines = """sweeps = ["a", "b"]
rows = ["method"]
columns = ["sources", "snr_db"]
cell = "{success:.1f}"
where = {method = ["sml", "genie", "music"], snr_db = [0]}
"""
    assert laid_out(lines)[:5] == [
        "| method | K = 1, 0 dB | K = 3, 0 dB | K = 1 to 3, 0 dB |",
        "|---|---|---|---|", "| sml | 0.1 | 0.3 | - |", "| genie | 0.9 | - | - |", "| music | - | - | 0.4 |",
    ]  # fmt: skip


def test_figures_make_the_columns_where_no_axis_does() -> None:
    lines = 'sweeps = ["b"]\nrows = ["sources"]\nfigures = {n = "{n}", success = "{success:.0%}"}\n'
    assert laid_out(lines)[:3] == [
        "| K | n | success |", "|---|---|---|", "| 1 to 3 | 20 | 40% |",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "error", "named"),
    [
        ('["a"]', '["x"]', InputError, "results of the sweep x"),
        ('["sml"]', '["smll"]', InputError, "a row of results"),
        ('["sources"]', '["source"]', InputError, "an axis out of method, sources, snr_db"),
        ("where = {method", "where = {metod", InputError, "an axis out of"),
        ("{success", "{sucess", ConfigurationError, "did you mean 'success'"),
        ("rows", "row", ConfigurationError, "did you mean 'rows'"),
        ("columns", "figures = {}\n#", InputError, "either columns with a cell or figures"),
        ('where = {method = ["sml"]}', "", InputError, "one row of results a cell"),
        ("rows = [", "rows = [[", InputError, "TOML behind"),
    ],
)
def test_what_results_cannot_fill_is_refused(old: str, new: str, error: type[Exception], named: str) -> None:
    assert old in LINES
    with pytest.raises(error, match=named):
        laid_out(LINES.replace(old, new))


def test_a_comment_without_its_partner_is_refused() -> None:
    with pytest.raises(InputError, match="in turns"):
        tabulated(f"<!-- table\n{LINES}-->\n", lambda suite: ROWS, kept)


def test_every_table_of_the_texts_is_what_the_kept_results_say_byte_for_byte() -> None:
    found = {path.name: tables_in(path.read_text(encoding="utf-8")) for path in TEXTS}
    assert found["README.md"] and found["results.md"]
    rows = cache(lambda suite: read_rows(ROOT / "results" / suite / RESULTS)[0])
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        assert tabulated(text, rows, kept) == text, path.name


def test_kept_results_are_small() -> None:
    assert sum(path.stat().st_size for path in (ROOT / "results").rglob("*.*")) < 5_000_000
