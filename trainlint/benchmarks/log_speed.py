"""How long does reading a log take, by its form and its length? Linear, or something is wrong.

Usage: python log_speed.py [LINES]. Prints processor seconds, microseconds a line and the peak of memory.
"""

# ruff: noqa: E501

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from trainlint import InputError, diagnose_path

LINES = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
SHORTER = 8
"""The same log with this many times fewer lines shows whether the time is linear."""


def plain(i: int, draw: Random) -> str:
    """A line of named numbers."""
    return (
        f"step {i} | loss {3 - i / LINES + draw.random():.4f} | lr 3.00e-04 | grad_norm {draw.random():.3f} | 812 ms\n"
    )


def short(i: int, draw: Random) -> str:
    """A short line, as a loop of one's own prints it."""
    return f"step {i} | loss {draw.random():.3f} | lr 1e-4 | 12.3 it/s\n"


def json_lines(i: int, draw: Random) -> str:
    """An object a line."""
    loss = 3 - i / LINES + draw.random()
    return f'{{"step": {i}, "epoch": {i // 5000}, "train/loss": {loss}, "lr": 0.0003, "grad_norm": {draw.random()}}}\n'


def nanogpt(i: int, draw: Random) -> str:
    """A line an iteration, and another kind of line in between."""
    if not i % 250:
        return f"step {i}: train loss {3 - i / LINES:.4f}, val loss {3.1 - i / LINES:.4f}\n"
    return f"iter {i}: loss {3 - i / LINES + draw.random():.4f}, time {123 + draw.random():.2f}ms, mfu 17.42%\n"


def detector(i: int, draw: Random) -> str:
    """A line with dates, times and brackets."""
    return (
        f"2024/02/02 08:{i % 60:02d}:00 - mmengine - INFO - Epoch(train)  [{i // 1600 + 1}][{i % 1600:4d}/1600]  "
        f"lr: 1.0000e-02  eta: 0:21:00  time: 0.06  memory: 1912  loss: {1.5 + draw.random():.4f}  loss_cls: 0.4\n"
    )


def dictionary(i: int, draw: Random) -> str:
    """A printed dictionary."""
    loss = 3 - i / LINES + draw.random()
    return f"{{'loss': {loss:.4f}, 'grad_norm': 0.9, 'learning_rate': 3e-04, 'epoch': {i / 5000:.4f}}}\n"


def table(i: int, draw: Random) -> str:
    """A row of a table."""
    return f"{i // 1000},{i},{3 - i / LINES + draw.random():.4f},0.001\n" if i else "epoch,step,train_loss,lr\n"


def progress(i: int, draw: Random) -> str:
    """A progress bar that is written over itself."""
    bar = f"{i % 500 // 5}%|{'#' * (i % 10)}| {i % 500}/500 [00:01<00:01, 12it/s"
    return f"\rEpoch {i // 500}: {bar}, loss={draw.random():.3f}]"


def words(i: int, draw: Random) -> str:
    """A line whose shape was never seen before."""
    return (
        " ".join(draw.choice(("saved", "model", "12", "to", "the", "folder", "0.5", "in", "of")) for _ in range(10))
        + "\n"
    )


def one_line(text: str, size: int) -> Callable[[], Iterator[str]]:
    """The parts of one line that repeats a text."""
    return lambda: (text * (1 << 14) for _ in range(size // (len(text) << 14)))


FORMS = (short, plain, json_lines, nanogpt, detector, dictionary, table, progress, words)
LONG = 100_000_000
LONG_LINES = {name: one_line(text, LONG) for name, text in
              {"letters": "a", "blanks": " ", "digits": "1 ", "pairs": "loss: 1.5, ", "braces": '{"a":', "epochs": "epoch "}.items()}  # fmt: skip


def measure(path: Path, parts: Iterator[str]) -> float:
    """Processor seconds for a verdict on these parts."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(parts)
    start = time.process_time()
    try:
        diagnose_path(path)
    except InputError as error:
        print(f"  refused: {error.got}")
    seconds = time.process_time() - start
    path.unlink()
    return seconds


def main() -> None:
    """Measure every form at two lengths, and lines of 100 MB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.log"
        for form in FORMS:
            draw, few = Random(0), LINES // SHORTER
            short = measure(path, (form(i, draw) for i in range(few)))
            long = measure(path, (form(i, draw) for i in range(LINES)))
            growth = long / short / SHORTER
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"{form.__name__:12} {LINES} lines {long:6.1f} s  {long / LINES * 1e6:5.1f} us a line  "
                  f"growth {growth:.2f} (1 is linear)  peak {peak} MB", flush=True)  # fmt: skip
        for name, parts in LONG_LINES.items():
            print(f"{name:12} one line of {LONG // 10**6} MB {measure(path, parts()):6.1f} s", flush=True)


if __name__ == "__main__":
    main()
