"""How did a run end, by its own words: an exception, a signal, a scheduler that stopped it, or none of these?"""

import re

_BEGINS = "Traceback (most recent call last)"
_IGNORED = "Exception ignored in"
_LINKS = ("During handling of the above", "The above exception was")
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]{0,120}(?::.*)?")
_OTHER = re.compile(
    r"^\s{0,8}(?:Killed\b|Segmentation fault|Bus error|Aborted\b|Floating point exception|terminate called after)"
    r"|\(core dumped\)|oom[-_]kill|Out of memory: Kill|DUE TO TIME LIMIT|CANCELLED AT|DUE TO PREEMPTION"
    r"|^\S{0,60}(?:Error|Exception|Interrupt): (?![-+.\d])\S|CUDA error: |NCCL .{0,80}(?:timed? ?out|error)"
    r"|\bexitcode\s{0,3}: -\d|CUBLAS_STATUS_\w+FAIL|device-side assert",
)
LONGEST = 200


class Endings:
    """Follows the lines of a log and knows whether they tell of a run's death."""

    def __init__(self) -> None:
        self.inside = self.ignored = False
        self.prefix = ""

    def read(self, line: str) -> str | None:
        """What a line says of the end: its words, the empty string within a traceback, None where it says nothing.

        Args:
            line: without colours.
        """
        if _BEGINS in line:
            self.inside, self.prefix = True, line[: line.index(_BEGINS)]
            return "" if self.ignored else "an error"
        if _IGNORED in line:  # an object's end failed at exit, which harms nothing
            self.ignored = True
            return ""
        if not self.inside:
            return line.strip()[:LONGEST] if _OTHER.search(line) else None
        rest = line.removeprefix(self.prefix) if self.prefix else line
        if not rest.strip() or rest.startswith((" ", "\t")) or rest.startswith(_LINKS):
            return ""
        self.inside = False
        if self.ignored:
            self.ignored = False
            return ""
        return rest.strip()[:LONGEST] if _EXCEPTION.fullmatch(rest.strip()[:LONGEST]) else None


_HINTS = ("rror", "Kill", "kill", "fault", "Abort", "core dumped", "DUE TO", "CANCELLED", "xception", "nterrupt",
          "terminate", "exitcode", "assert", "CUBLAS", _BEGINS)  # fmt: skip


def may_end(text: str) -> bool:
    """Whether lines of this shape may tell of an end: a fast look before the slow one.

    Args:
        text: of a line, with or without its numbers.
    """
    return any(hint in text for hint in _HINTS)
