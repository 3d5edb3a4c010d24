"""What does installing and importing trainlint bring: the package's own files, and torch alone beside them?"""

import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "trainlint"
MOST_BYTES = 400_000
ALLOWED = {"trainlint", "torch", "lazy_loader"}
"""What `import trainlint` may load beside the standard library, with all that torch itself loads."""
LOADED = """
import sys
{first}
before = set(sys.modules)
{then}
print(*sorted({{name.split(".")[0] for name in set(sys.modules) - before}}))
"""


def loaded(first: str, then: str) -> set[str]:
    """Top-level names of the modules that a line loads after another."""
    program = LOADED.format(first=first, then=then)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split()) - set(sys.stdlib_module_names)


def test_imports_bring_torch_alone() -> None:
    """Of the package, of what a program that is watched asks of it, and of its commands."""
    lines = """
import trainlint
from trainlint import Watch, diagnose, diagnose_text, preflight, standard_probes; standard_probes()
import trainlint.cli, trainlint.during.unedited.session, trainlint.after.reading.log
"""
    # What torch loads is torch's: only what comes after it counts.
    assert loaded("import torch, torch.optim.lr_scheduler, torch.utils.data, torch._dynamo", lines) <= ALLOWED


def test_the_bare_import_does_not_load_torch_yet() -> None:
    assert loaded("", "import trainlint") <= {"trainlint", "lazy_loader"} | packaging()


def packaging() -> set[str]:
    """What lazy-loader itself imports, from the requirements that it declares."""
    wanted = {text.split(";")[0].split(">")[0].split("=")[0].strip() for text in requires("lazy-loader") or ()}
    return {name for name, owners in packages_distributions().items() if wanted & set(owners)}


def test_every_file_of_the_package_belongs_there() -> None:
    kinds = {path.suffix for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert kinds == {".py", ".pyi", ".typed"}


@pytest.mark.filterwarnings("ignore")
def test_the_wheel_is_small_and_holds_the_package_alone(tmp_path: Path) -> None:
    program = (
        f"import os; os.chdir({str(ROOT)!r}); from hatchling.build import build_wheel; build_wheel({str(tmp_path)!r})"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("trainlint-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    files = {path for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    own = {path.relative_to(SOURCE.parent).as_posix() for path in files}
    assert wheel.stat().st_size < MOST_BYTES
    assert {name for name in names if ".dist-info/" not in name} == own
