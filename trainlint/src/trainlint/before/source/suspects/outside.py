"""Does backward stand behind the loop over the batches?"""

import ast
from collections.abc import Iterator

from ....rules import source
from ..meaning.torchfacts import LOSSES
from ..meaning.values import Tensor, Value
from ..suspicion import SourceFinding
from ..training import Training, subject_of
from ..walking.events import Event, Loop, unwrapped
from ..walking.reader import tensors
from .batchloops import inside
from .telling import at

_PLAIN = {"add", "sub", "mult", "div", "scaled", "neg", "mean", "sum", *LOSSES}


def outside_batches(training: Training) -> Iterator[SourceFinding]:
    """Backward behind the batch loop, on its last loss or on its last batch."""
    used = {loop for b in training.backwards for loop in b.loops}
    idle = [e.loops[-1] for e in training.of("loop") if e.loops and e.first and e.loops[-1] not in used]
    idle = [loop for loop in idle if _over_batches(loop)]
    for back in training.backwards if idle else ():
        for loop in (loop for loop in idle if _after(back, loop)):
            what = _of_the_last_round(training, back.value, loop)
            if what:
                told = f"it stands behind the batch loop of line {loop.node.lineno}, on its last {what}"
                yield at(source.OUTSIDE_BATCHES, back, told, subject=subject_of(back.node))
                break


def _after(back: Event, loop: Loop) -> bool:
    return back.file is loop.file and back.line > (loop.node.end_lineno or 0)


def _over_batches(loop: Loop) -> bool:
    if not isinstance(loop.node, ast.For):
        return False
    pieces = any(isinstance(v, Tensor) and v.op in {"split", "chunk"} for v in unwrapped(loop.over))
    return loop.batches or pieces or "loader" in ast.unparse(loop.node.iter).lower()


def _of_the_last_round(training: Training, value: Value, loop: Loop) -> str:
    """What of the loop's last round a loss is made of: the loss itself, or a batch of a loop that does nothing else."""
    if isinstance(value, Tensor) and inside(value.node, value.file, loop) and _of_one_round(value):
        return "loss" if training.reach(value)[0] else ""
    loss = _last_loss(value)
    if loss is None:
        return ""
    if inside(loss.node, loss.file, loop):
        return "loss"
    made = [t for t in tensors(loss) if t is not loss and inside(t.node, t.file, loop)]
    return "batch" if made and _only_assigns(loop) else ""


def _of_one_round(value: Tensor) -> bool:
    """True where a value is no sum over the rounds: the line that made it does not go into it again."""
    return value.op in _PLAIN and not any(t is not value and t.node is value.node for t in tensors(value))


def _last_loss(value: Value) -> Tensor | None:
    while isinstance(value, Tensor) and value.op in {"scaled", "div", "mult", "neg", "mean"} and value.inputs:
        value = value.inputs[0]
    return value if isinstance(value, Tensor) and value.op in LOSSES else None


def _only_assigns(loop: Loop) -> bool:
    """True for a loop whose body gives names new values in each round, and keeps nothing of the rounds before."""
    for each in loop.node.body:
        if not isinstance(each, ast.Assign):
            return False
        names = {n.id for t in each.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        plain = all(isinstance(n, ast.Name | ast.Tuple | ast.Store) for t in each.targets for n in ast.walk(t))
        if not plain or names & {n.id for n in ast.walk(each.value) if isinstance(n, ast.Name)}:
            return False
    return True


CHECKS = (outside_batches,)
