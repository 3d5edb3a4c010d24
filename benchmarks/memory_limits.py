"""How does a training end under each of 26 limits of memory?

python benchmarks/memory_limits.py

`ris train --memory-limit MB` of a small run, with 1 to 5 and 10, 20, ... 210 MB beside what the process has. It is to
complete, or to end in one message with a code of its own. What ends otherwise, in a traceback or by a signal, is
counted; the exit code is 1 then.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections import defaultdict

TRAIN = "train run --preset tiny --no-preflight --quiet --epochs 1 --n-train 64 --n-val 32 --memory-limit"
LIMITS = (*range(1, 6), *range(10, 211, 10))
_SHOWN = 90
"""Characters of a message."""


def end_of(megabytes: int) -> tuple[bool, str]:
    """Whether a run under a limit ends as wanted, and how: its exit code and what it says at last."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "ris_pytorch_pipeline", *TRAIN.split(), str(megabytes)],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
    said = done.stderr.strip().splitlines()
    brief = re.sub(r"\d[\d.]*", "N", said[-1] if said else "")[:_SHOWN].replace("|", "/")
    told = done.returncode == 0 or (done.returncode in (1, 2) and any(line.startswith("ris: wanted ") for line in said))
    return told and "Traceback" not in done.stderr, f"{done.returncode} | {brief or 'complete'}"


def main() -> None:
    """Print a table of the ends.

    Raises:
        SystemExit: with 1 where a run ends neither complete nor in a message.
    """
    parser = argparse.ArgumentParser(description="A training under limits of memory.")
    parser.add_argument("--limits", type=int, nargs="*", default=list(LIMITS), help="megabytes")
    given = parser.parse_args()
    ends, wrong = defaultdict[tuple[bool, str], list[int]](list), 0
    for megabytes in given.limits:
        ends[end_of(megabytes)].append(megabytes)
    print("| limits, MB | n | as wanted | exit code | last line, numbers as N |")
    print("|---|---|---|---|---|")
    for (right, how), which in ends.items():
        wrong += 0 if right else len(which)
        print(f"| {', '.join(map(str, which))} | {len(which)} | {'yes' if right else 'no'} | {how} |")
    raise SystemExit(int(wrong > 0))


if __name__ == "__main__":
    main()
