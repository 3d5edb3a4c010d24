"""How does a command print a verdict: what stands of it, in which form, and with which exit code?"""

import argparse
import linecache
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..findings import Finding, State
from ..ledger import indented
from ..output import OUTPUTS, Entry, of_finding
from ..verdict import Verdict
from .choices import Known, put
from .keeper import Keeper


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


def show(verdict: Verdict, path: str, keeper: Keeper, known: Known, arguments: argparse.Namespace) -> int:
    """Print what stands of a verdict, as the options of a command say.

    Returns:
        The exit code.
    """
    judged = judged_of(verdict, path, keeper, known)
    put(judged.text(arguments.output), arguments)
    return judged.code


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
