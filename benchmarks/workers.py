"""Do 1, 2 and 4 workers of a Dask cluster come to the bytes of one process, also where one of them is killed?

Run: python benchmarks/workers.py [--scenes 200] [--workers 1 2 4]

Shards are simulated, the folder is located, a suite is run, and gains are learned, with known positions and blindly,
each by one process, by each number of workers, and by two workers of which one is killed (SIGKILL) in the middle. Files
are compared byte by byte, rows of the suite but for their times.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ris_pytorch_pipeline.bench import read_rows
from ris_pytorch_pipeline.bench.suites.columns import TIMES

SMALL = "--horizontal 6 --vertical 6 --antennas 8 --snapshots 8 --sources 1 --snr-db 20"
SUITE = (
    'seed = 0\nscenes = {scenes}\npreset = "random"\n[scenario]\nhorizontal = 6\nvertical = 6\nantennas = 8\n'
    'snapshots = 8\nsources = 1\n[sweeps.snr]\nmethods = ["sml", "genie"]\nover = {{ snr_db = [10, 20, 30] }}\n'
)

COMMANDS = ("simulate", "locate", "bench", "calibrate", "blindly")
_CALIBRATING = 8.0
"""Processor seconds after which a worker of a calibration is killed: it has then begun a task."""


def commands(scenes: int, name: str) -> dict[str, str]:
    """What is done, by what it leaves."""
    return {
        f"s{name}": f"simulate --shards s{name} --split test={scenes} --batch 10 --per-shard 20 {SMALL}",
        f"r{name}.parquet": f"locate s --out r{name}.parquet",
        f"b{name}": f"bench suite.toml --out b{name}",
        f"c{name}": f"calibrate known c{name}",
        f"d{name}": f"calibrate known d{name} --blind --sources 1",
    }


def worker_of(process: int) -> int | None:
    """A process that a command started to work for it."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == process and "spawn_main" in (path / "cmdline").read_text():
                return int(path.name)
        except (OSError, IndexError):  # it ended meanwhile
            continue
    return None


def run(words: str, folder: Path, left: str, *, kill: bool) -> tuple[float, bool]:
    """Run a command to its end; returns seconds, and whether a worker was killed.

    Raises:
        SystemExit: it fails.
    """
    begin, killed = time.monotonic(), False
    command = [sys.executable, "-m", "ris_pytorch_pipeline", *words.split()]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while kill and not killed and process.poll() is None:
            found = worker_of(process.pid)
            if found is not None and begun(folder, left, found):
                os.kill(found, signal.SIGKILL)
                killed = True
            time.sleep(0.02)
        _, said = process.communicate()
    if process.returncode:
        raise SystemExit(f"{words}: {said.decode()[-500:]}")
    return time.monotonic() - begin, killed


def begun(folder: Path, left: str, worker: int) -> bool:
    """Whether something of a command is finished, or its worker has computed for long enough."""
    if left.endswith(".parquet"):
        return any((folder / f"{left}.parts").glob("*.parquet"))
    if left.startswith("s"):
        return any((folder / left).glob("*.safetensors"))
    if left[0] in "cd":  # nothing is kept before the end
        return computed(worker) > _CALIBRATING
    path = folder / left / "cells.parquet"
    return path.exists() and len(read_rows(path)[0]) > 0


def computed(process: int) -> float:
    """Processor seconds of a process; 0 of one that has ended."""
    try:
        ticks = (Path("/proc") / str(process) / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
    except OSError:
        return 0.0
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def content(path: Path) -> str:
    """Digest of what a command left."""
    if (path / "cells.parquet").exists():
        rows = [{k: v for k, v in row.items() if k not in TIMES} for row in read_rows(path / "cells.parquet")[0]]
        return hashlib.sha256(repr(rows).encode()).hexdigest()
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(x.name.encode() * path.is_dir() + x.read_bytes() for x in files)).hexdigest()


def main() -> None:
    """Compare, and print a line each.

    Raises:
        SystemExit: with 1 where something differs.
    """
    parser = argparse.ArgumentParser(description="Workers against one process.")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    given = parser.parse_args()
    ways = [("", "", False), *((str(n), f" --cluster {n}", False) for n in given.workers), ("k", " --cluster 2", True)]
    differ, one = 0, dict[str, str]()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "suite.toml").write_text(SUITE.format(scenes=given.scenes // 4))
        known = f"simulate known --preset pilot --scenes {given.scenes} {SMALL}"
        run(known, folder, "known", kill=False)
        for name, option, kill in ways:
            for what, (left, words) in zip(COMMANDS, commands(given.scenes, name).items(), strict=True):
                seconds, killed = run(words + option, folder, left, kill=kill)
                found = content(folder / left)
                same = one.setdefault(what, found) == found
                differ += not same
                who = f"{name or 'no'} workers" if not kill else f"2 workers, {'one' if killed else 'none'} killed"
                print(
                    f"{what:9} {who:24} {seconds:6.1f} s  {'same' if same else 'OTHER'} bytes {found[:12]}", flush=True
                )
    raise SystemExit(int(differ > 0))


if __name__ == "__main__":
    main()
