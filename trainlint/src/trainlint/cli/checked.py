"""What is left of the findings of a check, after comments and settings have spoken?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..before.source.checking import check_paths
from ..before.source.suspicion import SourceFinding
from ..before.source.walking.reading import sources
from ..entry import Entry
from .keeper import Keeper, Sifted


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The outcome of a check.

    Args:
        sifted: the findings that stand, and account of the others.
        errors: what could not be read, one sentence each.
        files: how many files were read.
    """

    sifted: Sifted
    errors: tuple[str, ...] = ()
    files: int = 0

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The findings that stand."""
        return self.sifted.entries

    def summary(self, shown: Sequence[Entry]) -> str:
        """One line on what was read and found, and one for each code that is tolerated or left out.

        Args:
            shown: the findings that are printed.
        """
        known = len(self.entries) - len(shown)
        parts = [f"{self.files} files", f"{len(shown)} findings"]
        parts += [f"{known} known"] * bool(known)
        parts += [f"{len(self.errors)} files not read"] * bool(self.errors)
        return "\n".join([", ".join(parts), *(f"let pass: {told}" for told in self.sifted.told())])


def check(paths: Iterable[Path | str], *, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Checked:
    """Read files and folders, and keep the findings that nobody has let pass.

    Args:
        paths: Python files and folders.
        select: codes or their beginnings; given, they replace those of the project.
        ignore: codes or their beginnings, beside those of the project.

    Raises:
        InputError: a path does not exist, or settings name something unknown.
    """
    keeper = Keeper(select, ignore)
    files = list(sources(paths))
    found, errors = check_paths(files)
    sifted = keeper.sift(entry_of(each) for each in found)
    return Checked(sifted=sifted, errors=(*(str(e) for e in errors), *keeper.errors), files=len(files))


def entry_of(finding: SourceFinding) -> Entry:
    """The entry of a finding that was read in a source.

    Args:
        finding: with its place.
    """
    return Entry(
        rule=finding.rule,
        severity=finding.severity,
        evidence=finding.evidence,
        path=finding.path,
        line=finding.line,
        column=finding.column,
        source=finding.source,
        subject=finding.subject,
    )
