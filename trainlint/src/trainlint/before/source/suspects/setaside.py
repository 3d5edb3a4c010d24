"""Is what is called validation or test kept out of the training, and is it what the model is judged on?"""

import ast
import re
from collections.abc import Iterator

from ....rules import source_model
from ..training import SourceFinding, Training, tell
from ..walking.scopes import SourceFile

_ASIDE = re.compile(
    r"(?:va|val|valid|validation|te|test|holdout)_(?:loader|dl|data\w*|ds|set|idx|ind\w+|[xXyY])"
    r"|(?:val|validation|test|holdout)_mask|(?:[xXyY]|data|inputs|labels|images)_(?:val|validation|test|holdout)"
)
"""A mask of what is valid holds nothing out."""
_SHORT = {"va", "val", "vl", "valid", "validation", "te", "test", "holdout"}
_TRAIN = re.compile(r"(?:\w+_)?train(?:_\w+)?|tr|tl")
_JUDGING = re.compile(r"eval|valid|test|score|no_grad|inference_mode")


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


CHECKS = (trained_on, unread)
