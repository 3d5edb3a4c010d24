"""Does a loop make smaller, judge by and report what it should: an error, on the right data, over the right count?"""

import ast
import re
from collections.abc import Iterator

from ....rules import source_model
from ..meaning.values import Tensor, Value, number
from ..training import SourceFinding, Training, at, tell
from ..walking.reader import tensors
from ..walking.scopes import SourceFile
from .criteria import reduction, terms

_GOOD = {"reward", "rewards", "return", "returns", "advantage", "advantages", "adv", "advs", "ret", "rets"}
_BAD = {"neg", "negative", "minus", "cost", "costs", "regret", "loss"}
_DRAWN = {"batch", "row", "index", "randn", "rand", "randint"}
_ASIDE = re.compile(
    r"(?:va|val|valid|validation|te|test|holdout)_(?:loader|dl|data\w*|ds|set|idx|ind\w+|[xXyY])"
    r"|(?:val|validation|test|holdout)_mask|(?:[xXyY]|data|inputs|labels|images)_(?:val|validation|test|holdout)"
)
"""A mask of what is valid holds nothing out."""
_SHORT = {"va", "val", "vl", "valid", "validation", "te", "test", "holdout"}
_TRAIN = re.compile(r"(?:\w+_)?train(?:_\w+)?|tr|tl")
_JUDGING = re.compile(r"eval|valid|test|score|no_grad|inference_mode")


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
            yield at(source_model.NEGATED, found[0][0], told)
        for term, sign in found:
            if sign > 0 and _rewarded(term):
                told = "the log probability times the reward is the loss: a step makes what was rewarded less likely"
                yield at(source_model.NEGATED, term, told)


def _similar_to_data(term: Tensor) -> bool:
    if term.op != "cosinesimilarity" or len(term.inputs) < 2:
        return False
    made = [any(t.module is not None for t in tensors(v)) for v in term.inputs[:2]]
    data = term.inputs[made.index(False)] if sorted(made) == [False, True] else None
    return isinstance(data, Tensor) and data.op in _DRAWN


def _rewarded(term: Tensor) -> bool:
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
    for each in tensors(value):
        if each.op == "neg" or (each.op == "mult" and any((number(v) or 0) < 0 for v in each.inputs)):
            return True
        if each.op == "sub" and isinstance(each.node, ast.BinOp):
            right = {w for n in ast.walk(each.node.right) for w in _named(n)}
            if right & _GOOD:
                return True
    return False


def pinball(training: Training) -> Iterator[SourceFinding]:
    """A quantile loss, the larger of `q * e` and `(q - 1) * e`, whose error is output less target: it learns 1 - q."""
    for made in (t for b in training.backwards if b.first for t in tensors(b.value)):
        sides = [v for v in made.inputs if isinstance(v, Tensor) and v.op == "mult" and len(v.inputs) == 2]
        if made.op not in {"max", "maximum"} or len(sides) != 2:
            continue
        written = [{ast.unparse(n) for n in ast.iter_child_nodes(s.node)} for s in sides]
        less = any(f"{a} - 1" in others for one, others in (written, written[::-1]) for a in one)
        for error in (e for e in sides[0].inputs if e in sides[1].inputs and isinstance(e, Tensor) and e.op == "sub"):
            computed = [any(t.module is not None for t in tensors(v)) for v in error.inputs]
            if less and computed == [True, False] and not any(abs(number(f) or 0) == 0.5 for f in sides[0].inputs):
                told = "the error of this quantile loss is output less target: it learns 1 - q for q"
                yield at(source_model.NEGATED, error, told)


def wrong_count(training: Training) -> Iterator[SourceFinding]:
    """Sums of items over a count of batches, or the reverse."""
    for file in training.reading.files:
        for loop in file.nodes:
            if isinstance(loop, ast.For):
                yield from _sums(file, loop, training)


def _sums(file: SourceFile, loop: ast.For, training: Training) -> Iterator[SourceFinding]:
    source_text = _iterated(loop)
    for node in ast.walk(loop):
        if not (isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name)):
            continue
        if ".item()" not in ast.unparse(node.value) or "loss" not in ast.unparse(node).lower():
            continue
        yield from _partly(file, loop, node)
        weighted = isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Mult) and _size(node.value)
        for division in _divisions(file, node.target.id, loop):
            count, reduced, told = ast.unparse(division), _reduced(node, training), ""
            if count == f"len({source_text})" and (weighted or reduced == "sum"):
                told = f"{'over items' if weighted else 'sums of batches'} and is divided by the number of batches"
            elif not isinstance(node.value, ast.BinOp) and count == f"len({source_text}.dataset)" and reduced == "mean":
                told = "means of batches and is divided by the number of items"
            if told:
                told = f"`{node.target.id}` sums {told}"
                yield tell(source_model.WRONG_COUNT, division, file, told, subject=node.target.id)


def _iterated(loop: ast.For) -> str:
    over = loop.iter
    while (
        isinstance(over, ast.Call) and ast.unparse(over.func).rsplit(".", 1)[-1] in {"enumerate", "tqdm"} and over.args
    ):
        over = over.args[0]
    return ast.unparse(over)


def _size(product: ast.BinOp) -> bool:
    sides = [ast.unparse(s) for s in (product.left, product.right)]
    return any(s.endswith((".size(0)", ".shape[0]")) or s.startswith("len(") for s in sides)


def _divisions(file: SourceFile, name: str, loop: ast.For) -> Iterator[ast.expr]:
    for statement in _after(file, loop):
        for node in ast.walk(statement):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and ast.unparse(node.left) == name:
                yield node.right
            elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div) and ast.unparse(node.target) == name:
                yield node.value
        if isinstance(statement, ast.Assign) and any(ast.unparse(t) == name for t in statement.targets):
            return


def _after(file: SourceFile, statement: ast.stmt) -> Iterator[ast.stmt]:
    owner = next((b for b in _blocks(file) if statement in b), None)
    if owner is not None:
        yield from owner[owner.index(statement) + 1 :]
        around = [n for n in file.nodes if isinstance(n, ast.With) and n.body is owner]
        for each in around:
            yield from _after(file, each)


def _partly(file: SourceFile, loop: ast.For, added: ast.AugAssign) -> Iterator[SourceFinding]:
    gates = [n for n in loop.body if isinstance(n, ast.If) and added in n.body]
    gated = [g for g in gates if ".step()" in ast.unparse(g) and any(isinstance(n, ast.Mod) for n in ast.walk(g.test))]
    ranged = isinstance(loop.iter, ast.Call) and ast.unparse(loop.iter.func) == "range" and len(loop.iter.args) == 1
    all_of_them = ast.unparse(loop.iter.args[0]) if ranged else f"len({_iterated(loop)})"  # pyright: ignore
    name = ast.unparse(added.target)
    for division in _divisions(file, name, loop) if gated else ():
        if ast.unparse(division) == all_of_them:
            told = f"`{name}` adds one loss of each window, and is divided by the number of all batches"
            yield tell(source_model.WRONG_COUNT, division, file, told, subject=name)


def _blocks(file: SourceFile) -> Iterator[list[ast.stmt]]:
    for node in file.nodes:
        if isinstance(node, ast.FunctionDef | ast.Module | ast.For | ast.While | ast.If | ast.With):
            yield node.body
            if isinstance(node, ast.If):
                yield node.orelse


def _reduced(node: ast.AugAssign, training: Training) -> str:
    for event in training.of("add"):
        value = event.value
        if event.node is node and isinstance(value, Tensor) and value.op == "item" and value.inputs:
            loss = value.inputs[0]
            plain = {"crossentropy", "mse", "nll", "l1", "binarycrossentropywithlogits"}
            return reduction(loss) if isinstance(loss, Tensor) and loss.op in plain else ""
    return ""


def trained_on(training: Training) -> Iterator[SourceFinding]:
    """Every loss that goes backward is one of data that are called validation or test."""
    found = [(file, node, _held_out(file, node)) for file in training.reading.files for node in _backwards(file)]
    for file, node, name in found if all(name for _, _, name in found) else ():
        yield tell(source_model.SAME_DATA, node, file, f"the loss that goes backward is one of `{name}`", subject=name)


def _backwards(file: SourceFile) -> list[ast.Call]:
    calls = [n for n in file.nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    return [n for n in calls if n.func.attr == "backward"]  # pyright: ignore[reportAttributeAccessIssue]


def _held_out(file: SourceFile, back: ast.Call) -> str:
    around = [n for n in file.nodes if isinstance(n, ast.For | ast.FunctionDef) and back in ast.walk(n)]
    loss = ast.unparse(back.func.value)  # pyright: ignore[reportAttributeAccessIssue]
    inside = next((n for n in reversed(around) if isinstance(n, ast.FunctionDef)), file.tree)
    made = [n.value for n in ast.walk(inside) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == loss]
    for each in (*(n.iter for n in around if isinstance(n, ast.For)), *made):
        for node in ast.walk(each):
            if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert) and _TRAIN.fullmatch(_last(node)):
                return ast.unparse(node)
            if isinstance(node, ast.Name | ast.Attribute) and _ASIDE.fullmatch(_last(node)):
                return _last(node)
    return ""


def _last(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2].lstrip("~")


def unread(training: Training) -> Iterator[SourceFinding]:
    """A split is made, its held-out part is read nowhere, and the model is judged on the other part."""
    for file in training.reading.files if training.backwards else ():
        read = {n.id for n in file.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        for node in file.nodes:
            names = _names(node.targets[0]) if isinstance(node, ast.Assign) else []
            left = [n for n in names if _is_aside(n) and n not in read]
            mine = {n for n in names if _TRAIN.fullmatch(n) and n in read}
            if left and mine and any(mine & _read(each) for each in file.nodes if _judges(each)):
                told = f"`{left[0]}` is read nowhere, and the model is judged on `{min(mine)}`"
                yield tell(source_model.SAME_DATA, node, file, told, subject=left[0])  # pyright: ignore


def _is_aside(name: str) -> bool:
    return name in _SHORT or _ASIDE.fullmatch(name) is not None


def _names(target: ast.expr) -> list[str]:
    return [n.id for n in target.elts if isinstance(n, ast.Name)] if isinstance(target, ast.Tuple) else []


def _read(node: ast.AST) -> set[str]:
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return set() if any(map(_is_aside, found)) else found


def _judges(node: ast.AST) -> bool:
    if isinstance(node, ast.With):
        return any(_JUDGING.search(ast.unparse(item.context_expr)) for item in node.items)
    return isinstance(node, ast.Call) and bool(node.args) and bool(_JUDGING.search(ast.unparse(node.func)))


CHECKS = (minimised, pinball, wrong_count, trained_on, unread)
