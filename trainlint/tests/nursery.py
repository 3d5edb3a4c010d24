"""How do tests run many short programs without starting Python and importing torch anew for each?

A nursery is a process that has imported what they need and has run nothing with it. Each program runs in a fork of it,
with arguments, folder, environment and streams of its own, and ends as Python ends: exit handlers, threads, exit code.
What a program under test starts by itself, by the path of Python, is quick by that of `Nursery.python`.
Where the start itself, a traceback, a signal or what is imported is the subject, a test starts a process of its own.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TextIO

LONGEST = 240.0
"""Seconds after which a program hangs."""
STAND_IN = """#!{python} -IS
import json, os, signal, socket, sys

line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
line.connect({address!r})
told = {{"command": sys.argv[1:], "cwd": os.getcwd(), "environment": dict(os.environ), "stands_in": os.getpid()}}
here, there = socket.socketpair()
socket.send_fds(line, [json.dumps(told).encode()], [there.fileno(), 1, 2, 0])
there.close()
program = int.from_bytes(here.recv(8))
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: os.kill(program, number))
code = int(here.recv(100))
if code in (-signal.SIGHUP, -signal.SIGINT, -signal.SIGTERM):
    signal.signal(-code, signal.SIG_DFL)
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""
"""What is started in place of Python: it has the nursery run the program, hands signals on, and ends as that ends."""


class Program:
    """What runs in a fork, as `subprocess.Popen` would have it.

    Args:
        pid: of its process.
        answer: where its exit code is told.
        stdout: what it prints, where that was asked for.
    """

    def __init__(self, pid: int, answer: socket.socket, stdout: TextIO | None = None) -> None:
        self.pid, self.stdout, self.returncode = pid, stdout, None
        self._answer = answer

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        if self.returncode is None and not select.select([self._answer], [], [], 0)[0]:
            return None
        return self.wait()

    def wait(self, timeout: float = LONGEST) -> int:
        """Its exit code, negative for a signal; who has it print more than a pipe holds, 64 kB, reads that first."""
        if self.returncode is None:
            self._answer.settimeout(timeout)
            self.returncode = int(_heard(self._answer, 100))
            self._answer.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """A process that has imported modules, and starts programs in forks of itself.

    Args:
        modules: names of what it imports first.

    Attributes:
        python: the path of a program that stands in for Python, for what a program under test starts by itself.
    """

    def __init__(self, *modules: str) -> None:
        self._channel, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._folder = tempfile.TemporaryDirectory(prefix="nursery")
        self.python = str(Path(self._folder.name, "python"))
        address = str(Path(self._folder.name, "line"))
        Path(self.python).write_text(STAND_IN.format(python=sys.executable, address=address), encoding="utf-8")
        Path(self.python).chmod(0o700)
        with there, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            listening.bind(address)
            listening.listen()
            numbers = [there.fileno(), listening.fileno()]
            command = [sys.executable, "-W", "ignore", __file__, *map(str, numbers), *modules]
            self._process = subprocess.Popen(command, pass_fds=numbers, stdin=subprocess.DEVNULL)
        self._started: list[Program] = []

    def run(self, *command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """What `python COMMAND` gives: its exit code, negative for a signal, and what it printed.

        Args:
            command: `-m`, a module and its arguments, or a script and its arguments.
            cwd: the folder it runs in.
            environment: what is set beside this process's own.
        """
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = self._forked(command, cwd, environment, out.fileno(), err.fileno()).wait()
            printed = [(file.seek(0), file.read().decode())[1] for file in (out, err)]
        return subprocess.CompletedProcess(command, code, *printed)

    def start(self, *command: str, cwd: Path, **environment: str) -> Program:
        """The same, without waiting for its end; what it prints on standard output and error is read from `stdout`."""
        reading, writing = os.pipe()
        program = self._forked(command, cwd, environment, writing, writing)
        os.close(writing)
        program.stdout = os.fdopen(reading, encoding="utf-8")
        self._started.append(program)
        return program

    def _forked(self, command: tuple[str, ...], cwd: Path, environment: dict[str, str], out: int, err: int) -> Program:
        here, there = socket.socketpair()
        told = {"command": command, "cwd": str(cwd), "environment": {**os.environ, **environment}}
        with there:
            socket.send_fds(self._channel, [json.dumps(told).encode()], [there.fileno(), out, err])
        here.settimeout(LONGEST)
        return Program(int.from_bytes(_heard(here, 8)), here)

    def close(self) -> None:
        """End the process, and what was started and still runs."""
        for program in self._started:
            program.kill()
            program.wait()
            if program.stdout is not None:
                program.stdout.close()
        self._channel.close()
        self._process.wait()
        self._folder.cleanup()


def _heard(line: socket.socket, most: int) -> bytes:
    """What the nursery, or who waits for a program there, answers.

    Raises:
        RuntimeError: it has ended; without this, no answer would read as process 0.
    """
    try:
        said = line.recv(most)
    except TimeoutError as error:
        raise RuntimeError("no answer from the nursery in time: the program hangs, or its pipe is full") from error
    if not said:
        raise RuntimeError("the nursery, or what waits in it for a program, has ended")
    return said


def _request(channel: socket.socket, listening: socket.socket) -> dict[str, Any]:
    """What to run; returns in a fork for each program, and never in the nursery."""
    while True:
        asked, _, _ = select.select([channel, listening], [], [])
        line = channel if channel in asked else listening.accept()[0]
        message, files, _, _ = socket.recv_fds(line, 1 << 20, 4)
        if not message and line is channel:
            sys.exit()
        if message and not os.fork():
            for each in (channel, listening, line):
                each.close()
            return _program(json.loads(message), *files)
        for file in files:
            os.close(file)
        if line is not channel:
            line.close()


def _program(told: dict[str, Any], answer: int, out: int, err: int, into: int | None = None) -> dict[str, Any]:
    """Returns in the program's process; the one above it waits for it, and answers with its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child:
        _wait(child, answer)
    os.close(answer)
    for file, number in ((out, 1), (err, 2), (into, 0)):
        if file is not None:
            os.dup2(file, number)
            os.close(file)
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", closefd=False)
    return told


def _wait(child: int, answer: int) -> NoReturn:
    """Say which process it is and how it ended; whoever no longer listens is gone, and the program ends too."""
    os.write(answer, child.to_bytes(8))
    end = os.pidfd_open(child)
    if end not in select.select([end, answer], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with suppress(OSError):
        os.write(answer, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _parent_of(pid: int) -> int:
    """The process that started this one, as long as it is there."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 1


def _become(told: dict[str, Any]) -> None:
    """Take over the folder, the environment and the arguments, and run the program as Python's own start would."""
    os.chdir(told["cwd"])
    os.environ.clear()
    os.environ.update(told["environment"])
    if "stands_in" in told:
        os.getppid = lambda: _parent_of(told["stands_in"])
    first, *rest = told["command"]
    if first == "-u":
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False, buffering=1)
        first, *rest = rest
    warnings.simplefilter("ignore")
    if first == "-m":
        sys.argv, sys.path[0] = rest, told["cwd"]
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = [first, *rest], str(Path(first).resolve().parent)
        runpy.run_path(str(Path(first).resolve()), run_name="__main__")


def _main(channel: str, listening: str, *modules: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who waits for a program is reaped by itself
    for name in modules:
        import_module(name)
    gc.freeze()  # the collections at a program's end are about what it made itself
    _become(_request(socket.socket(fileno=int(channel)), socket.socket(fileno=int(listening))))


if __name__ == "__main__":
    _main(*sys.argv[1:])
