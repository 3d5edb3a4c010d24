"""Which of the accidents that strangers put into their own programs are named?

python benchmarks/strangers_mutants.py [--presets light,full] [--details] [--jobs N] [--results FOLDER] [PATTERN]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from forked import under
from kept import Plan

MAKER = Path(__file__).parent / "strangers" / "mutants" / "make_mutants.py"
FROZEN = {"RT122", "RT132"}
"""Notes that say which part is frozen: whether by mistake nobody can see."""


def make(folder: str) -> list[dict[str, Any]]:
    """Write the mutants, and give their table: name, accident, family, and whether the final figure shows it.

    Args:
        folder: where to.
    """
    subprocess.run([sys.executable, MAKER, "--out", folder], check=True, stdout=subprocess.DEVNULL)
    return json.loads((Path(folder) / "index.json").read_text(encoding="utf-8"))


def main() -> None:
    """Print a line for each mutant that is not named, a table by family, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--presets", default="light")
    parser.add_argument("--details", action="store_true", help="a line for each mutant")
    Plan.options(parser)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for row in make(folder) if arguments.pattern in row["name"]]
        paths = [Path(folder) / f"{row['name']}.py" for row in rows]
        for preset in arguments.presets.split(","):
            name = "mutants" if preset == "light" else f"mutants_{preset}"
            told = Plan.of(arguments).collect(name, paths, under(preset))
            print(f"{preset}\n")
            lines(rows, told, arguments.details)
            table(rows, told)


def lines(rows: list[dict[str, Any]], told: dict[str, dict[str, Any]], details: bool) -> None:
    """Print a line for each mutant that is not named.

    Args:
        rows: of the mutants.
        told: what was said, by name.
        details: a line for those that are, too.
    """
    for row in rows:
        found = told[row["name"]]
        if details or not found["codes"]:
            said = " ".join(found["codes"]) or found["state"]
            print(f"{row['name']}{' (subtle)' if row['subtle'] else ''}: {row['wrong']}: {said}")


def noted(row: dict[str, Any], found: dict[str, Any]) -> bool:
    """True for a part frozen by mistake that a note names.

    Args:
        row: of the mutant.
        found: what was said of it.
    """
    meant = any(word in row["family"] for word in ("frozen", "no_grad"))
    return not found["codes"] and meant and bool(FROZEN & {*found["notes"]})


def table(rows: list[dict[str, Any]], told: dict[str, dict[str, Any]]) -> None:
    """Print how many of each family are named.

    Args:
        rows: of the mutants.
        told: what was said, by name.
    """
    families: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        found = told[row["name"]]
        families[row["family"]].append("named" if found["codes"] else "noted" if noted(row, found) else "")
    print("\n| accident | mutants | named | a note |\n|---|---|---|---|")
    for family, all_of_it in sorted(families.items()):
        print(f"| {family} | {len(all_of_it)} | {all_of_it.count('named')} | {all_of_it.count('noted') or ''} |")
    every = [kind for kinds in families.values() for kind in kinds]
    updates = [told[row["name"]]["update"] for row in rows if told[row["name"]]["update"] is not None]
    print(f"\n{every.count('named')} of {len(every)} mutants are named, {every.count('noted')} more by a note", end="")
    print(f"; median update of the first finding: {statistics.median(updates):g}" if updates else "")


if __name__ == "__main__":
    main()
