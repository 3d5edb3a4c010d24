"""What is said of the programs of a folder whose right answers stand beside them, and is the faulty line named?

python benchmarks/answered.py FOLDER [--preset light] [--jobs N] [--results FOLDER] [--every-line] [--only PATTERN]

The folder holds `answers.toml`, with a table `[[program]]` for each program: `file`, `kind` ("broken" or "sound"), and
for a broken one `what` and `line`.
"""

import argparse
import tomllib
from pathlib import Path
from typing import Any

from forked import under
from kept import Plan

NEAR = 2
"""A finding so many lines from the faulty one is at it."""


def main() -> None:
    """Print a line for each broken program that is not named and each sound one that is, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", metavar="PATTERN", default="*")
    parser.add_argument("--preset", default="light")
    parser.add_argument("--every-line", action="store_true", help="a line for each program")
    Plan.options(parser)
    arguments = parser.parse_args()
    answers = tomllib.loads((arguments.folder / "answers.toml").read_text(encoding="utf-8"))["program"]
    answers = [a for a in answers if Path(a["file"]).match(arguments.only)]
    for kind in ("broken", "sound"):
        some = {Path(a["file"]).stem: a for a in answers if a["kind"] == kind}
        paths = [arguments.folder / a["file"] for a in some.values()]
        told = Plan.of(arguments).collect(f"answered_{kind}", paths, under(arguments.preset))
        for name, answer in some.items():
            if arguments.every_line or bool(told[name]["codes"]) != (kind == "broken"):
                print(line(answer, told[name]))
        counts(kind, some, told)


def line(answer: dict[str, Any], row: dict[str, Any]) -> str:
    """One program in one line.

    Args:
        answer: what is right.
        row: what was said.
    """
    said = " ".join(row["codes"]) or row["state"] + "".join(f" ({code})" for code in row["notes"])
    ended = "" if row["code"] == 0 else f", exit code {row['code']}"
    return f"{answer['file']}: {said}{ended}{', at the line' if placed(answer, row) else ''}; {answer.get('what', '')}"


def placed(answer: dict[str, Any], row: dict[str, Any]) -> bool:
    """True where a finding stands at the faulty line.

    Args:
        answer: what is right.
        row: what was said.
    """
    return "line" in answer and any(abs(answer["line"] - line) <= NEAR for line in row["lines"])


def counts(kind: str, answers: dict[str, dict[str, Any]], told: dict[str, dict[str, Any]]) -> None:
    """Print how many have a finding worse than a note.

    Args:
        kind: of the programs.
        answers: by program.
        told: what was said, by program.
    """
    rows = [told[name] for name in answers]
    near = sum(placed(answers[name], told[name]) for name in answers)
    print(
        f"{len(rows)} {kind} programs: {sum(bool(r['codes']) for r in rows)} with a finding worse than a note, "
        f"{sum(bool(r['fatal']) for r in rows)} with a fatal one, {near} at the faulty line"
    )


if __name__ == "__main__":
    main()
