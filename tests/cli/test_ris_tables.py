"""Do tables fit 80 columns with every number whole, their rows recognisable in each part?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from running import SMALL, Run

from ris_pytorch_pipeline.cli.showing.tables import PIPE_WIDTH, Stacked, print_table, table_of

CELLS = st.text(alphabet="0123456789.±°", min_size=1, max_size=24)


def printed(table: Stacked, width: int) -> list[str]:
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        for part in table.parts(width):
            console.print(part)
    return captured.get().splitlines()


@given(st.lists(st.tuples(*[CELLS] * 7), min_size=1, max_size=4), st.integers(1, 2), st.integers(60, 200))
def test_every_text_is_whole_and_no_line_too_long(rows: list[tuple[str, ...]], keys: int, width: int) -> None:
    table = table_of("title", tuple(f"column {i}" for i in range(7)), keys)
    for row in rows:
        table.add_row(*row)
    lines = printed(table, width)
    assert all(len(line) <= width for line in lines)
    words = {word for line in lines for word in line.replace("│", " ").split()}
    assert words >= {cell for row in rows for cell in row}
    groups = table.groups(width)
    assert sorted(number for group in groups for number in group[keys:]) == list(range(keys, 7))
    assert all(group[:keys] == list(range(keys)) for group in groups)


def test_what_fits_is_one_table_and_a_pipe_has_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    table = table_of("title", ("a", "b"))
    table.add_row("1", "2")
    assert table.groups(PIPE_WIDTH) == [[0, 1]]
    wide = table_of("title", tuple(f"a rather wide column {i}" for i in range(5)))
    wide.add_row(*("x" * 24 for _ in wide.columns))
    print_table(wide)
    out = capsys.readouterr().out
    assert all(column in out for column in wide.columns) and "…" not in out
    assert max(map(len, out.splitlines())) <= PIPE_WIDTH == 80


def test_prose_takes_several_lines(capsys: pytest.CaptureFixture[str]) -> None:
    table = table_of("", ("", "understood"), prose=True)
    table.add_row("measurements", " ".join(["word"] * 60))
    print_table(table)
    out = capsys.readouterr().out
    assert out.count("word") == 60 and max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    "command",
    [
        (
            "bench",
            "--methods",
            "modified-music,genie",
            "--sources",
            "1",
            "--scenes",
            "3",
            "--snr-db",
            "20",
            *SMALL[:-4],
        ),
        ("bound", "--scenes", "2", *SMALL),
    ],
)
def test_tables_of_commands_fit(ris: Run, command: tuple[str, ...]) -> None:
    out = ris(*command).out
    table = [line for line in out.splitlines() if "│" in line or "┃" in line]
    assert table and max(map(len, table)) <= 80, out


def test_the_table_of_a_located_scene_fits(ris: Run, small_file: str) -> None:
    out = ris("locate", small_file, "--scene", "all", "--sources", "2").out
    assert max(len(line) for line in out.splitlines() if "│" in line or "┃" in line) <= 80, out
    assert out.count("source ") >= 6
