"""Files that another run writes, that do not fit on the disk, or that are made to hurt: each ends in one message."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from nursery import Nursery

from trainlint import InputError, Watch, diagnose_path
from trainlint.cli import main
from trainlint.files import write_whole
from trainlint.ledger import Ledger, read

FULL = Path("/dev/full")
WITH_FULL = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
FOUND = "import torch\nfor x in loader:\n    loss.backward()\n    opt.step\n"
FLAT = "".join(f"epoch {e} train_loss {3 - e / 9:.4f} val_loss 2.309000\n" for e in range(12))
HOLDS = """
import sys, time
from trainlint import Ledger
kept = Ledger(sys.argv[1])
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("train.log").write_text(FLAT)
    Path("net.py").write_text("x = 1\n")
    return tmp_path


def test_a_ledger_that_another_run_writes_is_refused_by_its_process(here: Path) -> None:
    first = Ledger("ledger.jsonl", {"rate": 0})
    before = first.path.read_bytes()
    with pytest.raises(InputError, match=rf"a ledger that no other run writes; got .*process {os.getpid()} writes"):
        Ledger("ledger.jsonl", {"rate": 1})
    assert first.path.read_bytes() == before
    first.close()
    Ledger("ledger.jsonl").close()
    assert [record["event"] for record in read("ledger.jsonl")] == ["start", "end"] * 2


def test_a_watch_beside_another_goes_on_without_a_ledger_and_says_so(here: Path) -> None:
    from torch import nn, ones
    from torch.optim import SGD

    net = nn.Linear(2, 1)
    with Watch(net, SGD(net.parameters(), 0.1), ledger="l.jsonl") as first:
        with Watch(net, SGD(net.parameters(), 0.1), ledger="l.jsonl") as second:
            net(ones(4, 2)).mean().backward()
        (told,) = [text for text in second.verdict().blind if "ledger" in text]
        assert "no ledger was written to l.jsonl (InputError: wanted a ledger that no other run writes" in told
        assert not [text for text in first.verdict().blind if "ledger" in text]
    assert sum(record["event"] == "start" for record in read("l.jsonl")) == 1


def test_a_killed_run_leaves_no_lock(here: Path) -> None:
    run = subprocess.Popen([sys.executable, "-c", HOLDS, "ledger.jsonl"], stdout=subprocess.PIPE, text=True)
    try:
        assert run.stdout is not None and run.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=f"process {run.pid} writes"):
            Ledger("ledger.jsonl")
    finally:
        run.send_signal(signal.SIGKILL)
        run.communicate()
    ledger = Ledger("ledger.jsonl")
    assert ledger.unfinished is not None  # the killed one is told of
    ledger.close()


def full(path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        write_whole(path, "new " * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_old_file(here: Path) -> None:
    Path("out").write_text("old")
    with pytest.raises(InputError, match=r"a file that can be written; got .*out: File too large"):
        full(here / "out")
    assert Path("out").read_text() == "old"
    write_whole(here / "out", "new")
    Path("link").symlink_to("out")
    write_whole(here / "link", "newer")
    assert Path("link").is_symlink() and Path("out").read_text() == "newer"
    assert sorted(path.name for path in here.iterdir()) == ["link", "net.py", "out", "train.log"]


def test_a_pipe_is_written_to_and_not_replaced(here: Path) -> None:
    os.mkfifo("pipe")
    heard: list[str] = []
    listener = threading.Thread(target=lambda: heard.append(Path("pipe").read_text()))
    listener.start()
    write_whole(here / "pipe", None)  # a trial says nothing to it
    write_whole(here / "pipe", "told")
    listener.join()
    assert heard == ["told"] and Path("pipe").is_fifo()


@pytest.mark.parametrize("option", ["--output-file", "--write-baseline"])
@pytest.mark.parametrize("place", ["gone/out", "folder", "net.py/out"])
@pytest.mark.parametrize("command", [["check", "net.py"], ["log", "train.log"], ["run", "net.py"]])
def test_a_file_that_cannot_be_written_is_bad_input(
    here: Path, capsys: pytest.CaptureFixture[str], command: list[str], place: str, option: str
) -> None:
    Path("folder").mkdir()
    Path("net.py").write_text("raise SystemExit(7)\n")  # of the script nothing is run
    assert main([command[0], option, place, *command[1:]]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "wanted a file that can be written; got" in told and "Next: pass another" in told
    assert not list(Path("folder").iterdir()) and not list(here.glob(".*"))


@WITH_FULL
@pytest.mark.parametrize(("code", "ends"), [(0, 2), (7, 7)])
def test_a_run_whose_report_does_not_fit_prints_its_verdict_and_keeps_the_scripts_code(
    here: Path, nursery: Nursery, code: int, ends: int
) -> None:
    """In a process of its own: a run watches all models of its process, also those of other tests."""
    Path("net.py").write_text(f"raise SystemExit({code})\n")
    done = nursery.run("-m", "trainlint", "run", "--output-file", str(FULL), "--no-ledger", "net.py", cwd=here)
    told = " ".join(done.stderr.split())
    assert done.returncode == ends, told
    assert "Verdict: not judged" in told and "got /dev/full: No space left on device" in told


STREAMS: dict[str, Callable[[list[str]], str]] = {
    "closed": lambda command: f"{' '.join(command)} >&-",
    "full": lambda command: f"{' '.join(command)} >/dev/full",
}


@WITH_FULL
@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize(("arguments", "code"), [
    ("check net.py", 1), ("explain RT101", 0), ("log train.log", 1), ("run --no-ledger net.py", 0),
])  # fmt: skip
def test_a_stream_that_takes_nothing_ends_in_one_message(here: Path, stream: str, arguments: str, code: int) -> None:
    Path("net.py").write_text(FOUND)
    if arguments.startswith("run"):
        Path("net.py").write_text("print('said')\n" if stream == "full" else "import sys\nassert sys.stdout is None\n")
    line = STREAMS[stream]([sys.executable, "-m", "trainlint", *arguments.split()])
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False, env=buffered)
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
    assert done.returncode == (code if stream == "closed" else 74)
    assert stream == "closed" or "No space left on device" in done.stderr
    assert not arguments.startswith("run") or "Verdict: not judged" in done.stderr


def test_a_name_that_no_folder_takes_is_no_full_disk(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.py").write_text(FOUND)
    assert main(["check", "--output-file", "x" * 300, "net.py"]) == 2
    assert "File name too long" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(("text", "told"), [
    ("a = " + "[" * 5000 + "]" * 5000, "recursion"),
    (f"a = {'9' * 5000}", "digits"),
    (f"{'.'.join('a' * 100_000)} = 1", "a key of more than 32 parts"),
    (f"[{' . '.join(['b'] * 40)}]", "a key of more than 32 parts"),
    (".".join(['"+"'] * 20_000) + " = 1", "a key of more than 32 parts"),
    (".".join(["'a b'", r'"\""', '""'] * 12) + " = 1", "a key of more than 32 parts"),
    (".".join("-" * 40) + " = 1", "a key of more than 32 parts"),
    (f'x = {{a = """ " """, {".".join("b" * 40)} = 1}}', "a key of more than 32 parts"),
    (f"x = {{a = ''' ' ''', {'.'.join('b' * 40)} = 1}}", "a key of more than 32 parts"),
    (f"# it's\n{'.'.join('b' * 40)} = 1", "a key of more than 32 parts"),
    ("a = '", "at end of document"),
])  # fmt: skip
@pytest.mark.parametrize("command", [["check", "net.py"], ["run", "--no-ledger", "net.py"]])
def test_settings_made_to_hurt_are_refused(
    here: Path, capsys: pytest.CaptureFixture[str], command: list[str], text: str, told: str
) -> None:
    Path("net.py").write_text(FOUND)
    Path("pyproject.toml").write_text(f"{text}\n")
    assert main(command) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "wanted TOML in" in said and told in said


def test_settings_with_many_dots_that_are_no_key_pass(here: Path) -> None:
    dots = "It is so. And so it is. " * 50
    Path("pyproject.toml").write_text(
        f'[project]\nversion = "1.2.3"\nreadme = "{dots}{"... " * 99}"\n[tool.a.b.c.d]\ne.f=1\n'
        f'g = """\n\\"""{"a. " * 99}"""  # {".b" * 99}\n'
    )
    Path("net.py").write_text(FOUND)
    assert main(["check", "net.py"]) == 1


@pytest.mark.parametrize("content", [
    '{"format": "trainlint baseline 1", "known": [{"code": "a", "file": "b", "line_hash": "c", "count": 1e999}]}',
    '{"format": "trainlint baseline 1", "known": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "\xff",
])  # fmt: skip
def test_a_baseline_made_to_hurt_is_refused(here: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    Path("known.json").write_text(content, encoding="latin-1")
    assert main(["log", "train.log", "--baseline", "known.json"]) == 2
    assert "wanted a baseline in" in capsys.readouterr().err


def test_a_baseline_that_is_a_pipe_is_not_waited_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("known.json")
    assert main(["check", "net.py", "--baseline", "known.json"]) == 2
    assert "no ordinary file" in " ".join(capsys.readouterr().err.split())  # long paths wrap it


def test_what_is_written_is_read_again(here: Path) -> None:
    assert diagnose_path("train.log").codes == ("RT212",)
    assert main(["log", "train.log", "--write-baseline", "known.json"]) == 0
    assert main(["log", "train.log", "--baseline", "known.json"]) == 0
