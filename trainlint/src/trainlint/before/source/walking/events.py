"""What happens in a training as it stands in its source, in the order in which it would happen?"""

import ast
from dataclasses import dataclass

from ..meaning.values import Const, Items, Thing, Value
from .scopes import SourceFile


@dataclass(eq=False)
class Loop:
    """A loop being walked, and what it goes over."""

    node: ast.For | ast.AsyncFor | ast.While
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
        return self.node.lineno  # pyright: ignore[reportAttributeAccessIssue]

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
