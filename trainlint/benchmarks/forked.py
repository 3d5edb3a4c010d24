"""How are many small programs run one after another without starting Python and torch anew for each?

Each program runs in a fork of this process, which has imported torch and run nothing with it yet.
"""

import hashlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from trainlint.during.unedited.joined import joined, programs_files, suspicions
from trainlint.during.unedited.script import run_script
from trainlint.during.unedited.session import Options, Session


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of one program.

    Args:
        code: its exit code; None where it ran out of time or its process died.
        verdict: the record of the verdict; empty without a watch.
        output: what it printed on standard output.
        weights: digest of every parameter and buffer of the models among its globals.
        seconds: how long it took.
    """

    code: int | None
    verdict: dict[str, Any] = field(default_factory=dict)
    output: str = ""
    weights: str = ""
    seconds: float = 0.0

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the findings that are worse than a note."""
        return tuple(dict.fromkeys(f["code"] for f in self.verdict.get("findings", ()) if f["severity"] != "note"))

    @property
    def fatal(self) -> tuple[str, ...]:
        """Codes of the fatal ones."""
        return tuple(dict.fromkeys(f["code"] for f in self.verdict.get("findings", ()) if f["severity"] == "fatal"))


def run(
    path: Path,
    *,
    preset: str | None = "light",
    limit: float = 120.0,
    program: Callable[[Path], tuple[int, dict[str, Any]]] | None = None,
) -> Told:
    """Run a program in a fork, watched or not.

    Args:
        path: of the script.
        preset: what the watch may cost; None runs the script without one.
        limit: seconds after which it is killed.
        program: runs it instead, and gives its exit code and the fields of `Told`.
    """
    with tempfile.TemporaryDirectory() as folder:
        start, answer = time.perf_counter(), Path(folder) / "answer.json"
        child = os.fork()
        if child == 0:
            _child(lambda: program(path) if program else _program(path, preset), Path(folder), answer)
        code = _waited(child, start + limit)
        output = (Path(folder) / "out").read_text(encoding="utf-8", errors="replace")
        found = json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else {}
        return Told(code=code, output=output, seconds=time.perf_counter() - start, **found)


def _waited(child: int, until: float) -> int | None:
    while time.perf_counter() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _child(program: Callable[[], tuple[int, dict[str, Any]]], folder: Path, answer: Path) -> None:
    """Never returns: what a program starts must not run on in this process's place."""
    for name, number in (("out", 1), ("err", 2)):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600), number)
    code = 1
    try:
        os.chdir(folder)
        code, found = program()
        answer.write_text(json.dumps(found), encoding="utf-8")
    finally:
        sys.stdout.flush()
        os._exit(code)


def _program(path: Path, preset: str | None) -> tuple[int, dict[str, Any]]:
    torch.set_num_threads(1)
    if preset is None:
        return run_script(str(path), []).code, {"weights": _digest()}
    session = Session(Options(preset=preset))
    session.start()
    ending = run_script(str(path), [])
    verdict = joined(session.stop(ending.error), suspicions(programs_files(str(path)))).verdict
    return ending.code, {"verdict": json.loads(verdict.json()), "weights": _digest()}


def _digest() -> str:
    """Of the weights of every model that the program's globals hold, in the order of their names."""
    found = hashlib.sha256()
    for name, value in sorted(vars(sys.modules["__main__"]).items()):
        if isinstance(value, nn.Module):
            for key, tensor in value.state_dict().items():
                if isinstance(tensor, torch.Tensor) and not tensor.is_sparse:
                    found.update(
                        f"{name}.{key}".encode() + tensor.detach().cpu().contiguous().view(-1).numpy().tobytes()
                    )
    return found.hexdigest()
