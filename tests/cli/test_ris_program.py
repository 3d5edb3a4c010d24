"""Does `ris` start light, stop cleanly and say in its exit code how it went?"""

import subprocess
import sys
from pathlib import Path

import pytest
from nursery import Nursery
from running import Run

from ris_pytorch_pipeline import __version__
from ris_pytorch_pipeline.cli import program

COMMANDS = ("simulate", "locate", "bound", "bench", "demo")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], *([c, "--help"] for c in COMMANDS), ["bound", "--print-config"]],
    ids=" ".join,
)  # fmt: skip
def test_help_imports_no_torch(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom ris_pytorch_pipeline.cli import main\n"
        f"try:\n    main({arguments})\nexcept SystemExit as stop:\n    assert stop.code == 0\n"
        "heavy = {'torch', 'numpy', 'scipy', 'matplotlib', 'rich'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "usage: ris" in done.stdout or __version__ in done.stdout or "[scenario]" in done.stdout


def test_the_module_is_the_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ris_pytorch_pipeline", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, f"ris {__version__}\n")


def test_every_command_and_exit_code_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"## ris {command}" in text
    for code in (program.OK, program.BAD_INPUT, program.INTERRUPTED, program.CLOSED_PIPE):
        assert f"| {code} |" in text


def test_bad_input_is_one_message_and_exit_code_2(tmp_path: Path, nursery: Nursery) -> None:
    done = nursery.run("-m", "ris_pytorch_pipeline", "bound", "--snapshts", "3", cwd=tmp_path)
    assert done.returncode == 2
    assert not done.stdout
    assert done.stderr.startswith("ris: wanted options of `ris bound`; got --snapshts.")
    assert "did you mean '--snapshots'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ris_pytorch_pipeline", "bound", "--print-config"]
    script = "import sys\nsys.stdin.close()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as reader:
        reader.wait()
        done = subprocess.run(command, stdout=reader.stdin, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
        assert reader.stdin is not None
        reader.stdin.close()
    assert done.returncode == program.CLOSED_PIPE
    assert done.stderr == b""


def test_ctrl_c_is_one_line(ris: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(argv: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "parse", interrupted)
    assert ris("bound").code == program.INTERRUPTED
    monkeypatch.undo()
    capsys.readouterr()
    monkeypatch.setattr(program, "parse", interrupted)
    program.main(["bound"])
    assert capsys.readouterr().err == "ris: interrupted\n"


def test_a_bug_is_not_dressed_up(ris: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(argv: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(program, "parse", broken)
    with pytest.raises(ZeroDivisionError):
        ris("bound")
