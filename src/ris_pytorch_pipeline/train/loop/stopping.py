"""Was a run asked to end? All of its processes end after the same update, once everything is kept."""

import torch

from ...files import Stop
from ..processes.together import Processes


def is_asked(stop: Stop | None, processes: Processes) -> bool:
    """Whether some process of the run was asked to end, told alike in each of them.

    Args:
        stop: what this process was asked; None where nobody listens, which must then be so in every process.
        processes: of the run.
    """
    if stop is None:
        return False
    mine = torch.tensor([float(stop.number is not None)], device=processes.device)
    return bool(processes.sum(mine) > 0)


def farewell(stop: Stop, where: str) -> str:
    """The line that says why a run ends, and how it goes on.

    Args:
        stop: what was asked.
        where: the files are.
    """
    asked = f"{stop.name or 'another process was told to stop'}: everything so far is kept"
    return f"[STOP] {asked} in {where}; go on with resume=True (--resume)"
