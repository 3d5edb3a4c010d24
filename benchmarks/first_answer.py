"""How long does a newcomer wait? From a clean clone to the first located source, and to the page of the demo.

Run: python benchmarks/first_answer.py [--rounds 1] [--place DIR]

Each round clones this repository into an empty folder, makes the environment that the demo needs, simulates a scene and
locates it, and then makes the demo. What pip has downloaded before it takes from its cache.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCATED = (
    "make .venv/.runs",
    ".venv/bin/ris simulate scene.safetensors --preset random --sources 1 --snr-db 10 --scenes 1",
    ".venv/bin/ris locate scene.safetensors",
)
DEMO = ("make demo",)
PAGE = "runs/demo/report.html"
NAMES = ("the first located source", "the page of the demo")


def clean() -> dict[str, str]:
    """The environment, without what leads to another checkout."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}


def waited(place: Path) -> tuple[float, float]:
    """Seconds to the first located source, and to the page.

    Raises:
        SystemExit: a command fails, or there is no page.
    """
    clone, begin = place / "clone", time.monotonic()
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    times = list[float]()
    for lines in (LOCATED, DEMO):
        for line in lines:
            done = subprocess.run(line.split(), cwd=clone, env=clean(), capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{line}: {done.stderr[-2000:]}")
        times.append(time.monotonic() - begin)
    if not (clone / PAGE).is_file():
        raise SystemExit(f"no {PAGE}")
    shutil.rmtree(clone)
    return times[0], times[1]


def main() -> None:
    """Print seconds, median and range."""
    parser = argparse.ArgumentParser(description="From a clean clone to an answer.")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--place", type=Path, default=None, help="for the clones")
    given = parser.parse_args()
    rounds = list[tuple[float, float]]()
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory(dir=given.place) as place:
            rounds.append(waited(Path(place)))
    print("| from a clean clone to | n | median | least | most |")
    print("|---|---|---|---|---|")
    for name, times in zip(NAMES, zip(*rounds, strict=True), strict=True):
        print(f"| {name} | {len(times)} | {statistics.median(times):.0f} s | {min(times):.0f} s | {max(times):.0f} s |")


if __name__ == "__main__":
    main()
