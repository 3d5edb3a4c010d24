"""What does a log show while it is still being written?"""

from io import TextIOWrapper
from pathlib import Path

from ..findings import Finding, Stage
from ..verdict import Verdict
from .judging.verdicts import findings, verdict
from .postmortem import diagnose_path
from .reading.documents import is_event_file
from .reading.reader import Reader
from .reading.sources import find
from .reading.text import LONGEST_PIECE, clean, opened

GROWN = 1.02
"""A log is judged again when it holds 2 % more values: judging all of them costs as much as reading a few."""
_WHOLE = frozenset((".json", ".jsonl"))


class Follower:
    """Reads a log as it grows, and tells each finding once: when it comes, and when it no longer holds.

    Raises:
        InputError: nothing there, or nothing that can be read.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = find(Path(path))
        self._by_line = self.path.suffix not in _WHOLE and not is_event_file(self.path)
        self._told: dict[tuple[str, str], Finding] = {}
        self._size = self._judged = 0
        self._begin()

    def _begin(self) -> None:
        self._reader, self._rest = Reader(self.path.stem), ""
        self._file: TextIOWrapper | None = None

    def poll(self) -> list[Finding]:
        """Findings since the last call; those that no longer hold come with the stage withdrawn."""
        size = self.path.stat().st_size
        if size == self._size:
            return []
        if size < self._size:  # written anew
            self.close()
            self._begin()
            self._judged = 0
        self._size = size
        if not self._by_line:
            return self._new(diagnose_path(self.path).findings)
        self._read()
        values = self._reader.log.count
        if not self._reader.log.ended and values < GROWN * self._judged:
            return []
        self._judged = values
        return self._new(findings(self._reader.log))

    def _read(self) -> None:
        if self._file is None:
            self._file = opened(self.path)
        while part := self._file.readline(LONGEST_PIECE):
            self._rest += part
            if part.endswith("\n") or len(self._rest) >= LONGEST_PIECE:
                self._take()

    def _take(self) -> None:
        for line in clean(self._rest):
            self._reader.line(line)
        self._rest = ""

    def _new(self, found: tuple[Finding, ...] | list[Finding]) -> list[Finding]:
        now = {f.key: f for f in found}
        came = [f for key, f in now.items() if key not in self._told or self._told[key].severity != f.severity]
        gone = [f for key, f in self._told.items() if key not in now]
        self._told = now
        return [*came, *(f.rule.withdrawn("later values no longer show it", subject=f.subject) for f in gone)]

    def verdict(self) -> Verdict:
        """The verdict on all that was written so far."""
        if not self._by_line:
            return diagnose_path(self.path)
        self._read()
        if self._rest:
            self._take()
        return verdict(self._reader.log)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def told(finding: Finding) -> str:
    """A finding in one line, as it comes."""
    return f"withdrawn: {finding.rule.code} {finding.evidence}" if finding.stage is Stage.WITHDRAWN else finding.line
