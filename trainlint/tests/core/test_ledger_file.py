"""A ledger survives a kill in the middle of a line, holds JSON that anybody can read, and says which line is broken."""

import json
import math
import os
from pathlib import Path

import pytest
from torch import nn
from torch.optim import SGD

from trainlint import InputError, Watch, diagnose_path, judge
from trainlint.ledger import FORMAT, Ledger, read, to_json, unfinished
from trainlint.rules import rule

FINDING = {"event": "finding", "code": "RT101", "severity": "fatal", "subject": "", "evidence": "e"}
WHOLE = {**FINDING, "update": 3, "count": 1, "numbers": {}}


def died(path: Path, rest: bytes) -> Path:
    """A ledger of a run that was killed while it wrote `rest`."""
    path.write_bytes(b'{"event": "start", "format": 2}\n{"event": "epoch"}\n' + rest)
    return path


@pytest.mark.parametrize("rest", [b"", b'{"event": "epoch", "ti', b'{"event": "epoch", "note": "\xc3'])
def test_a_ledger_cut_off_by_a_kill_can_be_started_again_and_again(tmp_path, rest: bytes):
    path = died(tmp_path / "ledger.jsonl", rest)
    for start in range(3):
        ledger = Ledger(path)
        assert (ledger.unfinished is not None) == (start == 0)
        ledger.write("verdict", **judge([]).record())
        ledger.close()
    assert [record["event"] for record in read(path)] == ["start", "epoch", *["start", "verdict", "end"] * 3]


def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "notes"
    path.write_text("my notes")
    with pytest.raises(InputError, match="notes, whose last line is no record"):
        Ledger(path)
    assert path.read_text() == "my notes"


def test_numbers_that_json_does_not_have_are_texts_and_come_back(tmp_path):
    path = tmp_path / "ledger.jsonl"
    net = nn.Linear(2, 1)
    watch = Watch(net, SGD(net.parameters(), 0.1), ledger=path, raises=False)
    watch.epoch(train=math.nan, val=math.inf, worst=-math.inf)
    watch.jury.take(rule("RT201").found("loss is nan", value=math.nan))
    watch.close()

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    lines = [json.loads(line, parse_constant=refuse) for line in path.read_text().splitlines()]
    assert next((line["train"], line["val"]) for line in lines if line["event"] == "epoch") == ("nan", "inf")
    verdict = diagnose_path(path)
    assert math.isnan(next(f.numbers["value"] for f in verdict.findings if f.rule.code == "RT201"))
    json.loads(verdict.json(), parse_constant=refuse)


@pytest.mark.parametrize(
    "line",
    [
        "[1,2]", "3", '"a"', "hello", '{"event":"update"}', '{"event":"epoch","epoch":"one"}', '{"event":"verdict"}',
        '{"event":"update","rates":{"head":"fast"}}', json.dumps(FINDING), json.dumps({**WHOLE, "severity": "mild"}),
        json.dumps({**WHOLE, "code": "RT999"}), '{"event":"verdict","findings":[3]}',
        '{"event":"verdict","findings":null}',
    ],
)  # fmt: skip
def test_a_broken_line_is_named(tmp_path, line: str):
    path = tmp_path / "x.jsonl"
    path.write_text(f"{json.dumps(WHOLE)}\n{line}\n{json.dumps(WHOLE)}\n")
    with pytest.raises(InputError, match="line 2"):
        diagnose_path(path)


@pytest.mark.parametrize(("line", "told"), [
    ('{"event": "start", "run": "a"}', "line 1: one from before formats had a number"),
    ('{"event": "resume", "format": 3}', "line 1: format 3"),
    ('{"kind": "start", "time": 1.0, "identity": {}, "process": 7}', "line 1: one from before formats had a number"),
])  # fmt: skip
def test_a_ledger_of_another_format_is_refused_by_its_number(tmp_path, line: str, told: str):
    path = tmp_path / "ledger.jsonl"
    path.write_text(f"{line}\n")
    for use in (diagnose_path, Ledger):
        with pytest.raises(InputError, match=f"a ledger of format 2; got {told}"):
            use(path)
    assert path.read_text() == f"{line}\n"


def test_a_session_that_resumed_with_nothing_left_to_do_does_not_hide_the_one_before(tmp_path):
    path = tmp_path / "ledger.jsonl"
    first = Ledger(path)
    first.write("verdict", **judge([rule("RT102").found("no update")], {"updates": 0, "losses": 3}).record())
    first.close()
    second = Ledger(path, begins=False)
    second.begin(resumed=True)
    second.close()
    assert diagnose_path(path).codes == ("RT102",)
    Ledger(path).close()  # a new run, which did nothing
    assert diagnose_path(path).codes == ()


def test_a_name_of_events_does_not_make_a_log_a_ledger(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps({"event": "train_step", "step": i, "loss": "nan"}) + "\n" for i in range(9)))
    assert diagnose_path(path).codes == ("RT201",)


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\xff\xfe\n{}\n")
    with pytest.raises(InputError, match="line 1"):
        diagnose_path(path)


def test_a_session_of_another_process_that_runs_was_not_killed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(to_json({"event": "start", "format": FORMAT, "time": 0.0, "process": os.getppid()}) + "\n")
    beside = unfinished(path)
    path.write_text(to_json({"event": "start", "format": FORMAT, "time": 0.0, "process": 1 << 30}) + "\n")
    assert beside is None
    assert unfinished(path) is not None


def in_its_place(path: Path, what: str) -> None:
    if what == "a link":
        path.with_name("other").write_text("")
        path.symlink_to(path.with_name("other"))
    elif what == "a pipe":
        os.mkfifo(path)
    elif what == "a folder":
        path.mkdir()
    elif what == "a sparse file":
        with path.open("wb") as file:
            file.truncate(3 << 30)


@pytest.mark.parametrize("what", ["nothing", "a link", "a pipe", "a folder", "a sparse file"])
def test_only_an_ordinary_ledger_is_read(tmp_path: Path, what: str) -> None:
    path = tmp_path / "ledger.jsonl"
    in_its_place(path, what)
    before = os.lstat(path).st_size if what != "nothing" else None
    uses = (read, Ledger, diagnose_path) if what not in ("nothing", "a folder") else (read,)
    for use in uses:
        with pytest.raises(InputError, match=r"a ledger o[fr] .*; got .*\. Likely cause: .*\. Next: "):
            use(path)
    assert before is None or os.lstat(path).st_size == before


@pytest.mark.parametrize(
    "content", [b'{"title": "mine"}', b"my own notes", b'{"loss": 1}\n{"loss', b'{"loss": 1}\n\0\0 my own notes']
)
def test_an_end_that_no_session_leaves_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match="whose last line is no record"):
        Ledger(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("torn", [b"{", b'{"event": "epo', b"\0" * 5000, b'{"event": "epoch", "loss": 1\0\0'])
def test_every_end_that_a_killed_session_leaves_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger(path).close()
    for before in (path.read_bytes(), b""):
        path.write_bytes(before + torn)
        Ledger(path).close()
        assert [record["event"] for record in read(path)][-2:] == ["start", "end"]
        assert torn not in path.read_bytes() or torn == b"{"
