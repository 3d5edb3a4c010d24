"""Is a release whole: one version, one date, one address, wherever they stand?"""

import re
import shutil
import tomllib
from pathlib import Path

import new_version
import pytest

ROOT = Path(__file__).parents[1]
URL = "https://code.example/group/project"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in new_version.edits("0.0.0", URL, "2030-01-02"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def texts(root: Path) -> dict[str, str]:
    return {name: (root / name).read_text(encoding="utf-8") for name in new_version.edits("0.0.0", URL, "2030-01-02")}


def project(root: Path, name: str) -> dict:
    return tomllib.loads((root / name).read_text(encoding="utf-8"))["project"]


def test_the_sources_state_one_version_and_one_date():
    version = project(ROOT, "pyproject.toml")["version"]
    for name, text in texts(ROOT).items():
        if name == "src/ris_pytorch_pipeline/__init__.py":
            assert f'__version__ = "{version}"' in text
        elif name == "CITATION.cff":
            date = re.search(r"^date-released: (\S+)$", text, re.MULTILINE)
            assert date and f"## [{version}] - {date[1]}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
            assert f"\nversion: {version}\n" in text
        else:
            assert version in text, name


@pytest.mark.parametrize("before", [(), ("0.8.0", "https://old.example/a/b")], ids=["first", "moved"])
def test_a_release_states_its_version_date_and_address_once(copy: Path, before: tuple[str, str]):
    if before:
        new_version.release(copy, *before, "2029-01-01")
    new_version.release(copy, "0.9.0", URL, "2030-01-02")
    for name in ("pyproject.toml", "trainlint/pyproject.toml"):
        told = project(copy, name)
        assert told["version"] == "0.9.0"
        assert told["urls"]["Source"] == URL
        assert told["scripts"]
    written = texts(copy)
    assert written["CITATION.cff"].count(f"\nrepository-code: {URL}\n") == 1
    assert "\nversion: 0.9.0\ndate-released: 2030-01-02\n" in written["CITATION.cff"]
    assert "## [Unreleased]\n\n## [0.9.0] - 2030-01-02\n" in written["CHANGELOG.md"]
    assert "## Unreleased\n\n## 0.9.0 (2030-01-02)\n" in written["trainlint/CHANGELOG.md"]
    assert "old.example" not in "".join(written.values())


@pytest.mark.parametrize(
    ("version", "url"), [("v1", URL), ("", URL), ("1.0.0", ""), ("1.0.0", "group/project"), ("1.0.0", URL + '"')]
)
def test_a_release_of_half_an_answer_writes_nothing(copy: Path, version: str, url: str):
    before = texts(copy)
    with pytest.raises(new_version.Refused, match="wanted"):
        new_version.release(copy, version, url, "2030-01-02")
    assert texts(copy) == before


def test_a_file_of_another_form_is_named_before_anything_is_written(copy: Path):
    (copy / "trainlint/CHANGELOG.md").write_text("# Changes\n", encoding="utf-8")
    before = texts(copy)
    with pytest.raises(new_version.Refused, match="Unreleased"):
        new_version.release(copy, "0.9.0", URL, "2030-01-02")
    assert texts(copy) == before
