"""How is a command tried? In a process of its own, with a fault at a touch of the disk; then its files are judged."""

import ctypes
import errno
import json
import os
import random
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import optuna  # noqa: F401  (here, and not in each process anew)
import pyarrow.parquet  # noqa: F401
from cases import CASES, Case, Contents, given

from ris_pytorch_pipeline import bench, calibrate, data, importing, localise, nets, report, search, train
from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.cli.arguments import COMMANDS
from ris_pytorch_pipeline.cli.program import MODULES
from ris_pytorch_pipeline.errors import ExplainedError

for _room in (bench, calibrate, data, importing, localise, nets, report, search, train):
    for _name in dir(_room):
        _ = vars(_room).get(_name) or _room.__getattr__(_name)
for _name in COMMANDS:
    import_module(f"ris_pytorch_pipeline.cli.commands.{MODULES.get(_name, _name)}")
_COUNTED = ctypes.CDLL(None)
LONGEST = 300
"""Seconds after which a command hangs."""


def apart(work: Callable[[], object], folder: Path, after: float | None = None) -> tuple[int, Any, str]:
    """Do something in a process of its own that works in a folder; killed after some seconds, if told.

    Returns:
        Its status, its answer, and what it said on standard error.
    """
    said, answer = folder.with_name("said"), folder.with_name("answer")
    for path in (said, answer):
        path.unlink(missing_ok=True)
    number = os.fork()
    if not number:
        os.chdir(folder)
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            told = work()
            answer.write_text(json.dumps(told))
            os._exit(told if type(told) is int else 0)
        except BaseException:
            traceback.print_exc()
            os._exit(99)
    killer = threading.Timer(LONGEST if after is None else after, lambda: os.kill(number, signal.SIGKILL))
    killer.start()
    status = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
    killer.cancel()
    killer.join()
    told = json.loads(answer.read_text()) if answer.exists() and answer.stat().st_size else None
    return status, told, said.read_text()


def count_in(folder: str, *, kill: int = 0, full: int = 0, refused: int = 0, error: int = 0) -> None:
    """Count from now on the touches of a folder, of none if its name is empty."""
    numbers = [ctypes.c_long(number) for number in (kill, full, refused)]
    _COUNTED.faults_begin(folder.encode(), *numbers, ctypes.c_int(error))


def ran(words: Sequence[str]) -> int:
    """Run a command of `ris`, or the export to ONNX, which has none; returns its exit code."""
    if words[0] != "export_onnx":
        return main(list(words))
    try:
        nets.export_onnx(localise.reference_network().net, words[1], overwrite="--force" in words)
    except ExplainedError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def command(words: Sequence[str], folder: Path, **faults: int) -> int:
    """Run a command whose touches of the folder are counted; returns its exit code."""
    count_in(str(folder), **faults)
    code = ran(words)
    count_in("")
    return code


def counted(words: Sequence[str], folder: Path) -> tuple[int, int]:
    """Run a command to its end; returns touches and writes of the folder.

    Raises:
        SystemExit: it fails by itself.
    """

    def work() -> list[int]:
        count_in(str(folder))
        if code := ran(words):
            raise SystemExit(f"code {code}")
        return [_COUNTED.faults_touches(), _COUNTED.faults_writes()]

    status, told, said = apart(work, folder)
    if status:
        raise SystemExit(f"{' '.join(words)} fails by itself: {said}")
    return told[0], told[1]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A command, ready to be tried.

    Args:
        case: the command.
        template: a folder with what it reads.
        whole: what it comes to.
        touches: of the disk.
        writes: among these.
        seconds: that it takes.
    """

    case: Case
    template: Path
    whole: Contents
    touches: int
    writes: int
    seconds: float

    def met(self, fault: str, number: int, draw: random.Random) -> str:
        """Let it meet a fault; what is wrong then, or nothing."""
        if fault == "kill":
            return self.killed(draw)
        return self.full(number) if fault == "full" else self.refused(draw, fault)

    def killed(self, draw: random.Random) -> str:
        """Kill it, and let it go on; what is wrong then, or nothing."""
        folder = self._folder()
        at, moment = draw.randint(1, self.touches), draw.uniform(0, self.seconds)
        anywhere = draw.random() < 1 / 3
        status, _, said = apart(
            lambda: command(self.case.first, folder, kill=0 if anywhere else at), folder, moment if anywhere else None
        )
        if status not in (0, -signal.SIGKILL):
            return f"code {status} where it was killed: {said[-500:]}"
        return self._gone_on(folder, f"killed at {f'{moment:.2f} s' if anywhere else f'touch {at}'}")

    def full(self, number: int) -> str:
        """Fill its disk at a write, free it, and let it go on; what is wrong then, or nothing."""
        folder = self._folder()
        status, _, said = apart(lambda: command(self.case.first, folder, full=number), folder)
        if status not in (0, 1, 2):
            return f"code {status} on a full disk: {said[-500:]}"
        if "Traceback" in said or "No space left" not in said:
            return f"a full disk ends in {said[-500:]}"
        return self._gone_on(folder, f"full at write {number}")

    def refused(self, draw: random.Random, name: str) -> str:
        """Take the permission to write away at a touch, give it back, and let it go on; what is wrong, or nothing.

        Args:
            draw: of the touch.
            name: of the error: EACCES, or EROFS.
        """
        folder, at, error = self._folder(), draw.randint(1, self.touches), vars(errno)[name]
        status, _, said = apart(lambda: command(self.case.first, folder, refused=at, error=error), folder)
        what = f"{name} at touch {at}"
        if status not in (0, 1, 2):
            return f"code {status} after {what}: {said[-500:]}"
        if "Traceback" in said or (status and os.strerror(error) not in said):
            return f"{what} ends in {said[-500:]}"
        return self._gone_on(folder, what, done=not status and os.strerror(error) not in said)

    def _gone_on(self, folder: Path, what: str, *, done: bool = False) -> str:
        """Read what is there, go on unless it was said to be done, with nothing left out, and compare."""
        status, read, said = apart(lambda: [self.case.whole(folder), self.case.finished(folder)], folder)
        if status:
            return f"{what}: a file that is damaged: {said[-500:]}"
        told = []
        for words in () if done else self.case.again:
            status, _, said = apart(lambda words=words: ran(words), folder)
            told.append(said[-500:])
            if not status:
                break
        if status:
            return f"{what}: it does not go on: {told}"
        status, told, said = apart(lambda: [self.case.whole(folder), self.case.finished(folder)], folder)
        if status or told[0] != self.whole:
            return f"{what}: it comes to something else {said[-500:]}"
        lost = [name for name, unit in read[1].items() if told[1] and told[1].get(name) != unit]
        return f"{what}: lost {lost[:5]}" if lost else ""

    def _folder(self) -> Path:
        folder = self.template.with_name("tried")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.template, folder)
        return folder


def prepared(place: Path, name: str) -> Prepared:
    """A command, tried once without a fault.

    Raises:
        SystemExit: it fails by itself, or two runs of it differ.
    """
    case, template = CASES[name], place / name.replace(" ", "-") / "template"
    template.mkdir(parents=True)
    given(template)
    for words in case.before:
        counted(words, template)
    results, touches, writes, seconds = [], 0, 0, 0.0
    for _ in range(2):
        folder = template.with_name("tried")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        begin = time.monotonic()
        touches, writes = counted(case.first, folder)
        seconds = time.monotonic() - begin
        _, told, said = apart(lambda folder=folder: case.whole(folder), folder)
        results.append(told)
        if not told:
            raise SystemExit(f"{name}: {said}")
    if results[0] != results[1]:
        raise SystemExit(f"{name}: two runs without a fault differ")
    return Prepared(
        case=case, template=template, whole=results[0], touches=touches, writes=writes, seconds=seconds
    )  # fmt: skip
