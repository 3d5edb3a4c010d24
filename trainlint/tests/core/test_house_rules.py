"""Does trainlint keep the house's rules: imports point one way, files and functions stay short, nothing is hidden?"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "trainlint"
LEVELS = (
    {"cli"},
    {"testing"},
    {"during.unedited", "after"},
    {"before"},
    {"during"},
    {"verdict", "output"},
    {"ledger", "settings", "entry"},
    {"rules"},
    {"findings", "files"},
    {"errors"},
)
"""Top to bottom; rooms on one level are strangers. What finds a program's parts by itself stands above the watch."""
DEPTH = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
LONGEST_FILE, LONGEST_FUNCTION = 300, 40
PICKLERS = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
ALLOWED = {"torch", "lazy_loader"}
"""What is installed with trainlint; everything else is imported where a user of it calls."""
READS_ENVIRONMENT = {"cli.run"}
"""A launcher says through the environment alone which of its processes this is."""
FORBIDDEN = {"torch.save", "torch.load", "torch.manual_seed", "torch.seed", "random.seed", "os.getenv"}


def room_of(module: str) -> str:
    """`during.unedited` is a room of its own; otherwise the first part of the name."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[:2] == ["during", "unedited"] else parts[0]


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported(module: str, node: ast.AST, *, is_package: bool) -> list[str]:
    """What an import brings: our own modules behind a leading dot, others by their full name."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = module.split(".") if module else []
        parent = base[: len(base) - node.level + is_package] + (node.module or "").split(".")
        names = [".".join(["trainlint", *filter(None, parent), alias.name]) for alias in node.names]
    else:
        return []
    return ["." + name[len("trainlint.") :] if name.startswith("trainlint.") else name for name in names]


def arrows_up(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """Imports of a module that its room is not allowed."""
    room = room_of(module)
    if room in {"", "__main__"}:
        return []
    complaints = []
    for node in ast.walk(ast.parse(source)):
        for name in imported(module, node, is_package=is_package):
            target = room_of(name[1:]) if name.startswith(".") else room
            if target == room or name == ".__version__":
                continue
            if target not in DEPTH or DEPTH[target] <= DEPTH[room]:
                complaints.append(f"{module} imports {target}, which is not below {room}")
    return complaints


def strangers(source: str) -> list[str]:
    """Packages imported with the module that are neither torch nor of the standard library."""
    tree, known = ast.parse(source), set(sys.stdlib_module_names) | ALLOWED | {"trainlint", ""}
    top = [node for node in ast.iter_child_nodes(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [name for node in top for name in imported("", node, is_package=True) if not name.startswith(".")]
    return [name for name in names if name.split(".")[0] not in known]


def dotted(node: ast.expr) -> str:
    """`torch.save` of the expression torch.save."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def wrong_call(module: str, node: ast.Call) -> Iterator[str]:
    """What is wrong with a call."""
    name = dotted(node.func)
    if name == "print" and room_of(module) not in {"cli", "__main__"}:
        yield "a print outside cli"
    if name == "getattr" and len(node.args) == 3:
        yield "a second default in getattr"
    if name in FORBIDDEN:
        yield name


def hidden(module: str, source: str) -> Iterator[str]:
    """Prints, pickles, global state, swallowed errors and second defaults."""
    for node in ast.walk(ast.parse(source)):
        where = f"{module}:{vars(node).get('lineno', 0)}"
        if isinstance(node, ast.Call):
            yield from (f"{where} {what}" for what in wrong_call(module, node))
        elif isinstance(node, ast.Attribute) and dotted(node) == "os.environ" and module not in READS_ENVIRONMENT:
            yield f"{where} an environment variable"
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"{where} a bare except"
        elif isinstance(node, ast.Global):
            yield f"{where} a global"
        for name in imported(module, node, is_package=False):
            if name.split(".")[0] in PICKLERS:
                yield f"{where} {name}: pickle"


def too_long(module: str, source: str) -> Iterator[str]:
    """Files and functions over the limits; a function is measured without its signature and docstring."""
    if (lines := len(source.splitlines())) > LONGEST_FILE:
        yield f"{module} has {lines} lines, over {LONGEST_FILE}"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            if length > LONGEST_FUNCTION:
                yield f"{module}.{node.name} has {length} lines, over {LONGEST_FUNCTION}"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_module_of_trainlint_keeps_the_rules(path: Path) -> None:
    module, source = name_of(path), path.read_text(encoding="utf-8")
    complaints = arrows_up(module, source, is_package=path.name == "__init__.py")
    complaints += [*strangers(source), *hidden(module, source), *too_long(module, source)]
    if not ast.get_docstring(ast.parse(source)):
        complaints.append(f"{module} does not say which question it answers")
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("folder", ["tests", "benchmarks", "examples"])
def test_what_is_around_the_package_is_short_too(folder: str) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert not {str(path): length for path, length in lengths.items() if length > LONGEST_FILE}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("findings", "from .verdict import judge"),
        ("during.hooks", "from ..before.trial import timed"),
        ("during.watch", "from .unedited.session import Session"),
        ("after.series", "from trainlint.cli import main"),
        ("before", "from .. import report"),
    ],
)
def test_an_arrow_that_points_up_is_seen(module: str, source: str) -> None:
    assert len(arrows_up(module, source, is_package=module == "before")) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("during.unedited.joined", "from ...before.source.reader import read"),
        ("during.probes.motion", "from ...rules import updates\nfrom ..run import Run"),
        ("cli.run", "from ..during.watch import Watch"),
    ],
)
def test_an_arrow_down_passes(module: str, source: str) -> None:
    assert not arrows_up(module, source)


@pytest.mark.parametrize(
    "line",
    [
        "print('found')",
        "import pickle",
        "x = getattr(model, 'rate', None)",
        "torch.save(model, path)",
        "home = os.environ['HOME']",
        "try:\n    f()\nexcept:\n    pass",
        "def f():\n    global count",
    ],
)
def test_what_is_hidden_is_seen(line: str) -> None:
    assert len(list(hidden("during.bad", line))) == 1


def test_a_package_that_is_not_installed_with_trainlint_is_seen() -> None:
    assert strangers("import numpy\nfrom torch import nn\nimport json\ndef f():\n    import lightning") == ["numpy"]


def test_long_functions_and_files_are_seen() -> None:
    body = "\n".join(f"    x = {i}" for i in range(LONGEST_FUNCTION))
    assert not list(too_long("during.long", f'def f():\n    """One."""\n{body}\n'))
    assert list(too_long("during.long", f"def f():\n{body}\n    return x\n"))
    assert list(too_long("during.long", "x = 1\n" * (LONGEST_FILE + 1)))
