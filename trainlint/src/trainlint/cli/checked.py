"""What is left of the findings of a check, after comments and settings have spoken?"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..before.source.checking import check_paths
from ..before.source.comments import ignored_lines
from ..before.source.reading import sources
from ..before.source.suspicion import SourceFinding
from ..entry import Entry
from ..errors import InputError
from ..settings import Settings, known_code, settings_for


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The outcome of a check.

    Args:
        entries: the findings that stand.
        errors: what could not be read, one sentence each.
        files: how many files were read.
        ignored: how many findings comments let pass.
        tolerated: code, how often it was found, and the reason why it may stand.
    """

    entries: tuple[Entry, ...]
    errors: tuple[str, ...] = ()
    files: int = 0
    ignored: int = 0
    tolerated: dict[str, tuple[int, str]] = field(default_factory=dict)

    def summary(self, shown: Sequence[Entry]) -> str:
        """One line on what was read and found, and one for each code that is tolerated.

        Args:
            shown: the findings that are printed.
        """
        known = len(self.entries) - len(shown)
        parts = [f"{self.files} files", f"{len(shown)} findings"]
        parts += [f"{known} known"] * bool(known) + [f"{self.ignored} ignored by comments"] * bool(self.ignored)
        parts += [f"{len(self.errors)} files not read"] * bool(self.errors)
        told = [f"tolerated: {code} ({count}): {why}" for code, (count, why) in sorted(self.tolerated.items())]
        return "\n".join([", ".join(parts), *told])


def check(paths: Iterable[Path | str], *, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Checked:
    """Read files and folders, and keep the findings that nobody has let pass.

    Args:
        paths: Python files and folders.
        select: codes or their beginnings; given, they replace those of the project.
        ignore: codes or their beginnings, beside those of the project.

    Raises:
        InputError: a path does not exist, or settings name something unknown.
    """
    for code in (*select, *ignore):
        known_code(code, "the command line", beginning=True)
    files = list(sources(paths))
    found, errors = check_paths(files)
    told = [str(e) for e in errors]
    keeper = _Keeper(select, ignore)
    kept = [f for f in found if keeper.keeps(f, told)]
    return Checked(
        entries=tuple(_entry(f) for f in kept),
        errors=tuple(told),
        files=len(files),
        ignored=keeper.ignored,
        tolerated={c: (n, keeper.reasons[c]) for c, n in keeper.tolerated.items()},
    )


class _Keeper:
    def __init__(self, select: tuple[str, ...], ignore: tuple[str, ...]) -> None:
        self.select, self.ignore = select, ignore
        self.ignored = 0
        self.tolerated: Counter[str] = Counter()
        self.reasons: dict[str, str] = {}
        self._settings: dict[Path, Settings] = {}
        self._lines: dict[str, dict[int, set[str]]] = {}

    def keeps(self, finding: SourceFinding, errors: list[str]) -> bool:
        settings = self._of(finding.path)
        if self.select and not finding.code.startswith(self.select):
            return False
        chosen = Settings(ignore=settings.ignore, per_file_ignores=settings.per_file_ignores, root=settings.root)
        if finding.code.startswith(self.ignore) or not (chosen if self.select else settings).wants(
            finding.code, finding.path
        ):
            return False
        if finding.code in self._comments(finding.path, errors).get(finding.line, ()):
            self.ignored += 1
            return False
        if finding.code in settings.tolerate:
            self.tolerated[finding.code] += 1
            self.reasons[finding.code] = settings.tolerate[finding.code]
            return False
        return True

    def _of(self, path: str) -> Settings:
        folder = Path(path).parent
        if folder not in self._settings:
            self._settings[folder] = settings_for(folder)
        return self._settings[folder]

    def _comments(self, path: str, errors: list[str]) -> dict[int, set[str]]:
        if path not in self._lines:
            try:
                self._lines[path] = ignored_lines(Path(path).read_text(encoding="utf-8", errors="replace"), path)
            except InputError as error:
                self._lines[path] = {}
                errors.append(str(error))
        return self._lines[path]


def _entry(finding: SourceFinding) -> Entry:
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
