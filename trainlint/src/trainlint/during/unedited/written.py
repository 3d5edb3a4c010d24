"""On which line of the user's own code is the part of a model made that a finding is about?"""

import inspect
import re
from dataclasses import replace

from torch import nn

from ...findings import Finding
from ...verdict import Verdict
from ..weights.names import modules
from .frames import Line, is_users


def placed(verdict: Verdict, model: nn.Module) -> Verdict:
    """The verdict, in which findings about a part of the model that have no line carry the one that makes that part.

    Args:
        verdict: on a training.
        model: that is trained.
    """
    return replace(verdict, findings=tuple(with_line(f, model) for f in verdict.findings))


def with_line(finding: Finding, model: nn.Module) -> Finding:
    """A finding with the line that makes what it is about, where it is about a part of a model and has no line.

    Args:
        finding: of a training.
        model: that is trained.
    """
    first = finding.subject.split(" and ")[0].split(", ")[0]
    known = modules(model) if first and not finding.where else {}
    line = made_at(known, first) if first in known else None
    return finding if line is None else replace(finding, where=str(line))


def made_at(known: dict[str, nn.Module], name: str) -> Line | None:
    """The line that assigns a module to its name; of an entry of a container the line of the container.

    Args:
        known: all modules of the model by name.
        name: of one of them.
    """
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
