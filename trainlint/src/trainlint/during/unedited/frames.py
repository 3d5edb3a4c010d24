"""Which line of the user's own code is running, which one makes a part of the model, and by which names?"""

import inspect
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import FrameType

from torch import Tensor, nn
from torch.optim import Optimizer

from ...findings import Finding
from ...verdict import Verdict
from ..weights.names import modules

PACKAGE = str(Path(__file__).parents[2])
"""Our own folder: no frame of it is the user's."""
_STARTERS = (str(Path(__file__).with_name("script.py")), str(Path(PACKAGE) / "cli"))
"""Whoever is outside of these has started us: a console command, torchrun, a test."""
_LIBRARIES = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")})
_DEEPEST = 200
"""Frames looked at: a library's loop has about thirty above the user's line."""


@dataclass(frozen=True)
class Line:
    """A line of a file."""

    path: str
    number: int

    def __str__(self) -> str:
        """`train.py:41`, relative to the working directory where the file lies below it."""
        place, here = Path(self.path), Path.cwd()
        return f"{place.relative_to(here) if place.is_relative_to(here) else place}:{self.number}"


@lru_cache(maxsize=4096)
def is_users(path: str) -> bool:
    """True for a file that is neither ours, nor Python's, nor that of an installed package."""
    if path.startswith(("<", PACKAGE)):
        return False
    parts = Path(path).parts
    return not path.startswith(_LIBRARIES) and "site-packages" not in parts and "dist-packages" not in parts


def users_frames() -> Iterator[FrameType]:
    """The frames of the user's code, innermost first; what is around our own command is its starter's."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_DEEPEST):
        if frame is None or frame.f_code.co_filename.startswith(_STARTERS):
            return
        if is_users(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back


def users_line() -> Line | None:
    """The innermost line of the user's code that is running; None where there is none."""
    frame = next(users_frames(), None)
    return None if frame is None else Line(frame.f_code.co_filename, frame.f_lineno)


def name_in(frame: FrameType, wanted: object) -> str | None:
    """By which name a frame knows an object: a variable, or an attribute of one of its own objects."""
    for name, value in frame.f_locals.items():
        if value is wanted and name != "self":
            return name
    holder = frame.f_locals.get("self")
    inside = vars(holder) if hasattr(holder, "__dict__") else {}
    known = (*inside.items(), *frame.f_globals.items())
    return next((name for name, value in known if value is wanted), None)


def called(tensors: Iterable[Tensor]) -> dict[Tensor, str]:
    """What the user's running code calls some tensors, where it has names for them."""
    frame = next(users_frames(), None)
    names = ((t, name_in(frame, t)) for t in tensors) if frame is not None else ()
    return {t: name for t, name in names if name is not None}


def known_here(optimizer: Optimizer) -> bool:
    """True where the user's running code has a variable for a module that holds a parameter of an optimiser."""
    held = {p for group in optimizer.param_groups for p in group["params"]}
    for frame in users_frames():
        for value in (*frame.f_locals.values(), *frame.f_globals.values()):
            if isinstance(value, nn.Module) and any(p in held for p in value.parameters()):
                return True
    return False


def placed(verdict: Verdict, model: nn.Module) -> Verdict:
    """The verdict, in which findings about a part of the model that have no line carry the one that makes that part."""
    return replace(verdict, findings=tuple(with_line(f, model) for f in verdict.findings))


def with_line(finding: Finding, model: nn.Module) -> Finding:
    """A finding with the line that makes what it is about, where it is about a part of a model and has no line."""
    first = finding.subject.split(" and ")[0].split(", ")[0]
    known = modules(model) if first and not finding.where else {}
    line = made_at(known, first) if first in known else None
    return finding if line is None else replace(finding, where=str(line))


def made_at(known: dict[str, nn.Module], name: str) -> Line | None:
    """The line that assigns a module to its name; of an entry of a container the line of the container."""
    while name:
        above, _, own = name.rpartition(".")
        line = _assigned(type(known[above]), own) if above in known else None
        if line is not None:
            return line
        name = above
    return None


def _assigned(kind: type, name: str) -> Line | None:
    try:
        path, (lines, start) = inspect.getfile(kind), inspect.getsourcelines(kind)
    except (OSError, TypeError):  # made at run time, or by a file that is gone
        return None
    wanted = re.compile(rf"\bself\.{re.escape(name)}\b\s*(:[^=]+)?=[^=]")
    found = next((start + i for i, text in enumerate(lines) if wanted.search(text)), None)
    return Line(path, found) if found is not None and is_users(path) else None
