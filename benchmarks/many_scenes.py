"""Does the memory grow with the number of scenes that are simulated and located?

Run: python benchmarks/many_scenes.py --scenes 1000 10000 100000 [--estimator bp-bartlett] [--folder DIR]

Each number is simulated into shards and located, each command in a process of its own: most memory that it held,
seconds, seconds of a processor, bytes. For 10^6 scenes: --scenes 1000000, 8 GB in the folder.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SMALL = "--horizontal 6 --vertical 6 --antennas 8 --snapshots 8 --sources 1 --snr-db 20"


def run(words: str, folder: Path) -> tuple[float, float, float]:
    """Run a command; returns most megabytes that it held, seconds, and those of a processor.

    Raises:
        SystemExit: it fails.
    """
    begin = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "ris_pytorch_pipeline", *words.split()], cwd=folder, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{words}: code {process.returncode}")
    return used.ru_maxrss / 1e3, time.monotonic() - begin, used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, and print a line each."""
    parser = argparse.ArgumentParser(description="Memory by the number of scenes.")
    parser.add_argument("--scenes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--estimator", default="bp-bartlett")
    parser.add_argument("--folder", type=Path, default=None, help="where the scenes are written")
    parser.add_argument("--per-shard", type=int, default=2048)
    given = parser.parse_args()
    for scenes in given.scenes:
        with tempfile.TemporaryDirectory(dir=given.folder) as place:
            folder = Path(place)
            split = f"--shards s --split test={scenes} --per-shard {given.per_shard}"
            drawn = run(f"simulate {split} {SMALL}", folder)
            shards = sum(path.stat().st_size for path in (folder / "s").iterdir())
            print(
                f"simulate {scenes:8}: {drawn[0]:5.0f} MB, {drawn[1]:7.1f} s, {drawn[2]:7.1f} s of a processor, "
                f"{shards / 1e6:8.1f} MB of shards",
                flush=True,
            )
            found = run(f"locate s --out r.parquet --sources 1 --estimator {given.estimator}", folder)
            rows = (folder / "r.parquet").stat().st_size
            print(
                f"locate   {scenes:8}: {found[0]:5.0f} MB, {found[1]:7.1f} s, {found[2]:7.1f} s of a processor, "
                f"{rows / 1e6:8.1f} MB of results",
                flush=True,
            )


if __name__ == "__main__":
    main()
