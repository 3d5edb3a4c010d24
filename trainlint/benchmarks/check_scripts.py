"""How many of the broken scripts does `trainlint check` name, and of how many sound ones does it speak?

Run: python benchmarks/check_scripts.py [FOLDER...]. A folder with `broken/faults.toml` and `sound/` gives both tables;
any other folder is taken as sound, for sources in which every finding is almost surely wrong.
"""

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from trainlint.before.source.checking import check_paths
from trainlint.before.source.training import SourceFinding
from trainlint.before.source.walking.reading import sources
from trainlint.findings import Severity

HERE = Path(__file__).parent / "scripts"
NEAR = 1
"""A finding one line beside the marked one is at the marked statement."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was said of one broken script."""

    script: str
    kind: str
    found: tuple[SourceFinding, ...]
    lines: tuple[int, ...]

    @property
    def warned(self) -> bool:
        """True where a finding is worse than a note."""
        return any(f.severity is not Severity.NOTE for f in self.found)

    @property
    def placed(self) -> bool:
        """True where a finding stands at a line that the author marked."""
        return any(abs(f.line - line) <= NEAR for f in self.found for line in self.lines)


def broken(folder: Path) -> Iterator[Outcome]:
    """The outcome of each script that carries one fault."""
    faults = tomllib.loads((folder / "faults.toml").read_text(encoding="utf-8"))
    for name, fault in sorted(faults.items()):
        found, _ = check_paths([folder / name])
        yield Outcome(script=name, kind=fault["kind"], found=tuple(found), lines=(fault["line"], *fault["also"]))


def sound(folder: Path) -> tuple[int, list[SourceFinding], int]:
    """How many files were read, what was said of them, and how many could not be read."""
    paths = list(sources([folder]))
    found, errors = check_paths(paths)
    return len(paths), found, len(errors)


def table(outcomes: Sequence[Outcome]) -> str:
    """One line for each broken script."""
    lines = ["| script | kind | finding | at the marked line |", "|---|---|---|---|"]
    for o in outcomes:
        told = ", ".join(f"{f.code} {f.name}{' (note)' * (f.severity is Severity.NOTE)}" for f in o.found) or "-"
        lines.append(f"| {o.script} | {o.kind} | {told} | {'yes' if o.placed else 'no'} |")
    return "\n".join(lines)


def totals(outcomes: Sequence[Outcome]) -> str:
    """The counts that the page of evidence quotes."""
    warned, named = sum(o.warned for o in outcomes), sum(bool(o.found) for o in outcomes)
    placed = sum(o.placed for o in outcomes)
    kinds = {o.kind for o in outcomes if o.found}
    return (
        f"broken: {named} of {len(outcomes)} named ({warned} by a warning), {placed} at the marked line, "
        f"{len(kinds)} of {len({o.kind for o in outcomes})} kinds, "
        f"{sum(max(len(o.found) - 1, 0) for o in outcomes)} further findings"
    )


def alarms(name: str, count: int, found: Sequence[SourceFinding], unread: int, seconds: float) -> str:
    """The counts of a sound folder."""
    loud = [f for f in found if f.severity is not Severity.NOTE]
    by_code = ", ".join(f"{code} {n}" for code, n in sorted(Counter(f.code for f in found).items())) or "none"
    files = len({f.path for f in loud})
    return (
        f"sound, {name}: {files} of {count} files with an alarm, {len(found) - len(loud)} notes ({by_code}), "
        f"{unread} not read, {seconds:.1f} s of processor time"
    )


def main(folders: Sequence[str]) -> None:
    """Print the tables."""
    for folder in [Path(f) for f in folders] or [HERE]:
        quiet = folder
        if (folder / "broken" / "faults.toml").is_file():
            outcomes = list(broken(folder / "broken"))
            print(table(outcomes), totals(outcomes), sep="\n\n")
            quiet = folder / "sound"
        start = process_time()
        count, found, unread = sound(quiet)
        print(alarms(quiet.name, count, found, unread, process_time() - start))
        for each in found:
            print(f"  {each.path}:{each.line}: {each.code} {each.name}: {each.evidence}")


if __name__ == "__main__":
    main(sys.argv[1:])
