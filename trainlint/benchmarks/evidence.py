"""What is found of broken programs, and what is said of sound ones? Runs the tests' programs, and reads kept results.

python benchmarks/evidence.py > docs/evidence.md
"""

import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import catalogued
import evidence_strangers
import torch
from kept_cost import print_cost

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))

from during import healthy  # pyright: ignore[reportMissingImports] # noqa: E402
from failures.catalogue import CHECKED, WATCHED  # pyright: ignore[reportMissingImports] # noqa: E402
from failures.public import BUGS  # pyright: ignore[reportMissingImports] # noqa: E402
from failures.public_second import SECOND  # pyright: ignore[reportMissingImports] # noqa: E402
from failures.toy import codes  # pyright: ignore[reportMissingImports] # noqa: E402

WRITTEN = """\
The rows of the long runs were written last by these commits. Of 2026-11-28: scripts of the catalogue 82123ce (first
sight) and 0d99aa9, sound programs be449f0, mutants 4973945. Of 2026-11-27: first sight of the mutants 4bd3a60; peers,
and `trainlint check` and `trainlint log` beside them, 23504d7, 63b14a8, a3b6b31 and 4550d5a."""


@dataclass(frozen=True)
class Trial:
    """One broken program and its sound twin.

    Args:
        name: row of the catalogue, and what is wrong.
        watched: True where it ran under a watch, False where a check was handed a value.
        wanted: what must be said.
        said: what was said of the broken program.
        twin: what was said of the sound one.
    """

    name: str
    watched: bool
    wanted: str
    said: tuple[str, ...]
    twin: tuple[str, ...]

    @property
    def row(self) -> str:
        """Row of the catalogue."""
        return self.name.split()[0]

    @property
    def result(self) -> str:
        """`named`, `other` for another finding alone, `missed` for none."""
        return "named" if self.wanted in self.said else "other" if self.said else "missed"


def checked(check: Callable[[], Any]) -> tuple[str, ...]:
    """Codes of a check's findings."""
    return tuple(dict.fromkeys(finding.rule.code for finding in check()))


def programs() -> Iterator[Trial]:
    """Every row with a twin of its own: programs under a watch, and checks."""
    for name, (broken, wanted, twin) in WATCHED.items():
        yield Trial(name, True, wanted, codes(broken), codes(twin))
    for name, (broken, wanted, twin) in CHECKED.items():
        yield Trial(name, False, wanted, checked(broken), checked(twin))


def main() -> None:
    """Print the page."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print("# What is found, and what is not\n")
    print("Written by `python benchmarks/evidence.py`, which runs the programs of `tests/failures` and")
    print(
        "`tests/during`, counts, and reads the results of the long runs from `benchmarks/results`. Codes are explained"
    )
    print("in [rules.md](rules.md).\n")
    print(f"{WRITTEN}\n")
    _catalogue(list(programs()))
    print("\nWhat only a check finds, nobody sees who does not call it; [rules.md](rules.md) has the functions.")
    print("Replicas out of step (A21) are compared by a watch too where several processes run: two of them in")
    print("`tests/during/test_watch.py`.")
    _sound()
    _public()
    catalogued.section()
    evidence_strangers.main()
    print_cost()


def _catalogue(trials: list[Trial]) -> None:
    print("## Broken programs and their sound twins\n")
    print("| | a finding with the right code | another finding alone | no finding |\n|---|---|---|---|")
    kinds = {"under a watch": True, "handed to a check that one has to call": False}
    for kind, watched in kinds.items():
        some = [trial for trial in trials if trial.watched == watched]
        count = Counter(trial.result for trial in some)
        alarmed = sum(bool(trial.twin) for trial in some)
        print(f"| {len(some)} broken programs {kind} | {count['named']} | {count['other']} | {count['missed']} |")
        print(f"| {len(some)} sound twins of them | | {alarmed} | {len(some) - alarmed} |")
    rows: defaultdict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        rows[trial.row].append(trial)
    heads = ("row", "under a watch", "by a check", "named", "other", "missed", "twins with a finding")
    print(f"\n| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for row in sorted(rows, key=lambda name: (name[0], int(name[1:]))):
        found = Counter(trial.result for trial in rows[row])
        watched = sum(trial.watched for trial in rows[row])
        cells = [watched, len(rows[row]) - watched, found["named"], found["other"]]
        cells += [found["missed"], sum(bool(trial.twin) for trial in rows[row])]
        print(f"| {row} | {' | '.join(map(str, cells))} |")


def _sound() -> None:
    print("\n## Sound trainings\n\n| training | verdict |\n|---|---|")
    for training in healthy.TRAININGS:
        verdict = training().close()
        notes = f"; notes {' '.join(verdict.codes)}" if verdict.healthy and verdict.codes else ""
        print(f"| {training.__name__.replace('_', ' ')} | {verdict.state}{notes} |")


def _public() -> None:
    found = Counter[str]()
    missed = []
    for bug in (*BUGS, *SECOND):
        verdict = bug.program().close()
        right = bool(bug.code) and bug.code in verdict.codes
        kind = "named" if right else "other" if not verdict.healthy else "missed"
        found[kind] += 1
        missed += [bug.told] if kind == "missed" else []
    print("\n## Programs of the kinds that public questions describe\n")
    print("| programs | named | another finding alone | missed |\n|---|---|---|---|")
    print(f"| {sum(found.values())} | {found['named']} | {found['other']} | {found['missed']} |")
    print(f"\nMissed: {'; '.join(missed)}.")


if __name__ == "__main__":
    main()
