"""How are many small programs run, several at once, without starting Python and torch anew for each?

Each program runs in a fork of this process, which has imported torch and run nothing with it yet.
"""

import hashlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from trainlint.before.source.checking import check_paths
from trainlint.during.unedited.joined import joined, programs_files
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


Work = Callable[[Path], tuple[int, dict[str, Any]]]
"""Runs a program within its fork, and gives its exit code and the fields of `Told`."""
LIMIT = 120.0
"""Seconds after which a program is killed."""


@dataclass(frozen=True, kw_only=True)
class _Child:
    path: Path
    number: int
    folder: "tempfile.TemporaryDirectory[str]"
    start: float = field(default_factory=time.perf_counter)


def under(preset: str | None) -> Work:
    """What runs a script as `trainlint run` does.

    Args:
        preset: what the watch may cost; None runs the script without one.
    """
    return lambda path: _program(path, preset)


def each(paths: Iterable[Path], work: Work, *, jobs: int = 1, limit: float = LIMIT) -> Iterator[tuple[Path, Told]]:
    """Run programs in forks, and give each as it ends.

    Args:
        paths: of scripts.
        work: runs one of them.
        jobs: how many at once.
        limit: seconds after which one is killed.
    """
    waiting, running = list(paths)[::-1], list[_Child]()
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append(_started(waiting.pop().resolve(), work))
        for child in tuple(running):
            ended, code = _ended(child, limit)
            if ended:
                running.remove(child)
                yield child.path, _told(child, code)
        time.sleep(0.02)


def _started(path: Path, work: Work) -> _Child:
    folder = tempfile.TemporaryDirectory()
    number = os.fork()
    if number == 0:
        _child(lambda: work(path), Path(folder.name))
    return _Child(path=path, number=number, folder=folder)


def _ended(child: _Child, limit: float) -> tuple[bool, int | None]:
    """Has it ended, and with which exit code; None where it was killed."""
    done, status = os.waitpid(child.number, os.WNOHANG)
    if done:
        return True, os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    if time.perf_counter() < child.start + limit:
        return False, None
    os.kill(child.number, signal.SIGKILL)
    os.waitpid(child.number, 0)
    return True, None


def _told(child: _Child, code: int | None) -> Told:
    seconds = time.perf_counter() - child.start
    answer = Path(child.folder.name) / "answer.json"
    output = (Path(child.folder.name) / "out").read_text(encoding="utf-8", errors="replace")
    found = json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else {}
    child.folder.cleanup()
    return Told(code=code, output=output, seconds=seconds, **found)


def _child(program: Callable[[], tuple[int, dict[str, Any]]], folder: Path) -> None:
    """Never returns: what a program starts must not run on in this process's place."""
    for name, number in (("out", 1), ("err", 2)):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600), number)
    code = 1
    try:
        os.chdir(folder)
        code, found = program()
        (folder / "answer.json").write_text(json.dumps(found), encoding="utf-8")
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
    verdict = joined(session.stop(ending.error), check_paths(programs_files(str(path)))[0]).verdict
    return ending.code, {"verdict": json.loads(verdict.json()), "weights": _digest()}


def _digest() -> str:
    """Of the weights of every model that the program's globals hold, in the order of their names."""
    found = hashlib.sha256()
    for name, value in sorted(vars(sys.modules["__main__"]).items()):
        if isinstance(value, nn.Module):
            for key, tensor in value.state_dict().items():
                if isinstance(tensor, torch.Tensor) and not (tensor.is_sparse or tensor.is_meta):
                    found.update(
                        f"{name}.{key}".encode() + tensor.detach().cpu().contiguous().view(-1).numpy().tobytes()
                    )
    return found.hexdigest()
