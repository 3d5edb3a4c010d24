"""How many changed files of each reader were read in all the kept runs, and what would the rest of 10^6 take?

Run: python benchmarks/fuzz/totals.py [--wanted 1000000]

It reads nothing but what is kept: `results/measured/reliability/fuzz-seed-*.csv`, and the tally `results/fuzz.jsonl`.
What an input takes is of the newest day of its reader, of the largest run of that day.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ris_pytorch_pipeline.report import read_kept_table

RESULTS = Path(__file__).parents[2] / "results"
TALLIED = RESULTS / "measured/reliability/fuzz-seed-1129.csv"
BANDS = (1_000_000, 500_000, 100_000, 20_000, 0)
"""Fewest inputs of the readers of a row."""


def rows() -> Iterator[tuple[str, str, int, float]]:
    """Date, reader, inputs and microseconds an input, of each kept row that has one reader, and of the tally."""
    yield from tallied(max(said for key, said in read_kept_table(TALLIED).source if key == "date"))
    for path in (RESULTS / "measured/reliability").glob("fuzz-seed-*.csv"):
        kept = read_kept_table(path)
        date = max(said for key, said in kept.source if key == "date")
        for row in kept.rows:
            told = dict(zip(kept.head, row, strict=True))
            taken = told.get("an input", "").partition(" µs")[0].replace(" ", "")
            if taken.isdigit():
                name = told.get("reader") or told["readers"]
                yield date, name, int((told.get("n") or told["n each"]).replace(" ", "")), float(taken)


def tallied(date: str) -> Iterator[tuple[str, str, int, float]]:
    """The same of the tally, which was added to until that day."""
    inputs, seconds = Counter[str](), Counter[str]()
    for line in (RESULTS / "fuzz.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        inputs[record["reader"]] += sum(record["counts"].values())
        seconds[record["reader"]] += record["seconds"]
    for name, count in inputs.items():
        yield date, name, count, 1e6 * seconds[name] / count


def main() -> None:
    """Print a row for the readers of about as many inputs."""
    parser = argparse.ArgumentParser(description="Inputs of each reader so far.")
    parser.add_argument("--wanted", type=int, default=1_000_000, help="inputs of a reader (1000000)")
    wanted = parser.parse_args().wanted
    inputs, each = Counter[str](), dict[str, float]()
    for _, name, count, taken in sorted(rows(), key=lambda row: (row[0], row[2])):
        inputs[name] += count
        each[name] = taken
    hours = {name: max(0, wanted - count) * each[name] / 3.6e9 for name, count in inputs.items()}
    print(f"| inputs of each | readers | which | µs an input | hours of a core to {wanted} of each |")
    print("|---|---|---|---|---|")
    for least, above in zip(BANDS, (None, *BANDS), strict=False):
        names = sorted(n for n, count in inputs.items() if least <= count and (above is None or count < above))
        if names:
            few, most = (f"{pick(inputs[name] for name in names):,}".replace(",", " ") for pick in (min, max))
            took = f"{min(each[n] for n in names):.0f} to {max(each[n] for n in names):.0f}"
            print(
                f"| {few} to {most} | {len(names)} | {', '.join(names)} | {took} "
                f"| {sum(hours[name] for name in names):.1f} |"
            )
    whole = f"{sum(inputs.values()):,} inputs".replace(",", " ")
    print(f"| all | {len(inputs)} | {whole} | sum {sum(each.values()):.0f} | {sum(hours.values()):.1f} |")


if __name__ == "__main__":
    main()
