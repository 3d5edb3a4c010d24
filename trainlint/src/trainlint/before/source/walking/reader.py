"""What does a set of files say, read together: the walk over all of them, and what it brought?"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from ..meaning import calling
from ..meaning.torchfacts import is_lightning
from ..meaning.values import UNKNOWN, Choice, Class, Const, Function, Items, Table, Tensor, Thing, Value, inner
from .events import LOADER, Frame
from .looping import batch_of
from .reading import Project
from .scopes import SourceFile
from .walker import Walker

_TRAINING = re.compile(r"\.backward\(|\.step\(|training_step|compute_loss|zero_grad\(")
LIGHT = 5_000
"""Statements walked of files in which nothing is trained."""


@dataclass(eq=False)
class Reading:
    """The walk over files that belong together, and what the rules ask of it."""

    project: Project
    walker: Walker
    instances: dict[Class, list[Thing]] = field(default_factory=dict)

    @property
    def files(self) -> list[SourceFile]:
        """The files read."""
        return self.project.files

    def text_has(self, *words: str) -> bool:
        """True where one of the words stands anywhere in the files."""
        return any(word in file.text for file in self.files for word in words)


def read_project(files: list[SourceFile]) -> Reading:
    """Walk files together: modules first, then what nobody calls."""
    project = Project(files)
    walker = Walker(project)
    trains = any(_TRAINING.search(f.text) for f in files)
    if not trains:
        walker.left = LIGHT
    for file in files:
        walker.module(file)
    reading = Reading(project, walker)
    for file in files:
        walker.frames.append(Frame(None, "", file, file.scope))
        with walker.aside():
            _orphans(walker, file, trains=trains)
        walker.frames.pop()
    for thing in walker.things:
        if thing.cls is not None:
            reading.instances.setdefault(thing.cls, []).append(thing)
    return reading


def _orphans(walker: Walker, file: SourceFile, *, trains: bool) -> None:
    values = list(file.scope.names.values())
    classes = [v for v in values if isinstance(v, Class) and v.file is file]
    for cls in classes:
        if not any(t.cls is cls for t in walker.things):
            _try(
                walker,
                partial(calling.instantiate, walker, cls, _strangers(walker, cls.find("__init__"), 1), {}, cls.node),
            )
    if not trains:
        return
    for cls in classes:
        thing = next((t for t in walker.things if t.cls is cls), None)
        if thing is not None:
            _methods(walker, cls, thing)
    for value in values:
        if isinstance(value, Function) and value.file is file and value.node not in walker.entered:
            _try(walker, partial(calling.inline, walker, value, None, _strangers(walker, value, 0), {}, value.node))


def _try(walker: Walker, walk: Callable[[], object]) -> None:
    if walker.left > 0:
        walker.modes = {}
        result = walk()
        if isinstance(result, Value):
            calling.hand_over(result)


def _methods(walker: Walker, cls: Class, thing: Thing) -> None:
    if is_lightning(thing):
        _lightning(walker, cls, thing)
    elif any(r.endswith("Trainer") and r.startswith("transformers") for r in cls.roots):
        _step_of(walker, cls, thing, "compute_loss")
    for member in list(cls.members.values()):
        if isinstance(member, Function) and member.node not in walker.entered and member.name != "__init__":
            _try(walker, partial(calling.inline, walker, member, thing, _strangers(walker, member, 1), {}, member.node))


def _lightning(walker: Walker, cls: Class, thing: Thing) -> None:
    member = cls.find("configure_optimizers")
    if isinstance(member, Function) and member.node not in walker.entered:
        result = calling.inline(walker, member, thing, (), {}, member.node)
        walker.note("configured", member.node, thing, result)
        calling.hand_over(result)
    _step_of(walker, cls, thing, "training_step")


def _step_of(walker: Walker, cls: Class, thing: Thing, name: str) -> None:
    member = cls.find(name)
    if isinstance(member, Function) and member.node not in walker.entered:
        args = _strangers(walker, member, 1)
        fitted = _fitted(walker, thing) if args and name == "training_step" else None
        args = args if fitted is None else (batch_of(walker, fitted, member.node), *args[1:])
        result = calling.inline(walker, member, thing, args, {}, member.node)
        for each in _losses_of(result):
            walker.note("backward", each.node, each, each)


def _fitted(walker: Walker, thing: Thing) -> Thing | None:
    for event in walker.trace:
        if event.kind == ".fit" and event.target is not thing and isinstance(event.node, ast.Call):
            beside = [*event.node.args[1:2], *(k.value for k in event.node.keywords if "train" in (k.arg or ""))]
            names = [event.file.scope.find(n.id) for n in beside if isinstance(n, ast.Name)]
            return next((n for n in names if isinstance(n, Thing) and n.origin == LOADER), None)
    return None


def _losses_of(value: Value) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Items) and value.items:
        yield from _losses_of(value.items[0])
    elif isinstance(value, Table):
        yield from _losses_of(value.entries.get("loss", UNKNOWN))
    elif isinstance(value, Choice):
        for option in value.options:
            yield from _losses_of(option)


def _strangers(walker: Walker, function: Value | None, skip: int) -> tuple[Value, ...]:
    if not isinstance(function, Function):
        return ()
    spec = function.node.args
    names = [*spec.posonlyargs, *spec.args]
    count = len(names) - len(spec.defaults)
    return tuple(_stranger(walker, a) for a in names[skip:count])


def _stranger(walker: Walker, arg: ast.arg) -> Thing:
    made = walker.made("?", arg, (), {})
    made.marks |= {"handed", "stranger"}
    made.kwargs["name"] = Const(arg.arg)
    name = arg.arg.lower()
    if "optim" in name or name == "opt":
        made.marks.add("optimizer")
    elif "sched" in name:
        made.marks.add("scheduler")
    return made


def tensors(value: Value) -> Iterator[Tensor]:
    """Every tensor that a value was computed from, itself included."""
    seen: set[int] = set()
    left = [value]
    while left:
        now = left.pop()
        if id(now) in seen:
            continue
        seen.add(id(now))
        if isinstance(now, Tensor):
            yield now
            left.extend(now.inputs)
        else:
            left.extend(inner(now))
