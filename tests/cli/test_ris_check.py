"""Does `ris check` say which convention explains a scene file, in 80 columns and in its exit code?"""

from dataclasses import replace
from pathlib import Path

import pytest
from running import Run, around_file

from ris_pytorch_pipeline.cli.commands.check import said
from ris_pytorch_pipeline.data import load_scenes, save_scenes
from ris_pytorch_pipeline.estimate import SearchRegion
from ris_pytorch_pipeline.estimate.fit.meaning.trying import Trial


@pytest.fixture
def wrong_file(small_file: str, tmp_path: Path) -> str:
    seen = load_scenes(tmp_path / small_file).observation
    save_scenes(tmp_path / "wrong", replace(seen, codes=seen.codes.conj().resolve_conj()))
    return "wrong"


def test_a_right_file_is_explained(ris: Run, small_file: str) -> None:
    done = ris("check", small_file, "--sources", "1", "--scenes", "1")
    assert done.code == 0, done
    assert "The stated convention explains the data." in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines() if not line.startswith("note"))


def test_a_source_behind_an_array_with_depth_is_found_in_the_wider_field(ris: Run, tmp_path: Path) -> None:
    around_file(tmp_path / "around.safetensors")
    done = ris("check", "around.safetensors", "--sources", "1")
    assert done.code == 1
    assert "with 'wider field' they are explained" in done.out
    assert "azimuth 150." in done.out or "azimuth 149." in done.out


def test_a_conjugate_is_named_and_the_exit_code_says_so(ris: Run, wrong_file: str) -> None:
    done = ris("check", wrong_file, "--sources", "1", "--scenes", "2", "--json")
    assert done.code == 1
    found = done.json
    assert set(found) == {"file", "explains", "conventions", "better", "notes"}
    assert not found["explains"]
    assert found["better"][0] == "codes conjugated"
    assert found["conventions"][0]["name"] == "as stated"


def test_where_nothing_could_be_tried_nothing_is_said_of_the_data() -> None:
    refused = [
        Trial(name=name, explained=0.0, evidence=0.0, order=0.0, good=0.0, refused="a large array over a wide field")
        for name in ("as stated", "codes conjugated")
    ]
    first, move = said(refused, SearchRegion())
    assert first == "No convention could be tried: each was refused, as said above."
    assert "narrow the field" in move
