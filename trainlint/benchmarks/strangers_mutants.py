"""Which of the accidents that strangers put into their own programs are named?

python benchmarks/strangers_mutants.py [--preset light] [--details] [PATTERN]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from forked import Told, run

MAKER = Path(__file__).parent / "strangers" / "mutants" / "make_mutants.py"


def main() -> None:
    """Print a line for each mutant that is not named, a table by family, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--preset", default="light")
    parser.add_argument("--details", action="store_true", help="a line for each mutant")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, MAKER, "--out", folder], check=True, stdout=subprocess.DEVNULL)
        index = json.loads((Path(folder) / "index.json").read_text(encoding="utf-8"))
        rows = [row for row in index if arguments.pattern in row["name"]]
        told = {row["name"]: run(Path(folder) / f"{row['name']}.py", preset=arguments.preset) for row in rows}
    _print(rows, told, details=arguments.details)


def _print(rows: list[dict], told: dict[str, Told], *, details: bool) -> None:
    families: defaultdict[str, list[bool]] = defaultdict(list)
    updates = []
    for row in rows:
        found = told[row["name"]]
        named = bool(found.codes)
        families[row["family"]].append(named)
        first = [f["update"] for f in found.verdict.get("findings", ()) if f["update"] is not None]
        updates += [min(first)] if first else []
        if details or not named:
            said = " ".join(found.codes) or found.verdict.get("verdict", "no verdict")
            print(f"{row['name']}{' (subtle)' if row['subtle'] else ''}: {row['wrong']}: {said}")
    print("\n| accident | mutants | named |\n|---|---|---|")
    for family, named in sorted(families.items()):
        print(f"| {family} | {len(named)} | {sum(named)} |")
    total = sum(len(named) for named in families.values())
    print(f"\n{sum(map(sum, families.values()))} of {total} mutants are named", end="")
    print(f"; median update of the first finding: {statistics.median(updates):g}" if updates else "")


if __name__ == "__main__":
    main()
