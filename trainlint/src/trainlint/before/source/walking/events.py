"""What happens in a training as it stands in its source, and where does a walk through it stand?"""

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..meaning.values import UNKNOWN, Class, Const, Items, Thing, Value, join
from .reading import Project
from .scopes import Scope, SourceFile


@dataclass(eq=False)
class Loop:
    """A loop being walked, and what it goes over."""

    node: ast.For | ast.AsyncFor | ast.While | ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp
    file: SourceFile
    over: Value
    function: str

    @property
    def batches(self) -> bool:
        """True where it certainly goes over batches of a loader."""
        return any(isinstance(t, Thing) and t.origin == LOADER for t in unwrapped(self.over))


LOADER = "torch.utils.data.DataLoader"
WRAPPERS = {"enumerate", "zip", "islice", "tqdm", "reversed"}


def unwrapped(value: Value) -> tuple[Value, ...]:
    """What `enumerate`, `zip` and their like go over."""
    if isinstance(value, Thing) and value.origin in WRAPPERS:
        return tuple(inner for arg in value.args for inner in unwrapped(arg))
    if isinstance(value, Items):
        return tuple(value.items)
    return (value,)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happens: a backward pass, a step, a clearing, a change of mode."""

    kind: str
    node: ast.AST
    file: SourceFile
    target: Value
    value: Value
    loops: tuple[Loop, ...]
    rounds: tuple[int, ...]
    conds: tuple[tuple[ast.AST, bool], ...]
    guards: tuple[str, ...]
    order: int
    function: str
    functions: tuple[str, ...] = ()
    mode: str = ""

    @property
    def line(self) -> int:
        """Its line, from 1."""
        return self.node.lineno  # pyright: ignore

    @property
    def marks(self) -> set[str]:
        """What is marked on its target."""
        return self.target.marks if isinstance(self.target, Thing) else set()

    @property
    def first(self) -> bool:
        """True in the first round of every loop around it."""
        return not any(self.rounds)

    @property
    def graphless(self) -> bool:
        """True under `no_grad` or its like."""
        return "no_grad" in self.guards

    def conditional(self, other: "Event") -> bool:
        """True where conditions stand around this event that do not stand around the other."""
        return any(cond not in other.conds for cond in self.conds)

    def inner(self) -> Loop | None:
        """The innermost loop around it."""
        return self.loops[-1] if self.loops else None


NOTHING = Const(None)


BUDGET = 30_000
"""Statements walked for one program: a bound on time."""


@dataclass(eq=False)
class Frame:
    """A function being walked."""

    node: ast.AST | None
    name: str
    file: SourceFile
    scope: Scope
    returns: list[Value] = field(default_factory=list)
    owner: Class | None = None


class Walking:
    """The state of a walk, and how events are written down."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.trace: list[Event] = []
        self.things: list[Thing] = []
        self.modes: dict[Value, str] = {}
        self.frames: list[Frame] = []
        self.loops: list[Loop] = []
        self.rounds: list[int] = []
        self.conds: list[tuple[ast.AST, bool]] = []
        self.guards: list[str] = []
        self.entered: set[ast.AST] = set()
        self.left = BUDGET

    @property
    def frame(self) -> Frame:
        """The function being walked, or the module."""
        return self.frames[-1]

    @property
    def file(self) -> SourceFile:
        """The file in which the walk is."""
        return self.frame.file

    @property
    def scope(self) -> Scope:
        """Where names are bound now."""
        return self.frame.scope

    @property
    def complete(self) -> bool:
        """False where the walk was too long to finish: nothing may be said of what never happens."""
        return self.left > 0

    def note(self, kind: str, node: ast.AST, target: Value = UNKNOWN, value: Value = NOTHING) -> None:
        """Write an event down."""
        self.trace.append(
            Event(
                kind=kind,
                node=node,
                file=self.file,
                target=target,
                value=value,
                loops=tuple(self.loops),
                rounds=tuple(self.rounds),
                conds=tuple(self.conds),
                guards=tuple(self.guards),
                order=len(self.trace),
                function=self.frame.name,
                functions=tuple(f.name for f in self.frames),
                mode=self.modes.get(target, ""),
            )
        )

    def evaluate(self, node: ast.expr | None) -> Value:
        """What an expression stands for."""
        raise NotImplementedError

    def block(self, body: Iterable[ast.stmt]) -> bool:
        """Walk statements; True where the way ends within them (return, continue, break, raise)."""
        raise NotImplementedError

    def snapshot(self) -> tuple[dict[str, Value], dict[Value, str]]:
        """Names and modes as they are."""
        return dict(self.scope.names), dict(self.modes)

    def restore(self, kept: tuple[dict[str, Value], dict[Value, str]]) -> None:
        """Names and modes as they were."""
        self.scope.names.clear()
        self.scope.names.update(kept[0])
        self.modes = dict(kept[1])

    def merge(self, other: tuple[dict[str, Value], dict[Value, str]]) -> None:
        """Names and modes after two ways have met."""
        names = self.scope.names
        for name, value in other[0].items():
            names[name] = join(value, names[name]) if name in names else value
        for thing, mode in other[1].items():
            self.modes[thing] = mode if self.modes.get(thing, mode) == mode else "either"

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Something walked outside every loop and condition: a file, a function nobody calls."""
        kept = self.loops, self.rounds, self.conds, self.guards
        self.loops, self.rounds, self.conds, self.guards = [], [], [], []
        yield
        self.loops, self.rounds, self.conds, self.guards = kept

    def made(self, origin: str, node: ast.AST, args: tuple[Value, ...], kwargs: dict[str, Value]) -> Thing:
        """A new object, known to the walk."""
        thing = Thing(origin, node, self.file, args, kwargs)
        self.things.append(thing)
        return thing
