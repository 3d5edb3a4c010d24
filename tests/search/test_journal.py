"""Does a journal survive a writer that is killed in the middle of a line, or while it holds the lock?"""

import json
import os
import signal
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nursery import Nursery

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.files.holding import try_hold
from ris_pytorch_pipeline.search import open_storage, read_storage
from ris_pytorch_pipeline.search.extra import journal, optuna
from ris_pytorch_pipeline.search.kept.journal import JournalLock, journal_storage
from ris_pytorch_pipeline.search.kept.names import JOURNAL
from ris_pytorch_pipeline.search.kept.record import line_of, record_of
from ris_pytorch_pipeline.search.kept.tail import LONGEST, cut_torn_line


def a_study(folder: Path) -> "optuna.Study":
    return optuna.create_study(storage=open_storage(folder), study_name="x", load_if_exists=True)


def finished(folder: Path) -> int:
    """Trials that are complete, as a reader finds them."""
    return len(optuna.load_study(storage=open_storage(folder), study_name="x").trials)


@pytest.mark.parametrize("torn", [b"{", b'{"op_code":4,"worker_id":"a-1","study_id":0,"datetime', b"\x00" * 70000])
def test_a_torn_line_is_cut_off_on_opening(tmp_path: Path, torn: bytes) -> None:
    study = a_study(tmp_path)
    for _ in range(3):
        study.tell(study.ask(), 1.0)
    path = tmp_path / JOURNAL
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    assert finished(tmp_path) == 3
    assert path.read_bytes() == whole
    again = a_study(tmp_path)
    again.tell(again.ask(), 2.0)
    assert finished(tmp_path) == 4


def test_a_line_torn_while_others_write_is_cut_off_by_the_next_of_them(tmp_path: Path) -> None:
    study = a_study(tmp_path)
    study.tell(study.ask(), 1.0)
    with (tmp_path / JOURNAL).open("ab") as killed:
        killed.write(b'{"op_code":8,"worker_id":"dead","trial')
    study.tell(study.ask(), 2.0)
    assert [trial.value for trial in study.trials] == [1.0, 2.0]
    assert finished(tmp_path) == 2


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text('{"op_code": 0}\nnot a line\n{"op_code": 0}\n', encoding="utf-8")
    with pytest.raises(InputError, match="the journal of a search"):
        open_storage(tmp_path)


RECORD = b'{"op_code":4,"worker_id":"a-1","study_id":0}\n'
TEN = RECORD.replace(b"4", b"10")


@pytest.mark.parametrize("whole", [b"", RECORD, RECORD + TEN])
def test_every_beginning_of_a_record_is_cut_off(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "file"
    beginnings = [each[:at] for each in (RECORD, TEN) for at in range(len(each))]
    for torn in (*beginnings, *(each + b"\0" * 9 for each in beginnings)):
        path.write_bytes(whole + torn)
        assert cut_torn_line(path) == len(torn)
        assert path.read_bytes() == whole


FOREIGN = {
    "notes": b"my own notes, not a journal",
    "notes behind records": RECORD + b"my own notes",
    "another document": b'{"title": "mine"}',
    "a record's beginning behind notes": b"my own notes\n" + RECORD[:9],
    "zeros behind notes": b"my own notes\n\0\0\0",
    "notes behind zeros": RECORD + b"\0\0 my own notes",
    "bytes that JSON does not write": RECORD + RECORD[:30] + b"\xff",
    "a longer line than any": RECORD + RECORD[:-1] + b" " * LONGEST,
    "more zeros than any": RECORD + b"\0" * LONGEST,
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_an_end_that_no_writer_leaves_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / JOURNAL
    path.write_bytes(content)
    for opening in (lambda: cut_torn_line(path), lambda: open_storage(tmp_path), lambda: read_storage(tmp_path)):
        with pytest.raises(InputError, match=r"(?s)the journal of a search.*Likely cause.*Next"):
            opening()
        assert path.read_bytes() == content


def test_a_record_that_no_reader_would_take_is_not_written(tmp_path: Path) -> None:
    study = a_study(tmp_path)
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(InputError, match="lower --scenes"):
        study.set_user_attr("long", "x" * LONGEST)
    assert (tmp_path / JOURNAL).read_bytes() == before


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_reading_locks_and_mends_nothing(tmp_path: Path) -> None:
    study = a_study(tmp_path)
    study.tell(study.ask(), 1.0)
    (tmp_path / f".{JOURNAL}.held").unlink()
    with (tmp_path / JOURNAL).open("ab") as torn:
        torn.write(RECORD[:12])
    before = contents(tmp_path)
    opened = os.open

    def opens(path: Any, flags: int, *more: Any, **options: Any) -> int:
        assert flags & os.O_ACCMODE == os.O_RDONLY and not flags & (os.O_CREAT | os.O_TRUNC), path
        return opened(path, flags, *more, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "open", opens)
        known = optuna.load_study(storage=read_storage(tmp_path), study_name="x")
        assert [trial.value for trial in known.trials] == [1.0]
        with pytest.raises(InputError, match="open for writing"):
            known.set_user_attr("a", 1)
    assert contents(tmp_path) == before


def test_only_an_ordinary_journal_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a journal that can be read"):
        read_storage(tmp_path)
    (tmp_path / JOURNAL).symlink_to(tmp_path / "elsewhere")
    for opening in (read_storage, open_storage):
        with pytest.raises(InputError, match="a link, which is not followed"):
            opening(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


HOLDER = """
import sys, time
from pathlib import Path
from ris_pytorch_pipeline.search.kept.journal import JournalLock
JournalLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(600)
"""


def test_a_killed_process_holds_no_lock(tmp_path: Path, nursery: Nursery) -> None:
    path = tmp_path / JOURNAL
    path.touch()
    (tmp_path / "holder.py").write_text(HOLDER)
    holder = nursery.start("holder.py", str(path), cwd=tmp_path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    assert holder.wait() == -signal.SIGKILL
    lock, begin = JournalLock(path), time.monotonic()
    lock.acquire()
    lock.release()
    assert time.monotonic() - begin < 20  # Optuna's own lock waits 30 seconds for the dead


def test_without_locks_of_the_kernel_optunas_own_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ris_pytorch_pipeline.files.holding.fcntl", None)
    storage = journal_storage(tmp_path / JOURNAL)
    study = optuna.create_study(storage=storage, study_name="x")
    study.tell(study.ask(), 1.0)
    assert [trial.value for trial in study.trials] == [1.0]


def read(journal: bytes) -> list[object]:
    return [json.loads(line) for line in journal.splitlines()]


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    study = a_study(tmp_path)
    study.tell(study.ask({"x": optuna.distributions.FloatDistribution(0, 1)}), 1.5)
    study.set_user_attr("words", {"é": [1, None], "2": 0.1})
    good = (tmp_path / JOURNAL).read_bytes()
    assert finished(tmp_path) == 1
    accepted = []
    for at in range(len(good)):
        changed = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        (tmp_path / JOURNAL).write_bytes(changed)
        try:
            open_storage(tmp_path)
        except InputError:
            continue
        if read(changed) != read(good):  # a last digit beyond the precision of a number changes nothing
            accepted.append(at)
    assert not accepted


REARRANGED = {
    "twice": lambda lines: lines * 2,
    "its beginning again": lambda lines: lines + lines[:2],
    "a line out of its middle": lambda lines: lines[:2] + lines[3:],
    "its first line gone": lambda lines: lines[1:],
    "two lines exchanged": lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
    "a line twice": lambda lines: [*lines[:3], *lines[2:]],
}


@pytest.mark.parametrize("change", REARRANGED.values(), ids=REARRANGED)
def test_lines_that_do_not_follow_each_other_are_refused(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    """A search that stood in its journal twice waited for the trials of its second half."""
    for value in (1.0, 2.0):
        study = a_study(tmp_path)  # each in a session of its own
        study.tell(study.ask(), value)
    path = tmp_path / JOURNAL
    good = path.read_bytes()
    assert finished(tmp_path) == 2 and read_storage(tmp_path)
    path.write_bytes(b"".join(change(good.splitlines(keepends=True))))
    changed = path.read_bytes()
    for opening in (open_storage, read_storage):
        with pytest.raises(InputError, match=r"each line behind.*got line \d+.*Likely cause: a.*Next: put"):
            opening(tmp_path)
    assert path.read_bytes() == changed


def test_records_of_an_earlier_version_do_not_name_the_line_before(tmp_path: Path) -> None:
    study = a_study(tmp_path)
    study.tell(study.ask(), 1.0)
    path = tmp_path / JOURNAL
    earlier = [line_of(log, None) for log in _without(path)]
    path.write_text("".join(earlier))
    again = a_study(tmp_path)
    again.tell(again.ask(), 2.0)
    assert finished(tmp_path) == 2


def _without(path: Path) -> list[dict[str, Any]]:
    """Records as they were before: with a checksum, and none of the line before."""
    logs = [json.loads(line) for line in path.read_bytes().splitlines()]
    bare = [{key: value for key, value in log.items() if key not in {"after", "crc"}} for log in logs]
    return [{**log, "crc": f"{zlib.crc32(json.dumps(log, sort_keys=True).encode()):08x}"} for log in bare]


def test_a_journal_without_checksums_goes_on_without(tmp_path: Path) -> None:
    backend = journal.JournalFileBackend(str(tmp_path / JOURNAL))
    study = optuna.create_study(storage=optuna.storages.JournalStorage(backend), study_name="x")
    study.tell(study.ask(), 1.0)
    again = a_study(tmp_path)
    again.tell(again.ask(), 2.0)
    assert finished(tmp_path) == 2 and b"crc" not in (tmp_path / JOURNAL).read_bytes()


def test_a_journal_that_cannot_be_mended_does_not_keep_the_right_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path) -> None:
        raise InputError("a journal", str(path), "a test", "none")

    with monkeypatch.context() as patched:
        patched.setattr("ris_pytorch_pipeline.search.kept.journal.cut_torn_line", fails)
        with pytest.raises(InputError):
            JournalLock(tmp_path / JOURNAL).acquire()
    descriptor = os.open(tmp_path / f".{JOURNAL}.held", os.O_RDWR)
    try_hold(descriptor)
    os.close(descriptor)


@pytest.mark.parametrize("spelled", [True, False])
def test_the_checksum_of_a_record_holds_however_its_letters_are_spelled(spelled: bool) -> None:
    log = {"op_code": 0, "name": "réseau \U0001f4e1", "loss": float("nan"), "steps": {"1": 0.1}}
    told = json.loads(line_of(log, "00000000"))
    line = json.dumps(told, ensure_ascii=spelled, separators=(",", ":")).encode() + b"\n"
    read = record_of(line, checked=True)
    assert line.isascii() is spelled and read is not None
    assert read["name"] == log["name"] and read["after"] == "00000000" and "crc" not in read
    assert record_of(line.replace(b'"op_code":0', b'"op_code":1'), checked=True) is None
