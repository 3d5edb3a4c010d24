"""Which files are read, how are they decoded, and which one does an import mean?"""

import ast
import io
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from ....errors import InputError
from ..meaning.values import UNKNOWN, Class, ModuleOf, Named, Value
from .scopes import STARS, SourceFile

SKIPPED = {"__pycache__", "node_modules", "site-packages", "build", "dist"}
"""Folders that hold nobody's own source."""


def sources(paths: Iterable[Path | str]) -> Iterator[Path]:
    """Python files, and those below folders, each once, in order.

    Raises:
        InputError: a path does not exist.
    """
    seen: set[Path] = set()
    for given in paths:
        path = Path(given)
        if not path.exists():
            raise InputError("a Python file or a folder", str(given), "no such path", "check the spelling")
        found = sorted(p for p in path.rglob("*.py") if p.is_file() and _own(p, path)) if path.is_dir() else [path]
        for each in found:
            if each not in seen:
                seen.add(each)
                yield each


def _own(path: Path, root: Path) -> bool:
    parts = path.relative_to(root).parts[:-1]
    return not any(p in SKIPPED or p.startswith(".") for p in parts)


def decode(data: bytes, path: str) -> str:
    """The text of a source file, by the encoding that it declares.

    Raises:
        InputError: the bytes are not text in that encoding.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return io.IncrementalNewlineDecoder(None, translate=True).decode(data.decode(encoding), final=True)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise InputError(
            f"Python source in {path}",
            f"bytes that are no text ({error})",
            "another encoding, or a binary file",
            "save it as UTF-8, or declare its encoding in the first line",
        ) from error


def parse(text: str, path: str) -> SourceFile:
    """A text as a tree.

    Raises:
        InputError: it is no Python, or nested too deeply for Python itself.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in somebody's text is not ours to report
            return SourceFile(path, text, ast.parse(text))
    except SyntaxError as error:
        where = f"{path}:{error.lineno or 1}:{error.offset or 1}"
        raise InputError(
            f"Python source in {where}",
            str(error.msg),
            "another version of Python, or a typing error",
            "let Python compile the file first",
        ) from error
    except ValueError as error:
        raise InputError(
            f"Python source in {path}", str(error), "null bytes in a binary or damaged file", "save it again as text"
        ) from error
    except (RecursionError, MemoryError) as error:
        raise InputError(
            f"Python source in {path}",
            "an expression nested too deeply to parse",
            "generated code",
            "leave this file out",
        ) from error


class Project:
    """Files that are read together."""

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
            yield node.module


def _public(file: SourceFile) -> Iterator[str]:
    for node in file.tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (t.id for t in node.targets if isinstance(t, ast.Name) and not t.id.startswith("_"))
