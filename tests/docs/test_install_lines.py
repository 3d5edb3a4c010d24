"""Does every line of README and the pages that installs, sets up or builds work in an empty environment?"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from test_commands import PAGES, ROOT

LINE = re.compile(r"^ *(?:\$ )?((?:pip install|make) [^#\n]*)|`((?:pip install|make) [^`]*)`", re.MULTILINE)
"""At the beginning of a line of a block, or between backticks."""
PLACEHOLDER = re.compile(r" PYTHON=\S+")
TRAINLINT = [ROOT / "trainlint/README.md", *sorted((ROOT / "trainlint/docs").rglob("*.md"))]
TARGETS = {
    "make setup": ".venv/bin/pre-commit",
    "make demo": "runs/demo/report.html",
    "make docs": "build/site/index.html",
    "make dist": "dist/SHA256SUMS",
    "make hashes": "requirements/run.txt",
    "make release VERSION=0.2.0 URL=https://host/group/project": "CITATION.cff",
}
"""Each target and a file that it leaves."""
AFTER = {".venv/bin/pre-commit install": ("make setup", ".git/hooks/pre-commit")}
"""What is run after a target, and the file that it leaves."""
ELSEWHERE = {
    "make test": "continuous integration runs it in a clean checkout",
    "make suites": "it runs this test",
    "make stress": "it runs this test",
}
"""Lines that are not run here, and why."""
EXTRAS = "import distributed, fastapi, h5py, optuna, plotly, pyarrow, tensorboard"


def lines(pages: list[Path], first_word: str) -> list[str]:
    """Each line once, as a reader types it; those that ask for an installed package's extras last."""
    found = [line or inline for page in pages for line, inline in LINE.findall(page.read_text(encoding="utf-8"))]
    plain = {PLACEHOLDER.sub("", " ".join(line.split())) for line in found if line.startswith(first_word)}
    return sorted(plain, key=lambda line: ("'ris-pytorch-pipeline[" in line, len(line)))


def test_every_target_is_followed_or_says_why_it_is_not() -> None:
    known = {*TARGETS, *ELSEWHERE, "make tables"}
    assert set(lines([*PAGES, ROOT / "CONTRIBUTING.md", *TRAINLINT], "make")) == known


def test_a_page_installs_both_packages_from_a_checkout_before_any_extra() -> None:
    ours = lines(PAGES, "pip")
    assert "trainlint" in ours[0] and "[" not in ours[0]
    assert lines(TRAINLINT, "pip") == ["pip install ."]


class Checkout:
    """A clean clone of what is committed, and an empty environment.

    Args:
        place: of both, an empty folder.
    """

    def __init__(self, place: Path) -> None:
        self.folder, self._bin = place / "clone", place / "environment/bin"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(self.folder)], check=True)
        subprocess.run([sys.executable, "-m", "venv", str(place / "environment")], check=True)

    def run(self, line: str, folder: str = ".") -> str:
        """What a line that ends well prints; versions that are known to go together are installed."""
        away = {"PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL"}
        values = {name: value for name, value in os.environ.items() if name not in away}
        values |= {"PATH": f"{self._bin}:{values['PATH']}", "PIP_CONSTRAINT": str(self.folder / "constraints.txt")}
        done = subprocess.run(
            shlex.split(line), cwd=self.folder / folder, env=values, capture_output=True, text=True, check=False
        )
        told = done.stdout + done.stderr
        assert done.returncode == 0, f"{line}\n{told[-3000:]}"
        return told


@pytest.mark.stress
def test_the_package_is_installed_as_the_pages_say(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    first, *others = lines(PAGES, "pip")
    checkout.run(first)
    checkout.run("ris locate --help")
    for line in others:
        checkout.run(line)
    checkout.run(f"python -c '{EXTRAS}'")
    checkout.run("pip check")


@pytest.mark.stress
def test_trainlint_is_installed_as_its_page_says(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.run("pip install .", folder="trainlint")
    assert "RT141" in checkout.run("trainlint run --no-ledger examples/broken_loop.py", folder="trainlint")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("made"))


def test_continuous_integration_runs_the_tests() -> None:
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").endswith("exec make test\n")


@pytest.mark.stress
@pytest.mark.parametrize("line", TARGETS)
def test_a_target_leaves_what_it_is_for(checkout: Checkout, line: str) -> None:
    made = checkout.folder / TARGETS[line]
    before = made.stat().st_mtime_ns if made.exists() else 0
    checkout.run(line)
    assert made.stat().st_mtime_ns > before
    for after, (target, left) in AFTER.items():
        if target == line:
            checkout.run(after)
            assert (checkout.folder / left).is_file()


@pytest.mark.stress
def test_tables_are_written_as_they_are_kept(checkout: Checkout) -> None:
    text = checkout.folder / "docs/fit.md"
    kept = text.read_text(encoding="utf-8")
    (table,) = re.findall(
        r"^<!-- table\nfile = \"measured/fit/still-codes.csv\"\n-->\n(.*?)^<!-- end", kept, re.S | re.M
    )
    text.write_text(kept.replace(table, "\n"), encoding="utf-8")
    assert ", 1 of them written" in checkout.run("make tables")
    checkout.run("git diff --exit-code -- README.md docs")
