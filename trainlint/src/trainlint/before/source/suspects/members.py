"""Members of a module: used, registered, and made where they can learn?"""

import ast
from collections.abc import Iterator
from dataclasses import replace

from ....findings import Severity
from ....rules import source_model
from ..meaning.torchfacts import NOT_TRAINED, has_weights, module_root
from ..meaning.values import Class, Function, Items, Table, Tensor, Thing, is_const
from ..training import SourceFinding, Training, at, layers, place, tell
from ..walking.reader import tensors

_LISTING = ("named_children", "children", "_modules", "modules", "named_modules", "getattr", "__dict__", "vars")


def _modules(training: Training) -> list[Class]:
    return [c for c in training.reading.project.classes if any(module_root(r) for r in c.roots)]


def unused(training: Training) -> Iterator[SourceFinding]:
    """A layer made in `__init__` that no line uses."""
    loads = {
        n.attr for f in training.reading.files for n in f.nodes
        if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)
    }  # fmt: skip
    texts = {
        n.value for f in training.reading.files for n in f.nodes
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }  # fmt: skip
    bases = {id(b) for c in training.reading.project.classes for b in c.bases}
    for cls in _modules(training):
        start, forward = cls.members.get("__init__"), cls.members.get("forward")
        if not isinstance(start, Function) or not isinstance(forward, Function) or id(cls) in bases or not cls.whole:
            continue
        names = {
            n.attr if isinstance(n, ast.Attribute) else n.id
            for n in ast.walk(cls.node)
            if isinstance(n, ast.Attribute | ast.Name)
        }
        if names & set(_LISTING):
            continue
        things = training.reading.instances.get(cls, [])
        for node, name in _set_in(start):
            made = [t.attrs.get(name) for t in things]
            if (
                made
                and all(isinstance(m, Thing) and _holds(m) for m in made)
                and name not in loads
                and name not in texts
            ):
                told = f"`self.{name}` is made here, and no line uses it"
                grave = None if any(_trains(m) for m in made if isinstance(m, Thing)) else Severity.NOTE
                yield tell(source_model.UNUSED_LAYER, node, cls.file, told, subject=name, severity=grave)


def _holds(thing: Thing) -> bool:
    return any(True for _ in layers(thing)) or thing.origin.rsplit(".", 1)[-1] in NOT_TRAINED - {"Identity"}


def _set_in(start: Function) -> Iterator[tuple[ast.Assign, str]]:
    for node in ast.walk(start.node):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                yield node, target.attr


def in_a_list(training: Training) -> Iterator[SourceFinding]:
    """Layers in a plain list or dictionary."""
    for cls in _modules(training):
        start = cls.find("__init__")
        if not isinstance(start, Function) or training.reading.text_has(
            "add_module", "register_module", "setattr(self"
        ):
            continue
        for thing in training.reading.instances.get(cls, [])[:1]:
            plain = {k: v for k, v in thing.attrs.items() if isinstance(v, Items | Table)}
            kept = [v for v in thing.attrs.values() if isinstance(v, Thing)]
            for node, name in _set_in(start):
                value = plain.get(name)
                if value is not None and _fresh_layers(value) and not any(_wraps(k, value) for k in kept):
                    told = f"`self.{name}` is a plain {'list' if isinstance(value, Items) else 'dictionary'} of layers"
                    yield tell(source_model.IN_A_LIST, node, cls.file, told, subject=name)


def _fresh_layers(value: Items | Table) -> bool:
    inside = value.items if isinstance(value, Items) else list(value.entries.values())
    return bool(inside) and all(isinstance(v, Thing) and _trains(v) for v in inside)


def _trains(thing: Thing) -> bool:
    return "handed" not in thing.marks and any(True for _ in layers(thing)) and "outside" not in thing.marks


def _wraps(thing: Thing, value: Items | Table) -> bool:
    mine = {id(v) for v in (value.items if isinstance(value, Items) else value.entries.values())}
    entries = thing.attrs.get("entries")
    listed = {id(v) for v in entries.items} if isinstance(entries, Items) else {id(thing)}
    return bool(mine & listed)


def always_dropped(training: Training) -> Iterator[SourceFinding]:
    """`F.dropout` without `training=`, or a dropout made where it is used."""
    for cls in _modules(training):
        for node in ast.walk(cls.node):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).rsplit(".", 1)[-1] in _DROPOUTS
                and _functional(training, cls, node)
            ):
                if len(node.args) < 3 and not any(k.arg in {"training", "train", None} for k in node.keywords):
                    told = "without `training=self.training` it drops in evaluation too"
                    yield tell(source_model.ALWAYS_DROPPED, node, cls.file, told)
    for call in training.of("call"):
        made = call.target
        if isinstance(made, Thing) and made.origin.startswith("torch.nn.Dropout") and made_within(training, made):
            yield at(
                source_model.ALWAYS_DROPPED,
                made,
                "a dropout made in the pass is always in training mode",
            )


_PASSES = {"forward", "training_step"}
_DROPOUTS = {"dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"}


def _functional(training: Training, cls: Class, node: ast.Call) -> bool:
    base = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    found = cls.file.scope.find(base.id) if isinstance(base, ast.Name) else None
    text = found.name if hasattr(found, "name") and found is not None else ast.unparse(base)  # pyright: ignore
    return text.startswith("torch.nn.functional") or ast.unparse(node.func).startswith(
        ("torch.nn.functional.", "nn.functional.")
    )


def made_within(training: Training, made: Thing) -> bool:
    """True where something is made in the pass that uses it."""
    line = place(made.node, made.file)[1]
    passes = [
        m.node for cls in _modules(training) if cls.file is made.file
        for m in cls.members.values() if isinstance(m, Function) and m.name in _PASSES
    ]  # fmt: skip
    return any(node.lineno < line <= (node.end_lineno or 0) for node in passes)


def made_in_forward(training: Training) -> Iterator[SourceFinding]:
    """A layer with weights made in `forward`."""
    seen: set[int] = set()
    for call in training.of("call"):
        made = call.target
        if isinstance(made, Thing) and has_weights(made) and id(made.node) not in seen and made_within(training, made):
            if not made.marks & {"handed", "loaded"} and not any(k in made.attrs for k in ("weight", "bias")):
                seen.add(id(made.node))
                told = "this layer has new random weights in every pass, and no optimiser holds it"
                yield at(source_model.MADE_IN_FORWARD, made, told)


def unregistered(training: Training) -> Iterator[SourceFinding]:
    """`self.weight = nn.Parameter(...).to(device)`, or a plain tensor that needs a gradient."""
    for event in training.of("kept"):
        owner, value = event.target, event.value
        if (
            not isinstance(owner, Thing)
            or owner.cls is None
            or not isinstance(value, Tensor)
            or event.function != "__init__"
        ):
            continue
        if not any(module_root(r) for r in owner.cls.roots):
            continue
        first = value.inputs[0] if value.inputs else None
        moved = value.op in {"to", "cuda", "float", "mult", "div", "clone"} and isinstance(first, Thing)
        if moved and isinstance(first, Thing) and first.origin.endswith("nn.Parameter"):
            yield at(
                source_model.UNREGISTERED,
                event,
                f"`.{value.op}` of a Parameter is no Parameter any more",
            )
        elif is_const(value.info.get("arg:requires_grad"), True) and not _in_other_hands(training, event.node, value):
            told = "a tensor that needs a gradient is no Parameter"
            yield replace(at(source_model.UNREGISTERED, event, told), confirmed_by=("RT131",))


def _in_other_hands(training: Training, node: ast.AST, value: Tensor) -> bool:
    given = [v for o in training.optimizers for v in (o.given("params", 0), *o.extra) if v is not None]
    given += [e.value for e in training.of("autograd")]
    name = node.attr if isinstance(node, ast.Attribute) else ""
    return any(value is t for v in given for t in tensors(v)) or training.reading.text_has(f".{name}.grad")


def constant_start(training: Training) -> Iterator[SourceFinding]:
    """Every weight matrix filled with one constant."""
    for file in training.reading.files:
        for node in file.nodes:
            if isinstance(node, ast.For) and "modules()" in ast.unparse(node.iter):
                yield from (
                    tell(source_model.CONSTANT_START, c, file, "every such layer starts with equal weights")
                    for c in _constant_fills(node)
                )


def _constant_fills(loop: ast.For) -> Iterator[ast.Call]:
    for test in ast.walk(loop):
        if not (
            isinstance(test, ast.If) and "isinstance" in ast.unparse(test.test) and _matrices(ast.unparse(test.test))
        ):
            continue
        for node in test.body if isinstance(test.test, ast.Call) else ():  # no further condition on names or flags
            for call in [node.value] if isinstance(node, ast.Expr) else []:
                if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(
                    ("init.constant_", "init.zeros_", "init.ones_")
                ):
                    if call.args and ast.unparse(call.args[0]).endswith(".weight"):
                        yield call


def _matrices(text: str) -> bool:
    return "Linear" in text or ("Conv" in text and "Norm" not in text)


CHECKS = (unused, in_a_list, always_dropped, made_in_forward, unregistered, constant_start)
