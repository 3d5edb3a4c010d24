"""Do progress bars, tables and warnings appear where they should, and nowhere else?"""

import io
import math
import os
import pty
import subprocess
import sys
import warnings

import pytest
from rich.console import Console
from running import Run

from ris_pytorch_pipeline.cli import program
from ris_pytorch_pipeline.cli.commands.locate import _plus_minus
from ris_pytorch_pipeline.cli.showing import output
from ris_pytorch_pipeline.cli.showing.output import Bar, print_json


def watched(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> io.StringIO:
    """Where a bar draws when standard error is a terminal, or is none."""
    screen = io.StringIO()
    monkeypatch.setattr(
        output, "Console", lambda **_: Console(file=screen, force_terminal=terminal, width=100)
    )  # fmt: skip
    return screen


def test_a_bar_appears_on_slow_work_only(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch, terminal=True)
    with Bar("drawing") as bar:
        bar(1, 2)
    assert screen.getvalue() == ""
    monkeypatch.setattr(output, "_PATIENCE", -1.0)
    with Bar("drawing") as bar:
        bar(1, 4)
        bar(3, 4, "locating")
    assert "3/4" in screen.getvalue()
    assert "locating" in screen.getvalue()


def test_a_bar_is_drawn_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch, terminal=False)
    monkeypatch.setattr(output, "_PATIENCE", -1.0)
    with Bar("drawing") as bar:
        bar(1, 4)
    assert not screen.getvalue().strip()


LINES = """
from ris_pytorch_pipeline.cli.showing import output
output._PATIENCE = -1.0
with output.Bar("training") as bar:
    for number in range(3):
        bar(number, 3)
        print(f"Epoch {number} " + 300 * "x")
"""
"""A program that prints lines longer than a terminal is wide beside its bar."""


def shown(*, stdout_is_terminal: bool) -> tuple[str, str]:
    """What `LINES` writes to a pipe, if it has one, and to the terminal."""
    screen, terminal = pty.openpty()
    stdout = terminal if stdout_is_terminal else subprocess.PIPE
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen([sys.executable, "-c", LINES], stdout=stdout, stderr=terminal, env=environment) as program:
        os.close(terminal)
        drawn = b""
        try:
            while part := os.read(screen, 65536):
                drawn += part
        except OSError:  # Linux says so where the other end is closed
            pass
        piped = b"" if program.stdout is None else program.stdout.read()
    os.close(screen)
    assert program.returncode == 0
    return piped.decode(), drawn.decode()


def test_lines_stay_in_the_pipe_beside_a_bar_on_the_terminal() -> None:
    piped, drawn = shown(stdout_is_terminal=False)
    assert piped == "".join(f"Epoch {number} {300 * 'x'}\n" for number in range(3))
    assert "training" in drawn and "Epoch" not in drawn


def test_lines_are_whole_above_the_bar_of_their_terminal() -> None:
    _, drawn = shown(stdout_is_terminal=True)
    assert "training" in drawn
    for number in range(3):
        assert f"Epoch {number} {300 * 'x'}\r\n" in drawn


def test_json_holds_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        print_json({"x": math.nan})


def test_a_warning_is_one_line(ris: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def warned(argv: object) -> int:
        warnings.warn("self-noise caps the SNR", UserWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(program, "_command", warned)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        done = ris("bound")
    assert (done.code, done.err) == (0, "ris: warning: self-noise caps the SNR\n")


@pytest.mark.parametrize(
    ("value", "deviation", "text"),
    [
        (12.3456, 0.123, "12.35 ± 0.12"),
        (-0.5, 0.0123, "-0.500 ± 0.012"),
        (8.7, 1.96, "8.7 ± 2.0"),
        (120.4, 35.2, "120 ± 35"),
        (1.5, None, "1.500"),
        (1.5, 0.0, "1.500"),
        (None, None, "unbounded"),
    ],
)
def test_a_value_has_the_places_its_deviation_deserves(
    value: float | None, deviation: float | None, text: str
) -> None:  # fmt: skip
    assert _plus_minus(value, deviation) == text
