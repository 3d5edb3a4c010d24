"""Is it said of a wheel that it states no address, and nothing of one that does?"""

import re
import sys
import zipfile
from pathlib import Path

import pytest
import stated_address

ROOT = Path(__file__).parents[1]
ADDRESS = "Project-URL: Source, https://code.example/group/project\n"


def wheel(folder: Path, name: str, metadata: str, *, at: str = "") -> Path:
    path = folder / f"{name}-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{at}{name}-0.1.0.dist-info/METADATA", f"Metadata-Version: 2.4\nName: {name}\n{metadata}")
    return path


def test_one_line_names_the_wheels_that_state_none(tmp_path: Path) -> None:
    wheels = [wheel(tmp_path, "one", ""), wheel(tmp_path, "two", ADDRESS), wheel(tmp_path, "three", "")]
    line = stated_address.said(wheels)
    assert line == (
        "no Project-URL: one-0.1.0-py3-none-any.whl and three-0.1.0-py3-none-any.whl; "
        "make release VERSION=... URL=... writes the address"
    )


def test_an_address_in_the_description_is_none(tmp_path: Path) -> None:
    assert not stated_address.states_address(wheel(tmp_path, "one", f"\n# One\n\n{ADDRESS}"))


def test_nothing_is_printed_where_all_state_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for metadata, lines in ((ADDRESS, 0), ("", 1)):
        monkeypatch.setattr(sys, "argv", ["stated_address.py", str(wheel(tmp_path, "one", metadata))])
        stated_address.main()
        assert capsys.readouterr().out.count("\n") == lines


def test_a_file_without_metadata_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.compile(r"wanted .* came .*one-0.1.0.* with 0: .*; build it anew")):
        stated_address.states_address(wheel(tmp_path, "one", "", at="inner/"))


def test_dist_asks_about_every_wheel() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ndist:\n")[2].partition("\n\n")[0]
    assert "$(PYTHON) tools/stated_address.py dist/*.whl" in recipe
