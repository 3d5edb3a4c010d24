"""Does one process at a time write in a folder, and does a killed one hold nothing?"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.files import Lock, is_working_file, remove_old_leftovers

HOLDER = """
import sys
from pathlib import Path
from ris_pytorch_pipeline.files.lock import Lock
Lock(Path(sys.argv[1])).__enter__()
print("held", flush=True)
sys.stdin.read()
"""


def test_another_process_is_named_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    with pytest.raises(ConfigurationError, match=f"process {other.pid} on "), Lock(tmp_path):
        pass
    os.kill(other.pid, signal.SIGKILL)
    other.communicate()
    assert other.returncode == -signal.SIGKILL
    with Lock(tmp_path) as lock:
        assert json.loads(lock.path.read_text())["process"] == os.getpid()
    assert not list(tmp_path.iterdir())


def test_a_lock_is_taken_again_and_again(tmp_path: Path) -> None:
    for _ in range(3):
        with Lock(tmp_path), pytest.raises(ConfigurationError, match="another run"), Lock(tmp_path):
            pass


def test_a_lock_that_is_a_link_or_has_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".lock").symlink_to(tmp_path / "mine")
    with pytest.raises(ConfigurationError, match="a link"), Lock(tmp_path):
        pass
    assert not (tmp_path / "mine").exists()
    with pytest.raises(ConfigurationError, match="No such file"), Lock(tmp_path / "no"):
        pass


@pytest.mark.parametrize("content", ["somebody's notes", '{"name": "mine"}', "\0\0notes"])
def test_a_file_of_somebody_else_is_neither_emptied_nor_removed(tmp_path: Path, content: str) -> None:
    (tmp_path / ".lock").write_text(content)
    with pytest.raises(ConfigurationError, match="a file of somebody else"), Lock(tmp_path):
        pass
    assert (tmp_path / ".lock").read_text() == content


@pytest.mark.parametrize("left", ["", "\0" * 40, '{"proc', '{"process": 12, "machine": "x"}', '{"process": 1\0\0'])
def test_what_a_killed_holder_left_is_taken_over(tmp_path: Path, left: str) -> None:
    (tmp_path / ".lock").write_text(left)
    with Lock(tmp_path) as lock:
        assert json.loads(lock.path.read_text())["process"] == os.getpid()


def test_old_leftovers_are_known_by_their_names(tmp_path: Path) -> None:
    left, kept = [".tmpAbCdEf", ".last.safetensors.999.part"], [".tmp", "a.part", "ledger.jsonl", ".tmpAbCdEfG"]
    for name in left + kept:
        (tmp_path / name).write_bytes(b"x")
    assert {path.name for path in tmp_path.iterdir() if is_working_file(path)} == {*left}
    remove_old_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*kept}
