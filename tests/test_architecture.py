"""Does the code keep the house's rules: imports point one way, files and functions stay short, nothing is hidden?"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "ris_pytorch_pipeline"
SOURCE = ROOT / "src" / PACKAGE
LEVELS = (
    {"cli"},
    {"search", "serve"},
    {"report", "bench"},
    {"calibrate", "importing", "localise"},
    {"train"},
    {"experiment"},
    {"losses"},
    {"data", "nets"},
    {"estimate"},
    {"bounds"},
    {"likelihood"},
    {"covariance"},
    {"physics"},
    {"errors", "foreign", "shapes", "units", "rng", "matching", "files", "tasks"},
)
"""Top to bottom. Rooms on one level are strangers, except on the lowest one."""
DEPTH = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
GROUND = len(LEVELS) - 1
LONGEST_FILE, LONGEST_FUNCTION = 300, 40
PICKLERS = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
GLOBAL_DRAWS = {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial"}
FORBIDDEN_CALLS = {
    "torch.manual_seed": "a global seed",
    "torch.seed": "a global seed",
    "torch.cuda.manual_seed": "a global seed",
    "torch.cuda.manual_seed_all": "a global seed",
    "np.random.seed": "a global seed",
    "numpy.random.seed": "a global seed",
    "random.seed": "a global seed",
    "torch.save": "pickle",
    "torch.load": "pickle",
    "os.getenv": "an environment variable",
}
READS_ENVIRONMENT = {"cli.commands.train"}
"""A launcher says through the environment alone which of its processes this is."""
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|root|Users|work|tmp|mnt|scratch)/\w|\b[A-Z]:\\\\")


BEHIND_THE_FACE = {"during", "before", "after", "cli", "findings", "ledger", "report", "verdict"}
"""Rooms of trainlint that nobody outside it imports from."""


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def room_of(module: str) -> str:
    """`physics` of `physics.steering`; the empty string of the package itself."""
    return module.split(".")[0]


def imported(module: str, tree: ast.Module, *, is_package: bool) -> Iterator[str]:
    """What a module imports, absolute; our own modules relative to the package, behind a leading dot."""
    base = module.split(".") if module else []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = node.level - 1 if is_package else node.level
            parent = base[: len(base) - up] + (node.module or "").split(".")
            names = [".".join([PACKAGE, *filter(None, parent), alias.name]) for alias in node.names]
        else:
            continue
        for name in names:
            yield "." + name[len(PACKAGE) + 1 :] if name.startswith(f"{PACKAGE}.") else name


def arrows_up(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """Imports of `module` that its room is not allowed."""
    room, complaints = room_of(module), []
    if room in {"", "__main__"}:
        return complaints  # the table of contents, and the door to cli
    for name in imported(module, ast.parse(source), is_package=is_package):
        if name.startswith("."):
            target = room_of(name[1:])
            if target == "__version__" or target == room:
                continue
            if target not in DEPTH:
                complaints.append(f"{module} imports {target}, which is no room")
            elif DEPTH[target] < DEPTH[room] or (DEPTH[target] == DEPTH[room] != GROUND):
                complaints.append(f"{module} imports {target}, which is not below {room}")
        elif name.startswith("trainlint.") and name.split(".")[1] in BEHIND_THE_FACE:
            complaints.append(f"{module} imports {name}; trainlint is used through its public face")
        elif room == "physics" and name.startswith("torch.nn"):
            complaints.append(f"{module} imports {name}; physics knows no networks")
    return complaints


def dotted(node: ast.expr) -> str:
    """`np.random.seed` of the expression np.random.seed."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def may_print(module: str) -> bool:
    return room_of(module) in {"cli", "__main__"}


def hidden(module: str, source: str) -> list[str]:
    """Prints, pickles, global state, swallowed errors and second defaults."""
    tree, complaints = ast.parse(source), []
    for name in imported(module, tree, is_package=False):
        if name.split(".")[0] in PICKLERS:
            complaints.append(f"{module} imports {name}: pickle")
    for node in ast.walk(tree):
        where = f"{module}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Call):
            complaints += [f"{where} {what}" for what in wrong_call(node, may_print=may_print(module))]
        elif isinstance(node, ast.Attribute) and dotted(node) == "os.environ" and module not in READS_ENVIRONMENT:
            complaints.append(f"{where} an environment variable")
        elif isinstance(node, ast.Attribute) and room_of(module) == "physics" and dotted(node) == "torch.nn":
            complaints.append(f"{where} torch.nn; physics knows no networks")
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            complaints.append(f"{where} a bare except")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and MACHINE_PATH.search(node.value):
            complaints.append(f"{where} a path of one machine")
    return complaints


def wrong_call(node: ast.Call, *, may_print: bool) -> Iterator[str]:
    name = dotted(node.func)
    if name == "print" and not may_print:
        yield "a print outside cli"
    if name == "getattr" and len(node.args) == 3:
        yield "a second default in getattr"
    if name in FORBIDDEN_CALLS:
        yield f"{name}: {FORBIDDEN_CALLS[name]}"
    if name.startswith("torch.") and name.removeprefix("torch.") in GLOBAL_DRAWS:
        if not {"generator", None} & {keyword.arg for keyword in node.keywords}:  # None is a ** expansion
            yield f"{name} without a generator"
    for keyword in node.keywords:
        if keyword.arg == "allow_pickle" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value):
            yield "allow_pickle: pickle"


def too_long(module: str, source: str) -> list[str]:
    """Files and functions over the limits; a function is measured without its signature and docstring."""
    lines = len(source.splitlines())
    complaints = [f"{module} has {lines} lines, over {LONGEST_FILE}"] if lines > LONGEST_FILE else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            if length > LONGEST_FUNCTION:
                complaints.append(f"{module}.{node.name} has {length} lines, over {LONGEST_FUNCTION}")
    return complaints


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_module_keeps_the_rules(path: Path) -> None:
    module, source = name_of(path), path.read_text(encoding="utf-8")
    complaints = arrows_up(module, source, is_package=path.name == "__init__.py")
    complaints += hidden(module, source) + too_long(module, source)
    if not ast.get_docstring(ast.parse(source)):
        complaints.append(f"{module} does not say which question it answers")
    assert not complaints, "\n".join(complaints)


def test_every_room_is_on_the_plan() -> None:
    rooms = {room_of(name_of(path)) for path in modules()} - {"", "__main__"}
    assert rooms <= set(DEPTH), f"rooms missing from the plan: {sorted(rooms - set(DEPTH))}"


@pytest.mark.parametrize("folder", ["tests", "examples", "benchmarks", "tools", "trainlint"])
def test_other_files_are_short_too(folder: str) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert not {str(path): length for path, length in lengths.items() if length > LONGEST_FILE}


def test_names_of_test_files_are_unique() -> None:
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert not [name for name, count in names.items() if count > 1], "pytest imports test files by their bare name"


@pytest.mark.parametrize(
    "pattern", ["README.md", "docs/**/*.md", "examples/**/*.py", "benchmarks/**/*.py", "tools/*.py"]
)
def test_public_text_names_no_machine(pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in ROOT.glob(pattern)
        for match in MACHINE_PATH.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("physics.scene", "from ..estimate import Sml"),
        ("physics.scene", "from .. import estimate"),
        ("physics.scene", "from ris_pytorch_pipeline.estimate.ml.search import greedy"),
        ("physics.scene", "import ris_pytorch_pipeline.bounds"),
        ("physics.scene", "def late():\n    from ..covariance import subspace"),
        ("physics.scene", "from torch import nn"),
        ("physics.scene", "import torch.nn.functional as F"),
        ("report.figures", "from ..bench import Cell"),
        ("nets.mlp", "from ..data import load_scenes"),
        ("train.watching", "from trainlint.during.watch import Watch"),
        ("bounds.scenes", "from ..attic import old"),
        ("errors", "from .physics import draw"),
    ],
)
def test_the_walker_sees_an_arrow_that_points_up(module: str, source: str) -> None:
    assert len(arrows_up(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("estimate.search", "from ..physics import steering_at\nfrom .region import SearchRegion"),
        ("matching", "from .errors import InputError\nfrom .shapes import Positions"),
        ("train.watching", "from trainlint import Watch\nfrom trainlint.rules import losses"),
        ("__main__", "from .cli import main"),
        ("cli.main", "from .. import __version__\nfrom ..report import sweep_figure"),
    ],
)
def test_the_walker_lets_an_arrow_down_pass(module: str, source: str) -> None:
    assert not arrows_up(module, source)


def test_the_walker_knows_a_package_from_a_module() -> None:
    assert not arrows_up("physics", "from . import steering", is_package=True)
    assert arrows_up("physics", "from .. import bench", is_package=True)


@pytest.mark.parametrize(
    "line",
    [
        "print('found')",
        "import pickle",
        "from joblib import dump",
        "torch.manual_seed(0)",
        "np.random.seed(0)",
        "torch.save(model, path)",
        "np.load(path, allow_pickle=True)",
        "x = torch.randn(3)",
        "rate = getattr(config, 'rate', 1e-3)",
        "home = os.environ['HOME']",
        "path = '/ho' + 'me'; path = '/home/someone/data.npz'",
        "try:\n    f()\nexcept:\n    pass",
        "layer = torch.nn.Linear(2, 2)",
    ],
)
def test_the_walker_sees_what_is_hidden(line: str) -> None:
    assert len(hidden("physics.bad", line)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "generator.manual_seed(3)",
        "x = torch.randn(3, generator=generator)",
        "x = torch.randn(3, **real)",
        "value = getattr(self, name)",
        "np.load(path, allow_pickle=False)",
        "ratio = 'metres/second and/or w/h'",
    ],
)
def test_the_walker_lets_honest_code_pass(line: str) -> None:
    assert not hidden("physics.good", line)


def test_the_walker_lets_cli_print() -> None:
    assert not hidden("cli.main", "print('found')")


def test_the_walker_measures_without_docstring() -> None:
    body = "\n".join(f"    x = {i}" for i in range(LONGEST_FUNCTION))
    words = '    """One.\n' + "\n" * 60 + '    """\n'
    assert not too_long("physics.long", f"def f():\n{words}{body}\n")
    assert too_long("physics.long", f"def f():\n{words}{body}\n    return x\n")
    assert too_long("physics.long", "x = 1\n" * (LONGEST_FILE + 1))
