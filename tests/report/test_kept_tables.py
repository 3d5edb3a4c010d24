"""Does a kept table come back as it was kept, and is refused what is none?"""

from pathlib import Path

import pytest

from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.report import KeptTable, latex_kept, read_kept_table, table_of, tabulated

GOOD = '# command: python a.py --only "x, y"\n# date: 2026-11-29\na,b [95 %]\n1,"0.98 [0.91, 1.00]"\n'


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    cells = ["", " a", "a,b", '"', '""', "# date: 1", "\\|", "|", "a\\", "'", "λ°±", "`x`", "-", "9" * 5000]
    source = (("command", 'x "a: b" # c'), ("commit", "0123456ab"), ("commit", "123456abc+changes"))
    table = KeptTable(head=("", "#"), rows=tuple((cell, cells[-1 - n]) for n, cell in enumerate(cells)), source=source)
    path = tmp_path / "table.csv"
    path.write_text(table.text(), encoding="utf-8", newline="")
    assert read_kept_table(path) == table
    alone = KeptTable(head=("",), rows=(("",), ("a",)))
    path.write_text(alone.text(), encoding="utf-8", newline="")
    assert read_kept_table(path) == alone


def test_the_lines_of_other_systems_are_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\ufeff" + GOOD.replace("\n", "\r\n") + "\r\n", encoding="utf-8", newline="")
    table = read_kept_table(path)
    assert table.text() == GOOD and table.source[1] == ("date", "2026-11-29")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("1,", "", "2 headings above rows of 1 cells"),
        (GOOD, "", "0 headings above rows of no cells"),
        ('1,"0.98 [0.91, 1.00]"\n', "", "2 headings above rows of no cells"),
        ("1,", "1\u2028|,", r"1\\u2028"),
        ("1,", "1\0,", r"1\\x00"),
        ('1,"', '1,"\n', r"\\n0.98"),
        ("# date: ", "# dat: ", "dat: 2026-11-29"),
        ("# date: 2026-11-29", "# words", "words: "),
        ("2026", "\x1b[1m", r"\\x1b"),
        ("a,", "#a,", "2 headings above rows of no cells"),
        ('1.00]"', "1.00]", "unexpected end of data"),
        ("1,", f"{'1' * 200_000},", "larger than field limit"),
        ("1,", "1" * 2**20, "more than 1048576 bytes"),
    ],
)
def test_what_is_no_table_is_refused(old: str, new: str, named: str, tmp_path: Path) -> None:
    assert old in GOOD
    path = tmp_path / "table.csv"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8", newline="")
    with pytest.raises(InputError, match=named) as caught:
        read_kept_table(path)
    assert str(path) in caught.value.got
    with pytest.raises(InputError, match="looks like a line above"):
        KeptTable(head=("#a",), rows=(("1",),))


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path)
    (tmp_path / "latin.csv").write_bytes("a,b\n1 µs,2\n".encode("latin-1"))
    for name, named in {"none.csv": "No such file", "link.csv": "a link", "latin.csv": "utf-8"}.items():
        with pytest.raises(InputError, match=named):
            read_kept_table(tmp_path / name)


@pytest.mark.parametrize(
    "file",
    ["../a.csv", "a/../../b.csv", "/etc/a.csv", "a.parquet", "", ".csv", "a//b.csv", "a/.b.csv", "a\\b.csv", "ä.csv"],
)
def test_no_path_leads_out_of_the_results(file: str) -> None:
    with pytest.raises(ConfigurationError, match="below the folder of results"):
        table_of(f"file = '{file}'")


@pytest.mark.parametrize(
    ("lines", "named"), [('file = "a.csv"\nrows = ["K"]', "'rows'"), ("file = 1", "file as a text")]
)
def test_a_file_stands_alone(lines: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        table_of(lines)


def test_a_text_shows_it_and_so_does_a_paper() -> None:
    table = KeptTable(head=("way", "`f|g`"), rows=(("[a](b.md)", "5 %"),), source=(("commit", "0123456ab"),))
    text = '<!-- table\nfile = "a/b-1.csv"\n-->\n\n{}\n\n<!-- end of table -->'
    shown = tabulated(text.format("old"), lambda suite: [], {"a/b-1.csv": table}.__getitem__)
    assert shown == text.format("| way | `f\\|g` |\n|---|---|\n| [a](b.md) | 5 % |")
    assert "% commit 0123456ab\n" in latex_kept(table) and r"way & f|g \\" in latex_kept(table)
    assert r"a & 5 \% \\" in latex_kept(table)
