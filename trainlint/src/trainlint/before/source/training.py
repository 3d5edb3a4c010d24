"""What does every check of a source take and give: what is trained there, and a suspicion with its place?"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ...findings import Rule, Severity
from ...output import Entry
from ...rules.causes import CONFIRMED_BY, LINE_EXPLAINS
from .meaning.torchfacts import LOSSES, has_weights, is_module, is_optimizer, learns
from .meaning.values import Function, Items, Params, Table, Tensor, Thing, Value, inner, options, tree
from .walking.events import Event
from .walking.reader import Reading, tensors
from .walking.scopes import SourceFile

_OTHERS_LOOP = re.compile(
    r"^\s*(?:from|import)\s+(?:lightning|pytorch_lightning|lightning_fabric|deepspeed|fastai|catalyst|ignite|composer|"
    r"colossalai|keras)\b|^\s*from\s+transformers\b.*\n?.*Trainer\b",
    re.MULTILINE,
)


class Training:
    """Facts that several rules share."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.walker = reading.walker
        self.trace = reading.walker.trace

    def of(self, *kinds: str) -> list[Event]:
        """The events of these kinds, in order."""
        return [e for k in kinds for e in self._by_kind.get(k, ())]

    @cached_property
    def _by_kind(self) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = {}
        for event in self.trace:
            found.setdefault(event.kind, []).append(event)
        return found

    @cached_property
    def backwards(self) -> list[Event]:
        """Backward passes, each where the walk first met it and again in later rounds."""
        return self.of("backward")

    @cached_property
    def steps(self) -> list[Event]:
        """Steps of optimisers, taken directly or by a scaler."""
        return self.of("step")

    @cached_property
    def optimizers(self) -> list[Thing]:
        """Every optimiser made."""
        return [t for t in self.walker.things if is_optimizer(t)]

    @cached_property
    def unclear_steps(self) -> bool:
        """True where something unknown is stepped, which may be anything."""
        known = [e for e in self.of(".step") if isinstance(e.target, Thing | Tensor)]
        strangers = [e for e in known if e.marks & {"stranger"} and not e.marks & {"optimizer", "scheduler"}]
        return len(known) < len(self.of(".step")) or bool(strangers) or self._in_hooks()

    def _in_hooks(self) -> bool:
        read = {id(e.node) for e in self.of(".step")}
        for file in self.reading.files:
            called = {id(n.func) for n in file.nodes if isinstance(n, ast.Call)}
            handed = {n.id for n in file.nodes if isinstance(n, ast.Name) and id(n) not in called}
            hooks = [n for n in file.nodes if isinstance(n, ast.FunctionDef) and n.name in handed]
            steps = (n for hook in hooks for n in ast.walk(hook) if isinstance(n, ast.Call) and id(n) not in read)
            if any(isinstance(n.func, ast.Attribute) and n.func.attr == "step" for n in steps):
                return True
        return False

    @cached_property
    def library(self) -> bool:
        """True where a loop belongs to a library, and what it does is not in the source."""
        return any(_OTHERS_LOOP.search(f.text) for f in self.reading.files)

    @cached_property
    def live(self) -> set[int]:
        """Identities of everything that some loss on which backward is called reaches by gradients."""
        by_hand = [e.target for e in self.of("grad") if isinstance(e.node, ast.Attribute)]  # `weight.grad = ...`
        return {i for v in (*(e.value for e in self.backwards), *by_hand) for i in self.reach(v)[0]}

    @cached_property
    def clear_losses(self) -> bool:
        """True where every loss is known from end to end: nothing of unknown origin goes into one."""
        return bool(self.backwards) and all(_clear(e.value) and self._learns(e.value) for e in self.backwards)

    def _learns(self, loss: Value) -> bool:
        found = [t for t in self.reach(loss)[0].values() if isinstance(t, Thing)]
        return any(learns(t) for t in found)

    @cached_property
    def rescaled(self) -> bool:
        """True where gradients are multiplied by hand, so that the size of a loss says nothing."""
        words = (".grad.div_", ".grad /=", ".grad.mul_", ".grad *=", "grad.data.div_", "grad.data.mul_")
        return self.reading.text_has(*words)

    def reach(self, loss: Value) -> tuple[dict[int, Value], dict[int, tuple[Value, Tensor]]]:
        """What a loss reaches by gradients, and what it reaches only through a cut, with the cut."""
        if id(loss) not in self._reached:
            live: dict[int, Value] = {}
            cuts: list[Tensor] = []
            _descend([loss], live, cuts)
            dead: dict[int, tuple[Value, Tensor]] = {}
            for cut in cuts:
                beyond: dict[int, Value] = {}
                _descend(list(cut.inputs), beyond, None)
                dead.update({k: (v, cut) for k, v in beyond.items() if k not in live and k not in dead})
                if cut.module is not None and id(cut.module) not in live:
                    dead.setdefault(id(cut.module), (cut.module, cut))
            self._reached[id(loss)] = (live, dead)
        return self._reached[id(loss)]

    @cached_property
    def _reached(self) -> dict[int, tuple[dict[int, Value], dict[int, tuple[Value, Tensor]]]]:
        return {}

    def owned(self, optimizer: Thing) -> list[Thing] | None:
        """Everything whose parameters an optimiser holds; None where that is not known."""
        given = optimizer.given("params", 0)
        if given is None or "closure" in optimizer.marks:
            return None
        found: list[Thing] = []
        return found if all(_owners(v, found) for v in (given, *optimizer.extra)) else None

    def created(self, optimizer: Thing) -> int:
        """The order in which an optimiser was made: the call of one line may make several; -1 where it is not known."""
        alike = [id(o) for o in self.optimizers if o.node is optimizer.node]
        made = [e.order for e in self.of(optimizer.origin) if e.node is optimizer.node]
        return made[alike.index(id(optimizer))] if len(made) == len(alike) else -1

    @cached_property
    def frozen(self) -> set[int]:
        """Identities of everything that is frozen or may be."""
        return {id(t) for t in self.walker.things if t.marks & {"frozen", "perhaps"}}

    @cached_property
    def foreign(self) -> set[int]:
        """Identities of everything that somebody else had in hand, that was loaded, or whose place another took."""
        marked = [t for t in self.walker.things if t.marks & {"handed", "loaded", "stranger", "replaced"}]
        return {id(t) for m in marked for t in tree(m)}

    @cached_property
    def trained(self) -> set[int]:
        """Identities of everything that an optimiser with a step holds."""
        stepped = {id(e.target) for e in self.steps}
        return {id(t) for o in self.optimizers if id(o) in stepped for t in self.owned(o) or ()}

    @cached_property
    def leaves(self) -> set[int]:
        """Identities of plain tensors that an optimiser with a step was given, where no gradient is set by hand."""
        stepped = {id(e.target) for e in self.steps} if not self.of("grad") else set()
        given = [o.given("params", 0) for o in self.optimizers if id(o) in stepped]
        return {id(t) for v in given if v is not None for t in inner(v) if isinstance(t, Tensor)}

    @cached_property
    def weights(self) -> dict[int, set[int]]:
        """Identities of the layers with weights in each whole model."""
        return {id(m): {id(t) for t in layers(m)} for m in self.models}

    @cached_property
    def models(self) -> list[Thing]:
        """Modules that are no part of another module."""
        modules = [t for t in self.walker.things if is_module(t)]
        parts = {id(p) for m in modules for p in tree(m) if p is not m}
        return [m for m in modules if id(m) not in parts]


def _descend(start: list[Value], found: dict[int, Value], cuts: list[Tensor] | None) -> None:
    left = list(start)
    while left:
        now = left.pop()
        if id(now) in found:
            continue
        if isinstance(now, Tensor) and now.cut and cuts is not None:
            cuts.append(now)
            continue
        found[id(now)] = now
        if isinstance(now, Tensor):
            left.extend(now.inputs)
            if now.module is not None:
                left.append(now.module)
        elif isinstance(now, Params):
            left.append(now.owner)
        elif isinstance(now, Thing) and "outside" in now.marks:
            left.extend(tree(now))  # its pass is not read, and may call whatever was put into it
        elif isinstance(now, Thing) and not is_module(now):
            left.extend((*now.args, *now.kwargs.values()))
        else:
            left.extend(inner(now))


def _clear(loss: Value) -> bool:
    live: dict[int, Value] = {}
    _descend([loss], live, [])
    tensors = [v for v in live.values() if isinstance(v, Tensor)]
    return bool(tensors) and not any(t.op == "?" for t in tensors)


def _owners(value: Value, found: list[Thing]) -> bool:
    if isinstance(value, Params):
        return all(_owners(o, found) for o in options(value.owner))
    if isinstance(value, Thing):
        if "stranger" in value.marks or value.origin in {"named", "map"}:
            return False
        found.extend(tree(value))
        return True
    if isinstance(value, Items):
        return bool(value.items) and all(_owners(v, found) for v in value.items)
    if isinstance(value, Table):
        return "params" in value.entries and _owners(value.entries["params"], found)
    if isinstance(value, Tensor) and value.op == "parameter":
        return all(_owners(v, found) for v in value.inputs)
    return False


def layers(thing: Thing) -> Iterator[Thing]:
    """The layers with weights inside a module."""
    return (t for t in tree(thing) if has_weights(t))


def losses_in(value: Value) -> list[Tensor]:
    """The losses of torch that a value was computed from."""
    return [t for t in tensors(value) if t.op in LOSSES and len(t.inputs) >= 2]


def place(node: ast.AST, file: SourceFile) -> tuple[SourceFile, int, int]:
    """File, line and column of a node, both from 1."""
    if isinstance(node, ast.expr | ast.stmt | ast.arg | ast.excepthandler):
        return file, node.lineno, file.column(node.lineno, node.col_offset)
    return file, 1, 1


def named(thing: Value) -> str:
    """A short name of a thing for a sentence."""
    if isinstance(thing, Thing):
        if thing.cls is not None:
            return thing.cls.node.name
        return thing.origin.rsplit(".", 1)[-1]
    return "it"


def subject_of(node: ast.AST) -> str:
    """The text of the object of a call such as `optimizer.step()`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return ast.unparse(node.func.value)
    return ""


@dataclass(frozen=True, kw_only=True)
class SourceFinding(Entry):
    """A rule that the source breaks, with the place."""

    line: int = 1
    column: int = 1
    confirmed_by: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()

    def record(self) -> dict[str, object]:
        """The finding as plain values for JSON."""
        return {**super().record(), "confirmed_by": list(self.confirmed_by), "explains": list(self.explains)}


def tell(
    rule: Rule, node: ast.AST, file: SourceFile, evidence: str, *, subject: str = "", severity: Severity | None = None
) -> SourceFinding:
    """A finding at a node."""
    where, line, column = place(node, file)
    return SourceFinding(
        rule=rule,
        path=where.path,
        line=line,
        column=column,
        source=where.line(line),
        evidence=evidence,
        severity=severity or rule.severity,
        subject=subject,
        confirmed_by=CONFIRMED_BY.get(rule.code, ()),
        explains=LINE_EXPLAINS.get(rule.code, ()),
    )


def at(
    rule: Rule,
    made: Event | Function | Tensor | Thing,
    evidence: str,
    *,
    subject: str = "",
    severity: Severity | None = None,
) -> SourceFinding:
    """A finding where something happens or is made."""
    return tell(rule, made.node, made.file, evidence, subject=subject, severity=severity)
