"""Which names does a file bring in, what can the simplest of them stand for, and where is a name looked up?"""

import ast
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


class Value:
    """Anything that an expression may stand for."""


class Unknown(Value):
    """Nothing is known of it."""


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Const(Value):
    """A number, a text, a truth value or None that stands in the source."""

    value: object


@dataclass(frozen=True)
class Named(Value):
    """A name of another library, such as `torch.nn.functional.softmax`."""

    name: str


@dataclass(eq=False)
class Scope:
    """Names of a module, a function or a class, and the scope around it."""

    names: dict[str, Value] = field(default_factory=dict)
    outer: "Scope | None" = None

    def find(self, name: str) -> Value | None:
        """What the name stands for; None where nobody bound it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None


@dataclass(eq=False)
class SourceFile:
    """One file as read: its text, its tree, and what its names stand for."""

    path: str
    text: str
    tree: ast.Module
    scope: Scope = field(default_factory=Scope)
    walked: bool = False

    def __post_init__(self) -> None:
        self.lines = self.text.split("\n")  # as Python counts them: not at form feeds
        self.stem = Path(self.path).stem

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree."""
        return list(ast.walk(self.tree))

    def column(self, number: int, offset: int) -> int:
        """The column in characters, from 1, of an offset in bytes."""
        line = self.lines[number - 1] if 0 < number <= len(self.lines) else ""
        return len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1

    def line(self, number: int) -> str:
        """The stripped line of this number, from 1."""
        return self.lines[number - 1].strip() if 0 < number <= len(self.lines) else ""


_SAME = (
    ("torch.nn.modules.loss.", "torch.nn."),
    ("torch.nn.modules.", "torch.nn."),
    ("torch.utils.data.dataloader.", "torch.utils.data."),
    ("torch.utils.data.dataset.", "torch.utils.data."),
    ("torch.cuda.amp.GradScaler", "torch.amp.GradScaler"),
    ("pytorch_lightning.", "lightning."),
    ("lightning.pytorch.", "lightning."),
    ("torch.optim.adam.", "torch.optim."),
    ("torch.optim.sgd.", "torch.optim."),
)


def canonical(name: str) -> str:
    """One name for each object of torch, whichever way it was imported."""
    for old, new in _SAME:
        if name.startswith(old):
            return new + name[len(old) :]
    return name


STARS = {"torch.nn", "torch.optim", "torch.nn.functional", "torch", "torch.utils.data"}
"""Modules whose star imports are followed."""


def imported(node: ast.Import | ast.ImportFrom) -> dict[str, Value]:
    """What an import statement binds, with the names of other libraries written out."""
    if isinstance(node, ast.Import):
        return {
            (a.asname or a.name.split(".")[0]): Named(canonical(a.name if a.asname else a.name.split(".")[0]))
            for a in node.names
        }
    base = "." * node.level + (node.module or "")
    return {(a.asname or a.name): _one(base, a.name) for a in node.names if a.name != "*"}


def _one(base: str, name: str) -> Value:
    if base == "__future__":
        return UNKNOWN
    joint = "" if base.endswith(".") else "."
    return Named(canonical(f"{base}{joint}{name}"))
