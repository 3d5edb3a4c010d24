"""Is what is made smaller an error: a similarity, the log probability of rewarded actions?"""

import ast
from collections.abc import Iterator

from ....rules import source_model
from ..meaning.values import Tensor, Value, number
from ..suspicion import SourceFinding, tell
from ..training import Training
from ..walking.reader import tensors
from .criteria import terms

_GOOD = {"reward", "rewards", "return", "returns", "advantage", "advantages", "adv", "advs", "ret", "rets"}
_BAD = {"neg", "negative", "minus", "cost", "costs", "regret", "loss"}
_DRAWN = {"batch", "row", "index", "randn", "rand", "randint"}


def minimised(training: Training) -> Iterator[SourceFinding]:
    """A similarity to data, or the log probability of what was rewarded, as a loss of its own."""
    if training.library or training.reading.text_has("maximize=True"):
        return
    for back in training.backwards:
        found = list(terms(back.value, 1))
        if not back.first or not training.reach(back.value)[0].keys() & training.trained:
            continue
        if len(found) == 1 and found[0][1] > 0 and _similar_to_data(found[0][0]):
            told = "the cosine similarity of output and target is the loss: a step makes them less alike"
            yield tell(source_model.NEGATED, found[0][0].node, found[0][0].file, told)
        for term, sign in found:
            if sign > 0 and _rewarded(term):
                told = "the log probability times the reward is the loss: a step makes what was rewarded less likely"
                yield tell(source_model.NEGATED, term.node, term.file, told)


def _similar_to_data(term: Tensor) -> bool:
    """True where one side comes from the model, and the other is data as they are."""
    if term.op != "cosinesimilarity" or len(term.inputs) < 2:
        return False
    made = [any(t.module is not None for t in tensors(v)) for v in term.inputs[:2]]
    data = term.inputs[made.index(False)] if sorted(made) == [False, True] else None
    return isinstance(data, Tensor) and data.op in _DRAWN


def _rewarded(term: Tensor) -> bool:
    """True for a product of a log probability and of what is good by its name, itself not turned around."""
    if term.op != "mult" or len(term.inputs) != 2:
        return False
    sides = [isinstance(v, Tensor) and v.op == "logprob" for v in term.inputs]
    if sorted(sides) != [False, True] or not isinstance(term.node, ast.BinOp):
        return False
    written = (term.node.left, term.node.right)[sides.index(False)]
    words = {w for n in ast.walk(written) for w in _named(n)}
    return bool(words & _GOOD) and not words & _BAD and not _turned(term.inputs[sides.index(False)])


def _named(node: ast.AST) -> list[str]:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.lower().split("_")


def _turned(value: Value) -> bool:
    """True where a minus sign stands in the making of a value, as in `baseline - reward`."""
    for each in tensors(value):
        if each.op == "neg" or (each.op == "mult" and any((number(v) or 0) < 0 for v in each.inputs)):
            return True
        if each.op == "sub" and isinstance(each.node, ast.BinOp):
            right = {w for n in ast.walk(each.node.right) for w in _named(n)}
            if right & _GOOD:
                return True
    return False


CHECKS = (minimised,)
