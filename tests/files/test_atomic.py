"""Is a file written whole or not at all, under the umask, and is what is no ordinary file left alone?"""

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.files import Lines, open_regular, read_regular, write_whole
from ris_pytorch_pipeline.files.atomic import _stem


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Files of this process may have so many bytes, as on a disk that is full beyond."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("size", [0, 1, 4096, 9999])
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(size: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, [b"old"])
    with room_for(size), pytest.raises(OSError, match="too large"):
        write_whole(path, [b"n" * 5000, b"w" * 5000])
    assert path.read_bytes() == b"old" and names(tmp_path) == ["file"]
    write_whole(path, [b"n" * 5000, b"w" * 5000])
    assert path.read_bytes() == b"n" * 5000 + b"w" * 5000 and names(tmp_path) == ["file"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_the_umask_says_who_may_read(umask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "file", [b"x"])
        Lines(tmp_path / "lines").close()
    finally:
        os.umask(before)
    assert all(stat.S_IMODE(path.stat().st_mode) == mode for path in tmp_path.iterdir())


def planted(folder: Path) -> dict[str, Path]:
    """What may stand in the place of a file."""
    (folder / "other").write_bytes(b"somebody's")
    (folder / "link").symlink_to(folder / "other")
    (folder / "nowhere").symlink_to(folder / "gone")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    return {name: folder / name for name in ("link", "nowhere", "folder", "pipe")} | {"device": Path(os.devnull)}


@pytest.mark.parametrize("name", ["link", "nowhere", "folder", "pipe", "device"])
def test_what_is_no_ordinary_file_is_neither_read_nor_replaced(name: str, tmp_path: Path) -> None:
    path = planted(tmp_path)[name]
    before = (os.lstat(path).st_ino, os.lstat(path).st_mode)
    for use in (open_regular, lambda p: read_regular(p, 9), lambda p: write_whole(p, [b"x"])):
        with pytest.raises(OSError, match=r"link|ordinary|Is a directory"):
            use(path)
    with pytest.raises(InputError, match="Next:"):
        Lines(path)
    assert (os.lstat(path).st_ino, os.lstat(path).st_mode) == before
    assert (tmp_path / "other").read_bytes() == b"somebody's" and not (tmp_path / "gone").exists()


def test_an_existing_file_is_kept_where_it_is_to_be(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", [b"first"], overwrite=False)
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "file", [b"second"], overwrite=False)
    assert (tmp_path / "file").read_bytes() == b"first" and names(tmp_path) == ["file"]


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    write_whole(tmp_path / ("a" * 255), [b"x"])
    with pytest.raises(OSError, match="too long"):
        write_whole(tmp_path / ("a" * 256), [b"x"])
    with pytest.raises(OSError, match="null"):
        write_whole(tmp_path / "a\0b", [b"x"])


def test_what_a_killed_writer_left_is_removed_and_what_another_one_writes_is_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    abandoned, foreign = tmp_path / f"{_stem(path)}1-aa.part", tmp_path / ".other.part"
    abandoned.write_bytes(b"half")
    foreign.write_bytes(b"half")
    write_whole(path, [b"whole"])
    assert names(tmp_path) == [".other.part", "file"]


def test_a_line_that_does_not_fit_is_taken_back(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "lines")
    with room_for(25), pytest.raises(InputError, match=r"lines.*too large"):
        for number in range(9):
            lines.write(f"line {number}\n")
    lines.write("after\n")
    lines.close()
    assert (tmp_path / "lines").read_text() == "line 0\nline 1\nline 2\nafter\n"


def test_a_file_of_lines_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "lines")
    lines.check_place()
    (tmp_path / "lines").unlink()
    with pytest.raises(InputError, match="removed or replaced"):
        lines.check_place()
    (tmp_path / "lines").write_text("")
    with pytest.raises(InputError, match="removed or replaced"):
        lines.check_place()


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100)
    assert len(read_regular(tmp_path / "file", 100)) == 100
    with pytest.raises(OSError, match="99 bytes"):
        read_regular(tmp_path / "file", 99)
