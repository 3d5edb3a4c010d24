"""What does `diagnose` find of the failures in the tests, and what does it say of sound trainings? Runs and counts.

python benchmarks/diagnosing_evidence.py > docs/diagnosing-evidence.md
"""

import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))

from diagnose import test_healthy as healthy  # pyright: ignore[reportMissingImports] # noqa: E402
from failures import (  # pyright: ignore[reportMissingImports] # noqa: E402
    test_data,
    test_losses,
    test_movement,
    test_numbers,
    test_runs,
    test_trainer_faults,
    test_updates,
)
from failures.public import BUGS  # pyright: ignore[reportMissingImports] # noqa: E402
from failures.public_second import SECOND  # pyright: ignore[reportMissingImports] # noqa: E402
from failures.toy import codes  # pyright: ignore[reportMissingImports] # noqa: E402


@dataclass(frozen=True)
class Trial:
    """One broken program and its sound twin.

    Args:
        name: row of the catalogue, and what is wrong.
        wanted: what must be said.
        said: what was said of the broken program.
        twin: what was said of the sound one.
    """

    name: str
    wanted: str
    said: tuple[str, ...]
    twin: tuple[str, ...]

    @property
    def result(self) -> str:
        """`named`, `other` for another finding alone, `missed` for none."""
        return "named" if self.wanted in self.said else "other" if self.said else "missed"


def checked(check: Callable[[], Any]) -> tuple[str, ...]:
    """Codes of a check's findings."""
    return tuple(dict.fromkeys(finding.rule.code for finding in check()))


def programs() -> Iterator[Trial]:
    """Every row with a twin of its own: programs under a watch, and checks."""
    watched = [test_updates.ROWS, test_movement.ROWS, test_losses.WATCHED, test_numbers.WATCHED, test_runs.WATCHED]
    plain = [test_losses.CHECKED, test_numbers.CHECKED, test_data.ROWS, test_runs.CHECKED]
    for tables, ask in ((watched, codes), (plain, checked)):
        for table in tables:
            for name, (broken, wanted, twin) in table.items():
                yield Trial(name, wanted, ask(broken), ask(twin))


def trainer_rows() -> Iterator[tuple[str, str, str, str]]:
    """Fault, what a run of one epoch says and when, and the preflight's line with its finding."""
    for name, row in test_trainer_faults.RUNS.items():
        said, batches = test_trainer_faults.told(row)
        when = f"after batch {batches}" if batches else "before the first batch ends"
        ran = f"{row.says}, {when}" if row.says in said else "missed"
        yield name, ran, *_preflight(row.build, row.line, row.code)
    for name, (build, line, code) in test_trainer_faults.PREFLIGHT.items():
        yield name, "", *_preflight(build, line, code)


def _preflight(build: Callable[[], Any], line: str, code: str) -> tuple[str, str]:
    if not line:
        return "", ""
    return line, code if code in test_trainer_faults.failing(build()).get(line, set()) else "missed"


def main() -> None:
    """Print the page."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print("# What is found, and what is not\n")
    print("Written by `python benchmarks/diagnosing_evidence.py`, which runs the programs of `tests/failures` and")
    print("`tests/diagnose` and counts. Codes are explained in [diagnosing.md](diagnosing.md).\n")
    rows: defaultdict[str, list[Trial]] = defaultdict(list)
    for trial in programs():
        rows[trial.name.split()[0]].append(trial)
    _catalogue(rows)
    print("\nA9 is among the faults in our own Trainer below. A21, replicas out of step, is tried with two processes")
    print("in `tests/diagnose/test_watch.py`.")
    _sound()
    _public()
    print("\n## Faults in our own Trainer\n")
    print("| fault | a run of one epoch | line of the preflight | its finding |\n|---|---|---|---|")
    for row in trainer_rows():
        print(f"| {' | '.join(cell or '-' for cell in row)} |")
    clean = test_trainer_faults.failing(test_trainer_faults.sound()) == {}
    print(f"\nThe sound twin: preflight {'clean' if clean else 'with findings'}.")


def _catalogue(rows: dict[str, list[Trial]]) -> None:
    every = [trial for trials in rows.values() for trial in trials]
    count = Counter(trial.result for trial in every)
    alarmed = sum(bool(trial.twin) for trial in every)
    print("## Broken programs and their sound twins\n")
    print("| | a finding with the right code | another finding alone | no finding |\n|---|---|---|---|")
    print(f"| {len(every)} broken programs | {count['named']} | {count['other']} | {count['missed']} |")
    print(f"| {len(every)} sound twins | | {alarmed} | {len(every) - alarmed} |\n")
    print("| row | programs | named | other | missed | twins with a finding |\n|---|---|---|---|---|---|")
    for row in sorted(rows, key=lambda name: (name[0], int(name[1:]))):
        trials = rows[row]
        found = Counter(trial.result for trial in trials)
        cells = [len(trials), found["named"], found["other"], found["missed"], sum(bool(t.twin) for t in trials)]
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
