"""Tasks that a worker can import: each says what came of it, fails, or takes its worker with it."""

import os
import signal
import threading
from pathlib import Path


def squared(number: int) -> int:
    return number * number


def refused(number: int) -> int:
    if number == 2:
        raise ValueError("two is refused")
    return number


def deadly(task: tuple[int, str]) -> int:
    """Kills its worker the first time that number 3 is tried; later it finds that out and goes on."""
    number, folder = task
    seen = Path(folder) / f"{number}"
    with seen.open("a", encoding="utf-8") as file:
        file.write("x")
    if number == 3 and seen.stat().st_size == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def always_deadly(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def hanging(number: int) -> int:
    """Waits for ever at number 1."""
    if number == 1:
        threading.Event().wait()
    return number


def endless(number: int) -> int:
    """Goes round for ever at number 1."""
    while number == 1:
        pass
    return number


def nothing() -> None:
    pass


def ready_at_the_second_time(folder: str) -> None:
    """Kills the first worker that is made ready."""
    seen = Path(folder) / "first"
    if not seen.exists():
        seen.write_text("x", encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
