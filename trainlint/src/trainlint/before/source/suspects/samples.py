"""Are the samples what they are taken for: new ones for validation, angles in radians, inputs without the answer?"""

import ast
import re
from collections.abc import Iterator

from ....findings import Severity
from ....rules import source_model
from ..meaning.values import Tensor, Value
from ..suspicion import SourceFinding, at, tell
from ..training import Training
from ..walking.reader import tensors
from ..walking.scopes import SourceFile
from .criteria import all_losses
from .heldout import held_out

_SEEDING = ("manual_seed", "default_rng", "seed", "RandomState", "Random")
_ROUND = ("sin", "cos", "tan")
_DEGREES = re.compile(r"(^|_)deg(s|rees?)?(_|$)", re.IGNORECASE)
Makers = dict[str, tuple[list[str], str, str]]


def same_seed(training: Training) -> Iterator[SourceFinding]:
    """Two sets made by one function from one seed, of which one is held out: it repeats the other's samples."""
    for file in training.reading.files if training.backwards else ():
        makers = dict(_makers(file))
        made: dict[str, tuple[str, list[ast.expr]]] = {}
        for node in file.nodes if makers else ():
            if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
                continue
            names = [n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)]
            maker = ast.unparse(node.value.func)
            if maker not in makers or not names:
                continue
            seed, others = _arguments(node.value, makers[maker])
            before, with_others = made.setdefault(f"{maker} {seed}", (names[0], others))
            if held_out(names[0]) != held_out(before) and _sizes(others, with_others):
                told = f"`{names[0]}` is drawn from the seed of `{before}`: it has the same samples"
                yield tell(source_model.SAME_DATA, node.value, file, told, subject=names[0])


def _makers(file: SourceFile) -> Iterator[tuple[str, tuple[list[str], str, str]]]:
    """Functions and classes that seed a generator with an argument: its names, which it is, and its default."""
    for node in file.tree.body:
        starts = [s for s in node.body if isinstance(s, ast.FunctionDef)] if isinstance(node, ast.ClassDef) else [node]
        for start in starts:
            if not isinstance(start, ast.FunctionDef) or (start is not node and start.name != "__init__"):
                continue
            names = [a.arg for a in start.args.args]
            defaults = dict(zip(names[::-1], start.args.defaults[::-1], strict=False))
            for call in ast.walk(start):
                if isinstance(call, ast.Call) and len(call.args) == 1 and isinstance(call.args[0], ast.Name):
                    if ast.unparse(call.func).rsplit(".", 1)[-1] in _SEEDING and call.args[0].id in names:
                        name = call.args[0].id
                        default = ast.unparse(defaults[name]) if name in defaults else ""
                        yield node.name, (names if start is node else names[1:], name, default)  # pyright: ignore


def _arguments(call: ast.Call, maker: tuple[list[str], str, str]) -> tuple[str, list[ast.expr]]:
    names, seed, default = maker
    given = {**dict(zip(names, call.args, strict=False)), **{k.arg or "": k.value for k in call.keywords}}
    return ast.unparse(given[seed]) if seed in given else default, [v for k, v in given.items() if k != seed]


def _sizes(these: list[ast.expr], those: list[ast.expr]) -> bool:
    """True where what else is given is equal, or says how many."""
    return len(these) == len(those) and all(
        ast.unparse(a) == ast.unparse(b) or (_count(a) and _count(b)) for a, b in zip(these, those, strict=True)
    )


def _count(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    return bool(re.search(r"(^|[._])(n|num|size|count)(_|$)|_size$|^N", ast.unparse(node)))


def degrees(training: Training) -> Iterator[SourceFinding]:
    """An angle called degrees that goes into a sine as it is."""
    named = {
        id(n.value): t.id
        for f in training.reading.files
        for n in f.nodes
        if isinstance(n, ast.Assign)
        for t in n.targets
        if isinstance(t, ast.Name) and _DEGREES.search(t.id)
    }
    for event in training.of(*(f"{where}{name}" for name in _ROUND for where in (".", "torch.", "numpy.", "math."))):
        written = event.node.args[0] if isinstance(event.node, ast.Call) and event.node.args else None
        if (
            isinstance(event.node, ast.Call)
            and event.kind.startswith(".")
            and isinstance(event.node.func, ast.Attribute)
        ):
            written = event.node.func.value
        name = _called_degrees(written) or named.get(id(_root(event.target)), "")
        if name:
            yield at(source_model.IN_DEGREES, event, f"`{name}` goes in as it is", subject=name)


def _root(value: Value) -> ast.AST | None:
    """The node that made what a value is some rows of."""
    while isinstance(value, Tensor) and value.op in {"index", "to", "float", "row", "cuda"} and value.inputs:
        value = value.inputs[0]
    return value.node if isinstance(value, Tensor) else None


def _called_degrees(node: ast.expr | None) -> str:
    while isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return node.slice.value if _DEGREES.search(node.slice.value) else ""
        node = node.value
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name if _DEGREES.search(name) else ""


def answer_given(training: Training) -> Iterator[SourceFinding]:
    """A column of a table is the target, and the whole table is the input."""
    for loss in all_losses(training):
        for column in _columns(loss.inputs[1]):
            for each in tensors(loss.inputs[0]):
                if each.module is None or not each.inputs or any(t.module is not None for t in tensors(each.inputs[0])):
                    continue
                if _whole(each.inputs[0], column.inputs[0]):
                    told = f"`{ast.unparse(column.node)}` is the target, and the input has this column too"
                    yield tell(source_model.ANSWER_GIVEN, column.node, column.file, told)


def _columns(target: Value) -> Iterator[Tensor]:
    """Single columns of a table of two axes, behind rows taken of them."""
    while isinstance(target, Tensor) and target.inputs:
        if target.op == "index" and _one_column(target):
            yield target
        if target.op not in {"index", "float", "to", "long", "squeeze", "unsqueeze", "view", "batch", "row"}:
            return
        target = target.inputs[0]


def _one_column(made: Tensor) -> bool:
    table = made.inputs[0]
    key = made.node.slice if isinstance(made.node, ast.Subscript) else None
    if not isinstance(table, Tensor) or table.shape is None or len(table.shape) != 2 or not isinstance(key, ast.Tuple):
        return False
    if len(key.elts) != 2 or (table.shape[1] or 0) < 3 or ast.unparse(key.elts[0]) != ":":
        return False
    return not isinstance(key.elts[1], ast.Slice) or (made.shape is not None and made.shape[-1] == 1)


def _whole(value: Value, table: Value) -> bool:
    """True where a value is the table, or rows of it with every column."""
    while isinstance(value, Tensor) and value is not table and value.inputs:
        before = value.inputs[0]
        same = isinstance(before, Tensor) and before.shape is not None and value.shape is not None
        rows = value.op in {"index", "row", "batch"} and same and value.shape[1:] == before.shape[1:]  # pyright: ignore
        rows = rows or (value.op == "row" and same and value.shape == before.shape[1:])  # pyright: ignore
        rows = rows or (value.op == "batch" and same and value.shape[1:] == before.shape)  # pyright: ignore
        if not (rows or value.op in {"float", "to", "cuda"}):
            return False
        value = before
    return value is table


def columns_left_out(training: Training) -> Iterator[SourceFinding]:
    """Outputs of a model of which no loss uses some columns."""
    used: dict[int, tuple[Tensor, set[int]]] = {}
    whole_use: set[int] = set()
    for back in training.backwards if not training.library and training.walker.complete else ():
        for each in tensors(back.value):
            place = _column(each)
            for value in each.inputs:
                if isinstance(value, Tensor) and value.op == "linear" and value.module is not None:
                    if place is None:
                        whole_use.add(id(value.module))
                    else:
                        used.setdefault(id(value.module), (each, set()))[1].add(place)
    for key, (made, places) in used.items():
        output = made.inputs[0]
        width = output.shape[-1] if isinstance(output, Tensor) and output.shape else None
        if key not in whole_use and width is not None and places and len(places) < width:
            missing = ", ".join(str(n) for n in range(width) if n not in places)
            told = f"of the {width} outputs no loss uses {missing}"
            grave = Severity.NOTE if width == 2 else None  # one of two classes is sloppy, and right
            yield tell(source_model.OUTPUT_LEFT_OUT, made.node, made.file, told, severity=grave)


def _column(made: Tensor) -> int | None:
    """Which column of a table of two axes is taken."""
    table = made.inputs[0] if made.op == "index" and made.inputs else None
    key = made.node.slice if isinstance(made.node, ast.Subscript) else None
    if not isinstance(table, Tensor) or table.shape is None or len(table.shape) != 2 or not isinstance(key, ast.Tuple):
        return None
    if len(key.elts) != 2 or ast.unparse(key.elts[0]) != ":" or not isinstance(key.elts[1], ast.Constant):
        return None
    place = key.elts[1].value
    return place % (table.shape[1] or 1) if isinstance(place, int) else None


CHECKS = (same_seed, degrees, answer_given, columns_left_out)
