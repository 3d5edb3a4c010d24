"""Which findings has a source: one text, or files that belong together?"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

from ...errors import InputError
from ...files import read_ordinary
from .training import SourceFinding, Training
from .walking.reader import read_project
from .walking.reading import decode, parse
from .walking.scopes import SourceFile

_ROOMS = (
    "batchloops", "rateschedules", "settings", "gradientpaths", "members", "criteria", "directions", "lossinputs",
    "evaluations", "heldout", "samples", "runs", "upkeep",
)  # fmt: skip
SUSPECTS: tuple[Callable[[Training], Iterator[SourceFinding]], ...] = tuple(
    check for room in _ROOMS for check in import_module(f".suspects.{room}", __package__).CHECKS
)
_LIBRARY = re.compile(r"\b(torch|lightning|accelerate|transformers)\b|pytorch")
_SUBJECT = re.compile(r"\.backward\b|\.step\b|Module\b|optim\b|DataLoader|zero_grad|requir\w*grad")
MOST_BYTES = 1 << 21
"""Of a source: Python takes hundreds of times as much memory to read it."""
TOGETHER = 40
"""Files of one folder that are read as one program; more are a library, and each is read alone."""


def check_source(text: str, path: str = "<text>", beside: Mapping[str, str] | None = None) -> list[SourceFinding]:
    r"""What one source suggests, in the order of its lines.

    Args:
        text: the source.
        path: its name in the findings.
        beside: texts of other files of the same program, by path.

    Raises:
        InputError: a text is no Python.

    >>> code = "import torch\nfor x in loader:\n    loss = net(x).mean()\n    loss.backward()\n    opt.step\n"
    >>> [(f.code, f.line) for f in check_source(code)]
    [('RT601', 5)]
    """
    files = [parse(text, path), *(parse(t, p) for p, t in (beside or {}).items())]
    return _check_files(files)


def _check_files(files: list[SourceFile]) -> list[SourceFinding]:
    if not any(_concerns_torch(f) for f in files):
        return []
    try:
        training = Training(read_project(files))
        found = [finding for check in SUSPECTS for finding in check(training)]
    except RecursionError as error:
        raise InputError(
            f"a source that can be followed in {files[0].path}",
            "expressions nested too deeply",
            "generated code",
            "leave this file out",
        ) from error
    except Exception as error:  # the one boundary: a gap in the reading of one program must not stop that of others
        where = f"{type(error).__name__}: {error}"
        raise InputError(
            f"a source that the check can follow in {files[0].path}",
            where,
            "a gap in the check itself",
            "report the construction; the other files were checked",
        ) from error
    unique = {(f.path, f.line, f.code): f for f in reversed(found)}
    return sorted(unique.values(), key=lambda f: (f.path, f.line, f.column, f.code))


def _concerns_torch(file: SourceFile) -> bool:
    return bool(_LIBRARY.search(file.text)) and bool(_SUBJECT.search(file.text))


def check_paths(paths: Iterable[Path]) -> tuple[list[SourceFinding], list[InputError]]:
    """What files on disk suggest, and which could not be read.

    Files of one folder are read as one program, unless there are very many of them.
    """
    files, errors = _read(paths)
    groups: dict[Path, list[SourceFile]] = {}
    for file in files:
        groups.setdefault(Path(file.path).parent, []).append(file)
    found: list[SourceFinding] = []
    for group in groups.values():
        for together in _programs(group):
            found += _apart(together, errors)
    return sorted(set(found), key=lambda f: (f.path, f.line, f.column, f.code)), errors


def _apart(together: list[SourceFile], errors: list[InputError]) -> list[SourceFinding]:
    try:
        return _check_files(together)
    except InputError as error:
        if len(together) == 1:
            errors.append(error)
            return []
    return [f for file in together for f in _apart([parse(file.text, file.path)], errors)]


def _programs(group: list[SourceFile]) -> list[list[SourceFile]]:
    stems = {f.stem for f in group}
    linked = [f for f in group if len(group) <= TOGETHER and _imports(f) & stems - {f.stem}]
    named = {s for f in linked for s in _imports(f) & stems}
    program = [f for f in group if f in linked or f.stem in named] if linked else []
    return [p for p in ([program] if program else []) + [[f] for f in group if f not in program] if p]


def _imports(file: SourceFile) -> set[str]:
    found: set[str] = set()
    for node in file.tree.body:
        if isinstance(node, ast.Import):
            found |= {a.name.split(".")[-1] for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.module or "").split(".")[-1], *(a.name for a in node.names)}
    return found


def _read(paths: Iterable[Path]) -> tuple[list[SourceFile], list[InputError]]:
    files: list[SourceFile] = []
    errors: list[InputError] = []
    for path in paths:
        try:
            files.append(parse(decode(read_ordinary(path, "a source", MOST_BYTES), str(path)), str(path)))
        except InputError as error:
            errors.append(error)
    return files, errors
