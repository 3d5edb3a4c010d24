"""Is the cause of a failure told by its kind, wherever a path is read, and no other one beside it?"""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ris_pytorch_pipeline.bench import suite_from_toml
from ris_pytorch_pipeline.calibrate import load_calibration
from ris_pytorch_pipeline.cli.options.extending import extend
from ris_pytorch_pipeline.cli.options.model import network_at
from ris_pytorch_pipeline.data import load_scenes
from ris_pytorch_pipeline.data.sharded.manifest import file_digest
from ris_pytorch_pipeline.errors import RisError
from ris_pytorch_pipeline.experiment import experiment_from_toml
from ris_pytorch_pipeline.files import cause, is_missing, move
from ris_pytorch_pipeline.serve.token import token_in

READERS = (
    network_at, load_calibration, load_scenes, experiment_from_toml, suite_from_toml, extend, token_in, file_digest,
)  # fmt: skip
KINDS = {
    "pipe": "a folder, a pipe or a device of that name",
    "link": "a link of that name",
    "loop": "a link of that name",
    "file/inside": "a file where the path goes on as through a folder",
    "n" * 300: "a text in the place of a path",
}


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[:4])
def test_each_reader_names_the_cause_of_its_kind(
    read: Callable[[Path], object], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("file").write_text("words", encoding="utf-8")
    Path("link").symlink_to("file")
    Path("loop").symlink_to("loop")
    with pytest.raises(RisError) as told:
        read(Path(kind))
    assert f"Likely cause: {KINDS[kind]}. Next: " in str(told.value)


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_a_folder_that_nobody_may_enter_is_no_mistyped_path(
    read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may enter every folder, so that the system's answer is made up."""

    def denied(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    monkeypatch.setattr(os, "lstat", denied)
    with pytest.raises(RisError, match=r"Likely cause: no permission\. Next: ask its owner"):
        read(tmp_path / "closed")


def test_a_run_that_nobody_may_look_into_is_not_taken_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: object) -> os.stat_result:
        raise PermissionError(errno.EACCES, "Permission denied")

    assert is_missing(tmp_path / "none") and not is_missing(tmp_path)
    monkeypatch.setattr(os, "lstat", denied)
    assert not is_missing(tmp_path / "none")


def test_an_error_without_a_number_has_the_cause_of_the_reader() -> None:
    assert cause(ValueError("no TOML"), "a key twice") == "a key twice"
    assert cause(OSError("of a library"), "a copy cut short") == "a copy cut short"
    assert move(FileNotFoundError(errno.ENOENT, "none"), "check the path") == "check the path"
