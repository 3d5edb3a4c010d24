"""Does what stands in for Python read, print, end and be ended as Python itself?"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nursery import Nursery

PROGRAM = """
import os, signal, sys
print(sys.stdin.readline().strip(), sys.argv[1:], os.getcwd(), os.getppid(), flush=True)
sys.stdin.readline()
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
print("error", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""
BOTH = pytest.mark.parametrize("which", ["Python", "stand-in"])


@pytest.fixture
def python(which: str, nursery: Nursery) -> str:
    return {"Python": sys.executable, "stand-in": nursery.python}[which]


@pytest.fixture
def program(tmp_path: Path) -> str:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    return "program.py"


@BOTH
@pytest.mark.parametrize(("word", "code", "errors"), [("7", 7, "error\n"), ("killed", -signal.SIGKILL, "")])
def test_streams_folder_parent_and_end(
    python: str, program: str, tmp_path: Path, word: str, code: int, errors: str
) -> None:
    command = [python, "-u", program, word]
    done = subprocess.run(command, cwd=tmp_path, input="said\n\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, errors)
    assert done.stdout == f"said ['{word}'] {tmp_path} {os.getpid()}\n"


@BOTH
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_the_program_too(python: str, program: str, tmp_path: Path, number: signal.Signals) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([python, program, "7"], cwd=tmp_path, **pipes) as started:
        assert started.stdin is not None and started.stdout is not None
        started.stdin.write("said\n")
        started.stdin.flush()
        assert started.stdout.readline().startswith("said ")
        started.send_signal(number)
        assert started.stdout.readline() == "", "nobody holds its output any more"
        assert started.wait() == -number
