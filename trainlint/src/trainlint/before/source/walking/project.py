"""Which files are read together, and what do they mean to each other?"""

import ast
from collections.abc import Iterator

from ..meaning.values import UNKNOWN, Class, ModuleOf, Named, Value
from .scopes import STARS, SourceFile


class Project:
    """Files that are read together.

    Args:
        files: as read; a file is found under its stem.
    """

    def __init__(self, files: list[SourceFile]) -> None:
        self.files = files
        self.classes: list[Class] = []
        self.by_stem: dict[str, SourceFile | None] = {}
        for file in files:
            self.by_stem[file.stem] = None if file.stem in self.by_stem else file
        self.stars = {id(f): [m for m in _stars(f.tree)] for f in files}

    def imported(
        self, node: ast.Import | ast.ImportFrom, here: SourceFile
    ) -> Iterator[tuple[str, SourceFile, str | None]]:
        """What an import takes from the files read: the name bound, the file, and its member or None for all of it."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                file = self.by_stem.get(alias.name.split(".")[-1])
                if file is not None and file is not here and not alias.name.startswith("torch"):
                    yield alias.asname or alias.name.split(".")[0], file, None
            return
        base = (node.module or "").split(".")[-1]
        file = self.by_stem.get(base)
        if file is not None and file is not here and not (node.module or "").startswith("torch"):
            for alias in node.names:
                if alias.name == "*":
                    yield from ((n, file, n) for n in _public(file))
                else:
                    yield alias.asname or alias.name, file, alias.name
            return
        for alias in node.names:
            other = self.by_stem.get(alias.name)
            if node.level and other is not None and other is not here:
                yield alias.asname or alias.name, other, None

    def value(self, file: SourceFile, member: str | None) -> Value:
        """What a member of a file stands for."""
        if member is None:
            return ModuleOf(file)
        return file.scope.names.get(member, UNKNOWN)

    def star(self, file: SourceFile, name: str) -> Value:
        """A name that only a star import can have brought."""
        if name[:1].isupper() or name in {"nn", "optim"}:
            for module in self.stars[id(file)]:
                return Named(f"{module}.{name}")
        return UNKNOWN


def _stars(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module in STARS and any(a.name == "*" for a in node.names):
            yield STARS[node.module]


def _public(file: SourceFile) -> Iterator[str]:
    for node in file.tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (t.id for t in node.targets if isinstance(t, ast.Name) and not t.id.startswith("_"))
