"""What stands of a verdict, after comments, settings and the command line have spoken?"""

import io
import linecache
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from ..before.source.checking import check_paths
from ..before.source.training import SourceFinding
from ..before.source.walking.reading import sources
from ..errors import InputError
from ..findings import Finding, State
from ..ledger import indented
from ..output import OUTPUTS, Entry, of_finding
from ..rules import RULES
from ..settings import Settings, known_code, settings_for
from ..verdict import Verdict
from .choices import Known


@dataclass(frozen=True, kw_only=True)
class Sifted:
    """Findings that stand, and account of those that do not."""

    entries: tuple[Entry, ...]
    ignored: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    tolerated: dict[str, tuple[int, str]] = field(default_factory=dict)

    def told(self) -> tuple[str, ...]:
        """One sentence for each code that was found and does not stand."""
        return (
            *(f"{code} tolerated ({count}): {why}" for code, (count, why) in sorted(self.tolerated.items())),
            *(f"{code} left out by settings ({count})" for code, count in sorted(self.left_out.items())),
            *([f"{self.ignored} ignored by comments"] * bool(self.ignored)),
        )


class Keeper:
    """Decides of one finding at a time whether it stands; `select` replaces the codes of the project, the others add.

    Raises:
        InputError: a code that no rule has.
    """

    def __init__(
        self,
        select: tuple[str, ...] = (),
        ignore: tuple[str, ...] = (),
        tolerate: dict[str, str] | None = None,
        root: Path | None = None,
    ) -> None:
        for code in (*select, *ignore):
            known_code(code, "the command line", beginning=True)
        self.select, self.ignore, self.root = select, ignore, root
        self.tolerate = {} if tolerate is None else tolerate
        self.errors: list[str] = []
        self._settings: dict[Path, Settings] = {}
        self._lines: dict[str, dict[int, set[str]]] = {}

    def sift(self, entries: Iterable[Entry]) -> Sifted:
        """Those that stand; what could not be read on the way is in `errors`.

        Raises:
            InputError: settings name something unknown.
        """
        given = list(entries)
        words = [self.word(entry) for entry in given]
        counted = Counter((word, e.code) for word, e in zip(words, given, strict=True))
        tolerated = {e.code: self._reason(e) for word, e in zip(words, given, strict=True) if word == "tolerated"}
        return Sifted(
            entries=tuple(e for word, e in zip(words, given, strict=True) if not word),
            ignored=sum(word == "ignored" for word in words),
            left_out={code: n for (word, code), n in counted.items() if word == "left out"},
            tolerated={code: (counted["tolerated", code], why) for code, why in tolerated.items()},
        )

    def word(self, entry: Entry) -> str:
        """Why a finding does not stand: `left out`, `ignored` or `tolerated`; empty where it does."""
        settings = self._of(entry.path)
        if self.select and not entry.code.startswith(self.select):
            return "left out"
        chosen = Settings(ignore=settings.ignore, per_file_ignores=settings.per_file_ignores, root=settings.root)
        wanted = (chosen if self.select else settings).wants(entry.code, entry.path)
        if not wanted or entry.code.startswith(self.ignore):
            return "left out"
        if entry.line is not None and entry.code in self._comments(entry.path).get(entry.line, ()):
            return "ignored"
        return "tolerated" if entry.code in settings.tolerate or entry.code in self.tolerate else ""

    def passing(self, path: str) -> frozenset[str]:
        """Codes that stand nowhere in a file, whatever its lines say: none of them may stop a run."""
        made = (Entry(rule=rule, severity=rule.severity, evidence="", path=path) for rule in RULES)
        return frozenset(entry.code for entry in made if self.word(entry))

    def _reason(self, entry: Entry) -> str:
        return self.tolerate.get(entry.code) or self._of(entry.path).tolerate[entry.code]

    def _of(self, path: str) -> Settings:
        folder = Path(path).parent if self.root is None else self.root
        if folder not in self._settings:
            self._settings[folder] = settings_for(folder)
        return self._settings[folder]

    def _comments(self, path: str) -> dict[int, set[str]]:
        if path not in self._lines:
            self._lines[path] = {}
            try:
                self._lines[path] = ignored_lines(Path(path).read_text(encoding="utf-8", errors="replace"), path)
            except InputError as error:
                self.errors.append(str(error))
            except (OSError, SyntaxError, tokenize.TokenError):  # gone, or no Python: nothing speaks in it
                pass
        return self._lines[path]


_COMMENT = re.compile(r"#\s*trainlint:\s*(.*)")
_IGNORE = re.compile(r"ignore\[([^\]]*)\]\s*(.*)")


def ignored_lines(text: str, path: str) -> dict[int, set[str]]:
    """Line numbers, and the codes that a comment `# trainlint: ignore[RT653] reason` lets pass there.

    Raises:
        InputError: a comment names no code, or one that no rule has.

    >>> ignored_lines("x = 1  # trainlint: ignore[RT653] the order matters", "a.py")
    {1: {'RT653'}}
    """
    found: dict[int, set[str]] = {}
    if "trainlint:" not in text:
        return found
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        comment = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
        if comment is not None:
            found.setdefault(token.start[0], set()).update(_codes(comment[1], f"{path}:{token.start[0]}"))
    return found


def _codes(told: str, where: str) -> set[str]:
    match = _IGNORE.match(told)
    codes = [c.strip() for c in match[1].split(",") if c.strip()] if match else []
    if not codes:
        raise InputError(
            f"`# trainlint: ignore[CODE] reason` in {where}",
            repr(told),
            "no code in brackets",
            "name the code that may stand there",
        ) from None
    for code in codes:
        known_code(code, where)
    return set(codes)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The outcome of a check."""

    sifted: Sifted
    errors: tuple[str, ...] = ()
    files: int = 0

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The findings that stand."""
        return self.sifted.entries

    def summary(self, shown: Sequence[Entry]) -> str:
        """One line on what was read and found, and one for each code that is tolerated or left out."""
        known = len(self.entries) - len(shown)
        parts = [f"files: {self.files}", f"findings: {len(shown)}"]
        parts += [f"known: {known}"] * bool(known)
        parts += [f"not read: {len(self.errors)}"] * bool(self.errors)
        return "\n".join([", ".join(parts), *(f"let pass: {told}" for told in self.sifted.told())])


def check(paths: Iterable[Path | str], *, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Checked:
    """Read files and folders, and keep the findings that nobody has let pass.

    Raises:
        InputError: a path does not exist, or settings name something unknown.
    """
    keeper = Keeper(select, ignore)
    files = list(sources(paths))
    found, errors = check_paths(files)
    sifted = keeper.sift(read_entry(each) for each in found)
    return Checked(sifted=sifted, errors=(*(str(e) for e in errors), *keeper.errors), files=len(files))


def read_entry(finding: SourceFinding) -> Entry:
    """The entry of a finding that was read in a source."""
    return Entry(**{each.name: getattr(finding, each.name) for each in fields(Entry)})


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A verdict without what is let pass, and its findings as every output prints them."""

    verdict: Verdict
    entries: tuple[Entry, ...]

    def text(self, output: str) -> str:
        """The verdict in one of the forms of `--output`."""
        if output == "text":
            return str(self.verdict)
        if output == "json":
            return indented(self.record())
        return OUTPUTS[output](self.entries, (), self.verdict.blind)

    def record(self) -> dict[str, object]:
        """The verdict's record, in which each finding has its place as in every other JSON."""
        record = self.verdict.record()
        found = record["findings"]
        told = found if isinstance(found, list) else []
        both = [{**one, **entry.record()} for one, entry in zip(told, self.entries, strict=True)]
        return {**record, "findings": both, "errors": []}

    @property
    def code(self) -> int:
        """The exit code: 0 for a healthy run, 3 where nothing was judged, 1 otherwise."""
        return 0 if self.verdict.healthy else 3 if self.verdict.state is State.NOT_JUDGED else 1


def judged_of(verdict: Verdict, path: str, keeper: Keeper, known: Known) -> Judged:
    """What stands of a verdict, after comments, settings and a baseline have spoken.

    Raises:
        InputError: settings name something unknown.
    """
    of = {entry_of(f, path): f for f in verdict.findings}
    sifted = keeper.sift(of)
    new = known.new(sifted.entries)
    standing = {of[entry].key for entry in new}
    others = {f.key for f in verdict.suspected if not keeper.word(entry_of(f, path))}
    passed = [*sifted.told(), *keeper.errors, *_known(sifted.entries, new)]
    kept = verdict.keeping(lambda f: f.key in standing | others, passed)
    return Judged(verdict=kept, entries=tuple(new))


def entry_of(finding: Finding, path: str) -> Entry:
    """A finding with its place: the line of the user's code where it is known, and what was read otherwise."""
    file, _, line = finding.where.rpartition(":")
    if not file or not line.isdigit():
        return of_finding(finding, path)
    return of_finding(finding, file, int(line), linecache.getline(file, int(line)).strip())


def _known(entries: Sequence[Entry], new: Sequence[Entry]) -> list[str]:
    known = [entry for entry in entries if entry not in new]
    return [f"{entry.code} {entry.rule.name}, known: {entry.evidence}" for entry in known]


def folder_of(script: str) -> Path:
    """Where settings for a script are looked for: its folder, or the present one for a module."""
    return Path(script).parent if Path(script).is_file() else Path()
