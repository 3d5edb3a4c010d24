"""Is anything lost of a command that is killed, whose disk is full, or that may write no more? Counted, kind by kind.

Run: python benchmarks/faults --kills 300 --full 50 --refused 15 [--only train,bench] [--kept build/faults.jsonl]

Each try is a command in a process and a folder of its own. A kill comes at a random touch of that folder (open,
write, fsync, rename, link, remove, mkdir; in the middle of a write), or, every third one, at a random moment. A full
disk takes half of the n-th write and no more. From a random touch on, a folder takes no new names (EACCES), or
nothing at all (EROFS). Then each file is read, the command goes on, and what it comes to is
compared, bit by bit, with what it comes to when nothing happens. What was tried is kept, and not tried again. The
touches are counted in C: Linux, and a compiler `cc`, are needed.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DRAWN = {
    "report", "report --figures", "report --latex", "report --tables", "locate --plot", "bench --figure", "export_onnx",
    "demo",
}  # fmt: skip
"""Commands that draw anew what they are asked for: a kill costs nothing that was finished."""
REFUSED = ("EACCES", "EROFS")
"""What a process is told that may write no more: the folder takes no new names, or its disk nothing at all."""


def main() -> None:
    """Try faults, and print a table.

    Raises:
        SystemExit: with 1 where something was lost, half-written or not explained.
    """
    parser = argparse.ArgumentParser(description="Kills and full disks, command by command.")
    parser.add_argument("--kills", type=int, default=300, help="in all, by turns of the commands")
    parser.add_argument("--full", type=int, default=50, help="writes of each command that the disk is full at")
    parser.add_argument("--refused", type=int, default=15, help="touches of each command at which it may write no more")
    parser.add_argument("--only", default=None, help="commands, by comma")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kept", type=Path, default=Path("build/faults.jsonl"), help="what was tried")
    given = parser.parse_args()
    if "faults.so" not in os.environ.get("LD_PRELOAD", ""):
        _again_counted()
    given.kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        tried = _try_all(given, Path(place).resolve())
    _print_table(tried)
    raise SystemExit(int(any(one["wrong"] for one in tried)))


def _again_counted() -> None:
    """Start this program again with the counters between it and libc."""
    library = Path(tempfile.mkdtemp()) / "faults.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "disk.c", "-ldl"], check=True)
    os.environ |= {"LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1"}
    os.execv(sys.executable, [sys.executable, *sys.argv])


def _try_all(given: argparse.Namespace, place: Path) -> list[dict[str, Any]]:
    """What came of each try, those of earlier calls included."""
    from cases import CASES
    from trying import Prepared, prepared

    names = list(CASES) if given.only is None else given.only.split(",")
    kept = given.kept.read_text().splitlines() if given.kept.exists() else []
    tried = {(one["command"], one["fault"], one["number"]): one for one in map(json.loads, kept)}
    ready: dict[str, Prepared] = {}
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True
    ).stdout.strip()
    for name, fault, number in _plan(given, names):
        if (name, fault, number) in tried:
            continue
        if name not in ready:
            ready[name] = prepared(place, name)
            print(f"{name}: {ready[name].touches} touches of the disk, {ready[name].writes} writes", flush=True)
        if fault == "full" and number > ready[name].writes:
            continue
        draw = random.Random(f"{given.seed}/{name}/{number}")
        wrong = ready[name].met(fault, number, draw)
        one = {"command": name, "fault": fault, "number": number, "wrong": wrong, "commit": commit}
        tried[name, fault, number] = one
        with given.kept.open("a") as file:
            file.write(json.dumps(one) + "\n")
        if wrong:
            print(f"{name}, {fault} {number}: {wrong}", flush=True)
    return list(tried.values())


def _plan(given: argparse.Namespace, names: list[str]) -> list[tuple[str, str, int]]:
    """Which command meets what, in turns, so that a part of the work is a sample of the whole."""
    resumed = [name for name in names if name not in DRAWN]
    kills = [(resumed[number % len(resumed)], "kill", number) for number in range(given.kills)]
    full = [(name, "full", number) for number in range(1, given.full + 1) for name in names]
    refused = [(name, REFUSED[number % 2], number) for number in range(given.refused) for name in names]
    return full + kills + refused


def _print_table(tried: list[dict[str, Any]]) -> None:
    faults = ("kill", "full", *REFUSED)
    counts = Counter((name, fault) for one in tried for name in (one["command"], "all") for fault in [one["fault"]])
    wrong = Counter((name, one["fault"]) for one in tried if one["wrong"] for name in (one["command"], "all"))
    print(f"{'command':20}" + "".join(f" {fault:>7} {'wrong':>6}" for fault in faults))
    for name in [*dict.fromkeys(one["command"] for one in tried), "all"]:
        print(f"{name:20}" + "".join(f" {counts[name, fault]:7} {wrong[name, fault]:6}" for fault in faults))


if __name__ == "__main__":
    main()
