"""Does a run keep what it says: a resumed state, a best value, its settings, a failure?"""

import ast
import re
from collections.abc import Iterator

from ....findings import Severity
from ....rules import source_model
from ..meaning.torchfacts import module_root
from ..meaning.values import Function, Tensor, Thing, number, options, shared_with
from ..training import SourceFinding, Training, at, place, tell
from ..walking.scopes import SourceFile

_ERROR = re.compile(r"loss|err|rmse|mse|mae|perplexity|ppl", re.IGNORECASE)
_MAY_BE_NEGATIVE = re.compile(r"elbo|nll|log_?prob|likelihood|Gaussian|critic|energy|cosine|contrast", re.IGNORECASE)
_SCORE = re.compile(r"acc|auc|f1|score|metric|rmse|mae|err|iou|dice|bleu|recall|precision", re.IGNORECASE)
_CHOSEN = re.compile(r"cfg|conf|param|arg|opt|setting|chosen|tuned|best|user|overrid", re.IGNORECASE)
_LOADS = r"load_state_dict\([^\n]*['\"]\w*opt|load_state\(|optimizers?_load|optim\w*=.*load"
_TOLD = ("raise", "print", "warn", "log", "nan")


def resumed(training: Training) -> Iterator[SourceFinding]:
    """A loop that goes on at the epoch of a checkpoint, with an optimiser that starts anew."""
    remembers = [o for o in training.optimizers if not o.origin.endswith(".SGD") or number(o.kwargs.get("momentum"))]
    for file in training.reading.files if remembers and training.steps else ():
        text = file.text
        made = [
            ast.unparse(n) for n in file.nodes if isinstance(n, ast.Assign) and n.value in (o.node for o in remembers)
        ]
        named = "|".join(["opt\\w*(\\[\\w+\\])?", *(rf"\b{re.escape(m.split(' = ')[0])}" for m in made)])
        if re.search(rf"({named})\.load_state_dict|{_LOADS}", text):
            continue
        for node in file.nodes if ".load_state_dict(" in text else ():
            if any(_starts_at(n.iter, _starts(file, node)) for n in file.nodes if isinstance(n, ast.For)):
                told = "the loop goes on where the checkpoint ended, and no line loads the optimiser's state"
                yield tell(source_model.RESUMED, node, file, told)  # pyright: ignore


def _starts(file: SourceFile, node: ast.AST) -> set[str]:
    if isinstance(node, ast.Assign) and _of_checkpoint(file, node.value):
        return {ast.unparse(t) for t in node.targets}
    tests = ast.walk(node.test) if isinstance(node, ast.If) and "torch.load(" in ast.unparse(node.body[0]) else ()
    return {n.id for n in tests if isinstance(n, ast.Name)}


def _of_checkpoint(file: SourceFile, value: ast.expr) -> bool:
    read = [n for n in file.nodes if isinstance(n, ast.Assign) and "torch.load(" in ast.unparse(n.value)]
    loaded = {ast.unparse(t) for n in read for t in n.targets}
    found = re.search(r"(\w+)(?:\[|\.get\()'\w*(?:epoch|step|iter)\w*'", ast.unparse(value))
    return found is not None and found[1] in loaded


def _starts_at(over: ast.expr, names: set[str]) -> bool:
    ranges = [n for n in ast.walk(over) if isinstance(n, ast.Call) and ast.unparse(n.func) == "range"]
    return any(len(r.args) > 1 and ast.unparse(r.args[0]) in names for r in ranges)


def best_start(training: Training) -> Iterator[SourceFinding]:
    """A best value that starts where no later one can be better."""
    for file in training.reading.files if training.backwards else ():
        starts: dict[str, list[float | None]] = {}
        for node in file.nodes:
            value = _start(node.value) if isinstance(node, ast.Assign) else None
            for target in node.targets if isinstance(node, ast.Assign) and value is not None else ():
                if "best" in ast.unparse(target).lower():
                    starts.setdefault(ast.unparse(target), []).append(value)
        for test in file.nodes:
            if not (isinstance(test, ast.If) and isinstance(test.test, ast.Compare) and len(test.test.ops) == 1):
                continue
            now, best, less = _compared(test.test)
            found = starts.get(best, [])
            if len(found) == 1 and _never(found[0], now, less=less, signed=bool(_MAY_BE_NEGATIVE.search(file.text))):
                told = f"`{best}` starts at {found[0]:g}, and `{now}` is never {'below' if less else 'above'} it"
                yield tell(source_model.BEST_STUCK, test, file, told, subject=best)


def _start(value: ast.expr) -> float | None:
    text = ast.unparse(value).replace('"', "'")
    if re.fullmatch(r"-?(float\('-?\+?inf'\)|(math|np|numpy|torch)\.inf)", text):
        return float("-inf") if text.startswith("-") != ("'-" in text) else float("inf")
    try:
        known = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError):
        return None
    return float(known) if type(known) in {int, float} else None


def _compared(test: ast.Compare) -> tuple[str, str, bool]:
    left, right = ast.unparse(test.left), ast.unparse(test.comparators[0])
    less = isinstance(test.ops[0], ast.Lt | ast.LtE)
    return (left, right, less) if "best" in right.lower() else (right, left, not less)


def _never(start: float | None, now: str, *, less: bool, signed: bool) -> bool:
    if start is None:
        return False
    if less:
        return start == float("-inf") or (start <= 0 and bool(_ERROR.search(now)) and not signed and "-" not in now)
    return start == float("inf")


def replaced(training: Training) -> Iterator[SourceFinding]:
    """A score whose failure is answered by another number, in silence."""
    for file in training.reading.files if training.backwards else ():
        for node in file.nodes:
            for handler in node.handlers if isinstance(node, ast.Try) else ():
                broad = handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}
                text = "\n".join(ast.unparse(s) for s in handler.body).lower()
                if not broad or len(handler.body) != 1 or any(word in text for word in _TOLD):
                    continue
                name, value = _assigned(handler.body[0])
                tried = {_assigned(s)[0] for s in node.body}  # pyright: ignore
                if name in tried and _SCORE.search(name) and _stands_in(value):
                    told = f"a failure of `{name}` is answered by `{ast.unparse(value) if value else ''}`"
                    yield tell(source_model.FAILURE_REPLACED, handler.body[0], file, told, subject=name)


def _assigned(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    plain = isinstance(statement, ast.Assign) and len(statement.targets) == 1
    return (ast.unparse(statement.targets[0]), statement.value) if plain else ("", None)  # pyright: ignore


def _stands_in(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Name | ast.Attribute):
        return "loss" in ast.unparse(value).lower()
    return value is not None and _start(value) is not None


def defaults_win(training: Training) -> Iterator[SourceFinding]:
    """Settings that were chosen, and then overwritten by those called defaults."""
    for file in training.reading.files if training.backwards else ():
        for node in file.nodes:
            for first, last in _merged(node):
                if _default(last) and not _default(first):
                    told = f"what `{ast.unparse(first)}` says is overwritten by `{ast.unparse(last)}`"
                    yield tell(source_model.DEFAULTS_WIN, node, file, told)  # pyright: ignore


def _merged(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Dict):
        spread = [v for k, v in zip(node.keys, node.values, strict=True) if k is None]
        if len(spread) > 1:
            yield spread[0], spread[-1]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and _CHOSEN.search(ast.unparse(node.left)):
        yield node.left, node.right
    elif isinstance(node, ast.Call) and ast.unparse(node.func) == "dict" and node.args:
        yield from ((node.args[0], k.value) for k in node.keywords if k.arg is None)


def _default(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and "default" in ast.unparse(node).lower()


def unread(training: Training) -> Iterator[SourceFinding]:
    """An argument that a model is given and never reads."""
    for cls in training.reading.project.classes if training.backwards else ():
        start = cls.members.get("__init__")
        if not isinstance(start, Function) or isinstance(start.node, ast.Lambda) or not cls.whole:
            continue
        if not any(module_root(r) for r in cls.roots) or len(list(cls.lineage())) > 1 or _reads_all(start.node):
            continue
        names = [a.arg for a in start.node.args.args][1:]
        read = {n.id for n in ast.walk(start.node) if isinstance(n, ast.Name)}
        for name in (n for n in names if n not in read and not n.startswith("_") and n not in _IDLE):
            given = [g for t in training.reading.instances.get(cls, []) for g in [_given(t, names, name)] if g]
            if given:
                fixed = all(isinstance(g, ast.Constant) for g in given)
                told = f"`{cls.node.name}` is given `{name}`, and no line of its `__init__` reads it"
                place, grave = start.node.args.args[names.index(name) + 1], Severity.NOTE if fixed else None
                yield tell(source_model.UNREAD, place, cls.file, told, subject=name, severity=grave)


_IDLE = {"device", "name", "verbose", "debug", "args", "config", "cfg", "dtype"}


def idle(training: Training) -> Iterator[SourceFinding]:
    """What a training prepares and never reads: weights adapted to a task, or the ends of episodes."""
    for file in training.reading.files if training.backwards else ():
        adapting = {n.name for n in file.nodes if isinstance(n, ast.FunctionDef) and _adapts(n)}
        for scope in file.nodes:
            if isinstance(scope, ast.FunctionDef | ast.Module) and ".backward(" in ast.unparse(scope):
                yield from _idle(scope, file, adapting)


def _idle(scope: ast.FunctionDef | ast.Module, file: SourceFile, adapting: set[str]) -> Iterator[SourceFinding]:
    loads = [n for n in ast.walk(scope) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    own: dict[str, set[int]] = {}
    for node in ast.walk(scope):
        for name, value in _pairs(node):
            own.setdefault(name, set()).update(id(n) for n in ast.walk(value))
            called = ast.unparse(value.func) if isinstance(value, ast.Call) else ""
            if called in adapting and name[0] != "_" and all(n.id != name for n in loads):
                told = f"`{name}`, which `{called}` computes with a graph of its own, is never read"
                yield tell(source_model.UNREAD, value, file, told, subject=name)
    ends = [n for n in own if _ENDS.match(n) and {id(x) for x in loads if x.id == n} <= own[n]]
    ends = [n for n in ends if any(x.id == n for x in loads)]
    for node in ast.walk(scope) if ends else ():
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _discounted(node.right):
            told = f"`{ends[0]}` is made ready and never read: what follows the end of an episode counts too"
            yield tell(source_model.UNREAD, node, file, told, subject=ends[0])


_ENDS = re.compile(r"(d|dones?|done_\w+|terminals?|terminated|ended|dead)$", re.IGNORECASE)
_IN_PLACE = re.compile(r"\w_\(|\.data\b|[-+]=|\.step\(|\.grad( =|\.)")


def _adapts(function: ast.FunctionDef) -> bool:
    text = ast.unparse(function)
    given = any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(function))
    return given and "autograd.grad(" in text and "create_graph" in text and not _IN_PLACE.search(text)


def _pairs(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = node.targets[0], node.value
        together = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        sides = zip(target.elts, value.elts, strict=False) if together else [(target, value)]  # pyright: ignore
        yield from ((t.id, v) for t, v in sides if isinstance(t, ast.Name))


def _discounted(value: ast.expr) -> bool:
    factors = [value.left, value.right] if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult) else []
    named = [ast.unparse(f).lower() for f in factors if isinstance(f, ast.Name | ast.Attribute)]
    return any("gamma" in n or "discount" in n for n in named) and any(
        isinstance(f, ast.Call | ast.Attribute) for f in factors
    )


def _reads_all(node: ast.AST) -> bool:
    text = ast.unparse(node)
    return any(w in text for w in ("locals()", "vars()", "save_hyperparameters", "NotImplemented", "setattr("))


def _given(thing: Thing, names: list[str], name: str) -> ast.expr | None:
    if not isinstance(thing.node, ast.Call) or any(isinstance(a, ast.Starred) for a in thing.node.args):
        return None
    by_name = next((k.value for k in thing.node.keywords if k.arg == name), None)
    place = names.index(name)
    return by_name or (thing.node.args[place] if place < len(thing.node.args) else None)


def aliased(training: Training) -> Iterator[SourceFinding]:
    """`best = model.state_dict()`, loaded at the end."""
    loaded = [(e, s) for e in training.of("loaded") for s in options(e.value)]
    for event, state in loaded:
        if not isinstance(state, Tensor) or state.op != "statedict" or event.target not in state.inputs[:1]:
            continue
        loops = [b.loops[0] for b in training.backwards if b.loops and b.order < event.order]
        taken = {loop for e in training.of(".state_dict") if e.node is state.node for loop in e.loops}
        if any(loop in taken and loop not in event.loops for loop in loops):
            told = f"what is kept here is the live weights, and line {event.line} loads them back unchanged"
            yield at(source_model.ALIASED, state, told)


def never_apart(training: Training) -> Iterator[SourceFinding]:
    """Weights kept by their storage, and later compared with those in the model or written back into it."""
    anew = [
        n for f in training.reading.files for n in f.nodes if isinstance(n, ast.Assign)
        for t in n.targets if isinstance(t, ast.Attribute) and t.attr == "data"
    ]  # fmt: skip
    found = [*_by_value(training), *_by_name(training)]
    backs = {id(n) for n, *_ in found}
    if any(not backs & {id(n), *map(id, n.targets)} for n in anew) or training.reading.text_has(*_ANEW):
        return  # then the storage that was kept is another one
    for node, kept, file in found:
        told = f"what is kept here is the live weights, and line {place(node, file)[1]} takes it for older ones"
        yield tell(source_model.ALIASED, kept, file, told)


_ANEW = ("vector_to_parameters", "swap_tensors", ".set_(", "assign=True")


def _by_value(training: Training) -> Iterator[tuple[ast.AST, ast.AST, SourceFile]]:
    for event in training.of("minus", "attribute", ".copy_") if training.backwards else ():
        for this, other in ((event.target, event.value), (event.value, event.target)):
            owner = shared_with(other)
            mine = owner is not None and shared_with(this, ("data", "detach", "parameter")) is owner
            mine = mine and (not isinstance(event.node, ast.Attribute) or event.node.attr == "data")
            if mine and isinstance(other, Tensor) and isinstance(owner, Thing):
                if not any(n is other.node for n in ast.walk(event.node)) and id(owner) in training.trained:
                    yield event.node, other.node, event.file
                    break


def _by_name(training: Training) -> Iterator[tuple[ast.AST, ast.AST, SourceFile]]:
    for file in training.reading.files if training.backwards else ():
        plain = [n for n in file.nodes if isinstance(n, ast.Assign) and len(n.targets) == 1]
        kept = {
            (ast.unparse(n.targets[0]), ast.unparse(n.value)): n
            for n in plain
            if ast.unparse(n.value).endswith(".data")
        }
        for node in plain:
            target, value = ast.unparse(node.targets[0]), ast.unparse(node.value)
            if target.endswith(".data") and (value, target) in kept:
                yield node, kept[value, target], file


CHECKS = (aliased, never_apart, resumed, best_start, replaced, defaults_win, unread, idle)
