"""Is what a command reads safe from it, and is a place that cannot be written to named before the work?"""

from pathlib import Path

import pytest
from running import Run

from ris_pytorch_pipeline.cli.commands import search, train
from ris_pytorch_pipeline.cli.forms import drawn_results


@pytest.mark.parametrize(
    "command",
    [
        ("calibrate", "scenes.safetensors", "scenes.safetensors"),
        ("calibrate", "scenes.safetensors", "./again/../scenes.safetensors"),
        ("simulate", "own.toml", "--config", "own.toml"),
        ("import", "own.toml", "own.toml"),
        ("locate", ".", "--out", "scenes.safetensors"),
        ("locate", ".", "--config", "own.toml", "--out", "own.toml"),
    ],
)
def test_what_is_read_is_not_written_over(ris: Run, small_file: str, command: tuple[str, ...]) -> None:
    Path("own.toml").write_text('preset = "random"\n', encoding="utf-8")
    Path("again").mkdir()
    before = [Path(name).read_bytes() for name in (small_file, "own.toml")]
    ris(*command, "--force").refused("a path that is not read as well", "the file would be lost")
    assert [Path(name).read_bytes() for name in (small_file, "own.toml")] == before


def test_data_are_not_written_over(ris: Run) -> None:
    Path("capture.mat").write_bytes(b"MATLAB 5.0")
    Path("own.toml").write_text('file = "capture.mat"\n', encoding="utf-8")
    ris("import", "own.toml", "capture.mat", "--force").refused("OUT.safetensors", "the data in its place")
    assert Path("capture.mat").read_bytes() == b"MATLAB 5.0"


def test_files_that_changed_places_are_named(ris: Run, small_file: str) -> None:
    assert ris("calibrate", small_file, "gains.safetensors").code == 0
    for command in ("locate", "check"):
        ris(command, "gains.safetensors").refused("a calibration of `ris calibrate`", "changed places")
    ris("locate", small_file, "--calibration", small_file).refused("ris-calibration file")
    ris("evaluate", small_file).refused("a checkpoint, of schema", "of schema ris-scenes", "changed places")
    ris("import", small_file, "new.safetensors").refused("a binary file, such as the data, in its place")


@pytest.mark.parametrize("place", ["taken", "taken/below"])
def test_a_folder_that_cannot_be_made_is_named_before_the_checks(
    ris: Run, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "sound", lambda *_, **__: pytest.fail("checks before the folder was looked at"))
    Path("taken").write_text("mine", encoding="utf-8")
    ris("train", place, "--preset", "tiny").refused("a directory that can be made", "a file where the path goes on")


@pytest.mark.parametrize("place", ["taken", "taken/below"])
def test_a_search_names_such_a_folder_before_its_checks(ris: Run, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "base_preflight", lambda *_: pytest.fail("checks before the folder was looked at"))
    Path("taken").write_text("mine", encoding="utf-8")
    ris("search", place).refused("a directory that can be made", "a file where the path goes on")


@pytest.mark.parametrize("option", ["--figures", "--latex"])
def test_a_report_names_such_a_folder_before_anything_is_drawn(
    ris: Run, run_folder: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("figures_in", "latex_in"):
        monkeypatch.setattr(drawn_results, name, lambda *_: pytest.fail("drawn before the folder was looked at"))
    Path("taken").write_text("mine", encoding="utf-8")
    ris("report", str(run_folder), option, "taken/below").refused("a directory that can be made", "the path goes on")


def test_a_folder_with_a_run_is_named_before_the_checks(
    ris: Run, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "sound", lambda *_, **__: pytest.fail("checks before the folder was looked at"))
    ris("train", str(run_folder), "--preset", "tiny").refused("a directory without a run", "--resume")


def test_counts_of_nothing_are_named(ris: Run, small_file: str) -> None:
    ris("check", small_file, "--scenes", "0").refused("--scenes >= 1")
    ris("bound", "--horizontal", "1", "--vertical", "1", "--sources", "1").refused(
        "two elements or more", "no direction"
    )
