"""Are the samples what they are taken for: new ones for validation, angles in radians, inputs without the answer?"""

import ast
import re
from collections.abc import Iterator

from ....rules import source_model
from ..meaning.values import UNKNOWN, Const, Tensor, Thing, Value, is_const, number
from ..training import SourceFinding, Training, at, place, tell
from ..walking.events import LOADER
from ..walking.reader import tensors
from .criteria import KEEPING, all_losses
from .heldout import RANDOM, held_out

_SEEDING = ("manual_seed", "default_rng", "seed", "RandomState", "Random")
_ROUND = ("sin", "cos", "tan")
_DEGREES = re.compile(r"(^|_)deg(s|rees?)?(_|$)", re.IGNORECASE)


def same_seed(training: Training) -> Iterator[SourceFinding]:
    """Two sets made by one function from one seed, of which one is held out: it repeats the other's samples."""
    for file in training.reading.files if training.backwards else ():
        seeds = {n.name: place for n in file.tree.body if isinstance(n, ast.FunctionDef) for place in _seeded(n)}
        made: dict[tuple[str, str], tuple[str, list[ast.expr]]] = {}
        for node in file.nodes if seeds else ():
            call = node.value if isinstance(node, ast.Assign) else None
            maker = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
            if maker not in seeds or not isinstance(call, ast.Call) or not isinstance(node, ast.Assign):
                continue
            named = next((k.value for k in call.keywords if k.arg == seeds[maker][1]), None)
            given = named or (call.args[seeds[maker][0]] if seeds[maker][0] < len(call.args) else None)
            others = [v for v in (*call.args, *(k.value for k in call.keywords)) if v is not given]
            name = ast.unparse(node.targets[0])
            before, theirs = made.setdefault((maker, ast.unparse(given) if given else ""), (name, others))
            if held_out(name) != held_out(before) and all(map(_alike, others, theirs)):
                told = f"`{name}` is drawn from the seed of `{before}`: it has the same samples"
                yield tell(source_model.SAME_DATA, call, file, told, subject=name)


def _seeded(function: ast.FunctionDef) -> Iterator[tuple[int, str]]:
    names = [a.arg for a in function.args.args]
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and len(call.args) == 1 and ast.unparse(call.args[0]) in names:
            if ast.unparse(call.func).rsplit(".", 1)[-1] in _SEEDING:
                yield names.index(ast.unparse(call.args[0])), ast.unparse(call.args[0])


def _alike(this: ast.expr, that: ast.expr) -> bool:
    texts = [ast.unparse(this), ast.unparse(that)]
    return texts[0] == texts[1] or all(re.fullmatch(r"\d+|\w*(n|num|size|count)(_\w+)?|N\w*", t) for t in texts)


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
                    yield at(source_model.ANSWER_GIVEN, column, told)


def _columns(target: Value) -> Iterator[Tensor]:
    while isinstance(target, Tensor) and target.inputs:
        if target.op == "index" and _one_column(target):
            yield target
        if target.op not in {"index", "float", "to", "long", "squeeze", "unsqueeze", "view", "batch", "row"}:
            return
        target = target.inputs[0]


def _one_column(made: Tensor) -> bool:
    return re.search(r"\[:, (-?\d+|-1:|:1)\]$", ast.unparse(made.node)) is not None and not _toy(made)


def _toy(column: Tensor) -> bool:
    name, line = ast.unparse(column.node).rpartition("[")[0], place(column.node, column.file)[1]
    around = [
        n for n in column.file.nodes if isinstance(n, ast.FunctionDef) and n.lineno <= line <= (n.end_lineno or 0)
    ]
    written = any(
        isinstance(n, ast.Assign)
        and any(isinstance(t, ast.Subscript) and ast.unparse(t.value) == name for t in n.targets)
        for n in ast.walk(around[-1] if around else column.file.tree)
    )
    made = {t.op for t in tensors(column.inputs[0])}
    if any(isinstance(v, Thing) and "stranger" in v.marks for t in tensors(column) for v in t.inputs):
        return True  # nobody knows what it is
    return not written and bool(made & {*RANDOM, "arange", "linspace"}) and not made & {"cat", "stack", "hstack"}


def _whole(value: Value, table: Value) -> bool:
    while value is not table:
        if not isinstance(value, Tensor) or value.op not in {"index", "row", "batch", "float", "to", "cuda"}:
            return False
        if value.op == "index" and not re.search(r"\[([^,:]*|:|[^,]*:[^,]*|[^,]*, :)\]$", ast.unparse(value.node)):
            return False
        value = value.inputs[0] if value.inputs else UNKNOWN
    return True


def columns_left_out(training: Training) -> Iterator[SourceFinding]:
    """Outputs of a model of which no loss uses some columns."""
    used: dict[int, list[tuple[Tensor, int | None]]] = {}
    for back in training.backwards if not training.library and training.walker.complete else ():
        for each in tensors(back.value):
            for value in each.inputs:
                if isinstance(value, Tensor) and value.op == "linear" and value.module is not None:
                    used.setdefault(id(value.module), []).append((each, _column(each)))
    for uses in used.values():
        made, output = uses[0][0], uses[0][0].inputs[0]
        places = {place for _, place in uses}
        width = output.shape[-1] if isinstance(output, Tensor) and output.shape else None
        if None not in places and width is not None and len(places) < width > 2:  # one of two classes is enough
            missing = ", ".join(str(n) for n in range(width) if n not in places)
            told = f"of the {width} outputs no loss uses {missing}"
            yield at(source_model.OUTPUT_LEFT_OUT, made, told)


def _column(made: Tensor) -> int | None:
    table = made.inputs[0] if made.op == "index" and made.inputs else None
    if not isinstance(table, Tensor) or not table.shape or len(table.shape) != 2:
        return None
    found = re.search(r"\[:, (-?\d+)\]$", ast.unparse(made.node))
    return int(found[1]) % (table.shape[1] or 1) if found else None


def padded(training: Training) -> Iterator[SourceFinding]:
    """Labels that were filled up to one length, in a loss that counts what was filled in."""
    for loss in all_losses(training):
        made = _filled(loss.inputs[1]) if loss.op in {"crossentropy", "nll"} else None
        given = {k.removeprefix("arg:") for k in loss.info} | set(loss.module.kwargs if loss.module is not None else ())
        if (
            made is None
            or given & {"ignore_index", "weight", "reduction"}
            or (loss.module is not None and loss.module.args)
        ):
            continue
        value = number(made.info.get("arg:padding_value", made.info.get("arg:2", Const(0))))
        if value is not None and value >= 0:
            told = f"`pad_sequence` fills these labels with {value:g}, and the loss counts it as any other"
            yield at(source_model.WRONG_COUNT, loss, told)


def _filled(value: Value) -> Tensor | None:
    while isinstance(value, Tensor) and value.inputs and value.op != "padsequence":
        parts = value.node.slice if value.op == "index" and isinstance(value.node, ast.Subscript) else ast.Slice()
        slices = parts.elts if isinstance(parts, ast.Tuple) else [parts]
        if value.op not in KEEPING | {"long", "t"} or not all(isinstance(p, ast.Slice) for p in slices):
            return None
        value = value.inputs[0]
    return value if isinstance(value, Tensor) and value.op == "padsequence" else None


def repeated_then_split(training: Training) -> Iterator[SourceFinding]:
    """Rare samples repeated before the split: copies of one stand on both sides."""
    for file in training.reading.files if training.backwards else ():
        plain = [n for n in file.nodes if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call)]
        for made in (n for n in plain if _REPEATS.search(ast.unparse(n.value.func))):  # pyright: ignore
            names = {n.id for t in made.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            later = [n for n in plain if n.lineno > made.lineno and n.col_offset == made.col_offset]
            again = min((n.lineno for n in later if names & {ast.unparse(t) for t in n.targets}), default=10**9)
            for node in (n for n in later if n.lineno < again and _splits(n)):
                if names & {ast.unparse(a) for a in node.value.args}:  # pyright: ignore
                    told = f"what line {made.lineno} repeated is split here: copies of one sample are on both sides"
                    yield tell(source_model.SAME_DATA, node, file, told)


_REPEATS = re.compile(r"over_?sampl|fit_resample|smote", re.IGNORECASE)


_HELD = re.compile(r"(?:^|_|\d)(?:te|test\w*|va|val\w*|dev|eval\w*|hold\w*|held\w*|b|2)(?:_|\d|$)", re.IGNORECASE)
"""Names of what is held out."""


def _splits(node: ast.Assign) -> bool:
    parts = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else []
    called = ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""
    if "train_test_split" in called or called.endswith("random_split"):
        return len(parts) > 1
    return "split" in called.lower() and any(_HELD.search(ast.unparse(part)) for part in parts)


def out_of_order(training: Training) -> Iterator[SourceFinding]:
    """Outputs in the order of a loader that shuffles, without its labels, beside labels in the order of the set."""
    told: set[int] = set()
    for event in training.trace:
        loop = event.inner()
        node = loop.node if loop is not None else None
        if not isinstance(node, ast.ListComp) or loop is None or id(node) in told or not isinstance(loop.over, Thing):
            continue
        target, shuffle = node.generators[0].target, loop.over.given("shuffle", 2)
        dropped = isinstance(target, ast.Tuple) and ast.unparse(target.elts[-1]).startswith("_")
        if loop.over.origin == LOADER and is_const(shuffle, True) and dropped and _beside_labels(loop.file.tree, node):
            told.add(id(node))
            text = "the loader shuffles, and the labels beside these outputs are in the order of the data set"
            yield tell(source_model.SHUFFLED_APART, node, loop.file, text)


def _beside_labels(tree: ast.Module, node: ast.ListComp) -> bool:
    around = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and any(x is node for x in ast.walk(n))]
    plain = [n for n in ast.walk(around[-1]) if isinstance(n, _SIMPLE)] if around else []
    outputs, labels = set[str](), set[str]()
    for each in sorted(plain, key=lambda n: n.lineno):
        read = {n.id for n in ast.walk(each) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        computed = any(_joins(n, node) for n in ast.walk(each)) or bool(read & outputs)
        known = _LABELS.search(ast.unparse(each)) is not None or bool(read & labels)
        if computed and known:
            return True
        made = {n.id for n in ast.walk(each) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        outputs, labels = outputs | made if computed else outputs - made, labels | made if known else labels - made
    return False


def _joins(call: ast.AST, node: ast.ListComp) -> bool:
    named = ast.unparse(call.func).rsplit(".", 1)[-1] if isinstance(call, ast.Call) and node in call.args else ""
    return named in {"cat", "concat", "concatenate", "vstack"}


_SIMPLE = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return | ast.Expr
_LABELS = re.compile(r"\.(tensors\[-?1\]|(targets|labels)\b)")


CHECKS = (padded, repeated_then_split, out_of_order, same_seed, degrees, answer_given, columns_left_out)
