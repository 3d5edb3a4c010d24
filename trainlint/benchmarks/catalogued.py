"""Which kinds of the catalogue are named in plain scripts: by the source alone, and by source and run together?

python benchmarks/catalogued.py [--results FOLDER] [--preset light] [--jobs N] [--only NAME] [--kept] [--suffix TEXT]

`catalogue/answers.toml` says of each broken script which findings are right; its repaired twin must earn none.
"""

import argparse
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import kept
from forked import Work, under
from kept import Plan

from trainlint.before.source.checking import check_paths
from trainlint.before.source.training import SourceFinding
from trainlint.findings import Severity

HERE = Path(__file__).parent / "catalogue"
TABLES = {"check": "trainlint check", "joined": "trainlint run"}
Answer = Mapping[str, Any]
Rows = Mapping[str, dict[str, Any]]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="light")
    parser.add_argument("--only", metavar="NAME", nargs="*", default=())
    parser.add_argument("--kept", action="store_true", help="run nothing, print what was kept")
    parser.add_argument("--suffix", default="", help="of the names of the files of rows")
    Plan.options(parser)
    arguments = parser.parse_args()
    broken, sound = programs(arguments.only)
    for table in TABLES:
        if arguments.kept:
            folder = arguments.results or kept.RESULTS
            rows = {kind: kept.load(f"catalogue_{table}_{kind}{arguments.suffix}", folder) for kind in KINDS}
        else:
            work = read if table == "check" else under(arguments.preset)
            rows = collect(table, work, Plan.of(arguments), (broken, sound), arguments.suffix)
        print(f"\n## {TABLES[table]}\n")
        show(broken, rows["broken"])
        print(f"\n{totals(broken, rows['broken'])}\n{alarms(rows['sound'])}")


KINDS = ("broken", "sound")
COMMAND = "python benchmarks/catalogued.py --results benchmarks/results"
MISSED = {
    "frozen_but_drifting": "much public fine-tuning lets the statistics of a frozen BatchNorm move",
    "hidden_term": "a constant in a loss moves nothing, and normalisers of likelihoods are such constants",
    "kl_dominates": "the share of each term is known only where terms are handed over",
    "transpose_not_conj": "what a covariance must be belongs to the field, not to training",
    "slot_order": "targets in an order without meaning look like noise",
}
"""Why a script is not named."""


def programs(only: Sequence[str] = ()) -> tuple[list[Answer], list[Answer]]:
    """The answers of the broken scripts, and those of their twins.

    Args:
        only: names of scripts; empty for all.
    """
    answers = tomllib.loads((HERE / "answers.toml").read_text(encoding="utf-8"))["program"]
    some = [a for a in answers if not only or name(a) in only]
    return [a for a in some if a["kind"] == "broken"], [a for a in some if a["kind"] == "sound"]


def name(answer: Answer) -> str:
    """Of a script, without its folder."""
    return Path(answer["file"]).stem


def collect(
    table: str, work: Work, plan: Plan, answers: tuple[list[Answer], list[Answer]], suffix: str = ""
) -> dict[str, Rows]:
    """What is said of every script, by kind.

    Args:
        table: which of the tables.
        work: runs or reads a script.
        plan: where rows stay.
        answers: of the broken ones and of the sound ones.
        suffix: of the names of the files of rows.
    """
    return {
        kind: plan.collect(f"catalogue_{table}_{kind}{suffix}", [HERE / a["file"] for a in some], work)
        for kind, some in zip(KINDS, answers, strict=True)
    }


def read(path: Path) -> tuple[int, dict[str, Any]]:
    """What the source alone says, in the fields of a told program.

    Args:
        path: of a script.
    """
    found, errors = check_paths([path])
    return len(errors), {"verdict": {"verdict": "read", "findings": [_record(f) for f in found]}}


def _record(found: SourceFinding) -> dict[str, Any]:
    severity = "note" if found.severity is Severity.NOTE else "warning"
    return {"code": found.code, "severity": severity, "where": f"{found.path}:{found.line}"}


def section() -> None:
    """Print what the page of evidence says of these scripts, from the rows that were kept."""
    broken, sound = programs()
    inside = sum(a["source"] for a in broken)
    print("\n## Plain scripts of the catalogue's kinds\n")
    print(f"`{COMMAND}`: {len(broken)} scripts as strangers write them, each")
    print(f"with one fault of the catalogue, and their {len(sound)} repaired twins. In {inside} of them the")
    print("fault stands in the source. The right codes were written down before anything was run. After the first")
    print("sight rules were widened by kind, and seven were added (RT666 to RT672).\n")
    heads = ("command", "when", "named by a right code", "of those in the source", "another finding alone",
             "rows of the catalogue", "twins with an alarm")  # fmt: skip
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for table, command in TABLES.items():
        for suffix, when in (("_first_sight", "first sight"), ("", "after tuning by kind")):
            rows, twins = (kept.load(f"catalogue_{table}_{kind}{suffix}") for kind in KINDS)
            known = [{**a, "later": ()} for a in broken] if suffix else broken
            found = {name(a): result(a, rows[name(a)]) for a in known}
            named = [a for a in known if found[name(a)] == "named"]
            cells = (
                f"{len(named)} of {len(broken)}", f"{sum(a['source'] for a in named)} of {inside}",
                sum(f == "other" for f in found.values()),
                f"{len({a['catalogue'] for a in named})} of {len({a['catalogue'] for a in broken})}",
                f"{sum(bool(row['codes']) for row in twins.values())} of {len(twins)}",
            )  # fmt: skip
            print(f"| `{command}` | {when} | {' | '.join(map(str, cells))} |")
    print("\nNot named by the two together:\n")
    rows = kept.load("catalogue_joined_broken")
    for answer in broken:
        if result(answer, rows[name(answer)]) != "named":
            print(f"- {answer['catalogue']}, {name(answer)}: {MISSED.get(name(answer), 'no rule sees it')}.")


def result(answer: Answer, row: dict[str, Any]) -> str:
    """`named` by a right finding, by a `note` alone, `other` for another finding, `missed` for none.

    Args:
        answer: what is right.
        row: what was said.
    """
    right = {*answer["right"], *answer.get("later", ())}
    if right & set(row["codes"]):
        return "named"
    if row["codes"]:
        return "other"
    return "note" if right & set(row["notes"]) else "missed"


def show(broken: Sequence[Answer], rows: Rows) -> None:
    """Print a line for each broken script.

    Args:
        broken: answers.
        rows: what was said, by script.
    """
    print("| kind | script | in a source | said | result |\n|---|---|---|---|---|")
    for answer in broken:
        row = rows[name(answer)]
        said = " ".join([*row["codes"], *(f"({code})" for code in row["notes"])]) or "-"
        ended = "" if row["code"] in (0, 1) else f", exit code {row['code']}"
        stands = "yes" if answer["source"] else "no"
        print(f"| {answer['catalogue']} | {name(answer)} | {stands} | {said}{ended} | {result(answer, row)} |")


def totals(broken: Sequence[Answer], rows: Rows) -> str:
    """How many broken scripts are named, all and of those whose fault stands in the source, and how many kinds.

    Args:
        broken: answers.
        rows: what was said, by script.
    """

    def count(some: Sequence[Answer]) -> str:
        found = Counter(result(a, rows[name(a)]) for a in some)
        return (
            f"{found['named']} of {len(some)} named, {found['note']} by a note alone, "
            f"{found['other']} by another finding alone, {found['missed']} missed"
        )

    kinds = {a["catalogue"] for a in broken}
    named = {a["catalogue"] for a in broken if result(a, rows[name(a)]) == "named"}
    inside = [a for a in broken if a["source"]]
    return f"{count(broken)}; where the fault stands in the source: {count(inside)}; {len(named)} of {len(kinds)} rows"


def alarms(rows: Rows) -> str:
    """What is said of the twins.

    Args:
        rows: what was said, by script.
    """
    loud = {key: row["codes"] for key, row in rows.items() if row["codes"]}
    listed = "; ".join(f"{key} {' '.join(codes)}" for key, codes in sorted(loud.items())) or "none"
    fatal = sum(bool(row["fatal"]) for row in rows.values())
    return f"{len(loud)} of {len(rows)} sound twins with an alarm ({listed}), {fatal} with a fatal one"


if __name__ == "__main__":
    main()
