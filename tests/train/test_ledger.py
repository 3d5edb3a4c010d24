"""Is a ledger readable after every kill, and is each update counted once, however often it was done?"""

import json
import os
import re
import shutil
from collections.abc import Iterable

import pytest
from small_world import SmallLoss, World
from trainlint.cli import main as trainlint_main
from trainlint.errors import ExplainedError

from ris_pytorch_pipeline.cli import main as ris_main
from ris_pytorch_pipeline.report import RunShown, run_report
from ris_pytorch_pipeline.train import read_ledger, standing
from ris_pytorch_pipeline.train.files.ledger import compare_ledger
from ris_pytorch_pipeline.train.files.sums import summed
from trainlint import InputError, diagnose_path, read
from trainlint import Ledger as WatchLedger


def killed(world: World, directory, at: int, **options) -> None:
    """A session that is killed in a batch: no failure, no verdict and no end in its ledger."""
    ledger = directory / "ledger.jsonl"
    with pytest.raises(KeyboardInterrupt):
        world.trainer(SmallLoss({at: "interrupt"}), directory=directory).fit(**options)
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(x for x in lines if json.loads(x)["event"] not in {"failure", "verdict"}))


@pytest.fixture(scope="module")
def resumed_once(small, tmp_path_factory):
    """Two epochs of five updates: killed in the eighth, gone on from the fifth, killed in the seventh, and ended."""
    folder = tmp_path_factory.mktemp("resumed")
    killed(small, folder, 7)
    killed(small, folder, 1, resume=True)
    small.trainer(directory=folder).fit(resume=True)
    return folder


@pytest.fixture
def resumed(resumed_once, tmp_path):
    """A copy of that run."""
    shutil.copytree(resumed_once, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_line_cut_by_a_kill_is_cut_back_before_the_next_record(world, tmp_path) -> None:
    killed(world, tmp_path, 7)
    ledger = tmp_path / "ledger.jsonl"
    whole = ledger.read_bytes()
    for cut in (b"{", '{"event": "failure", "error": "Δ'.encode()[:-1], b'{"event": "epoch"}'):
        ledger.write_bytes(whole + cut)
        assert len(read_ledger(ledger)) == whole.count(b"\n")
    world.trainer(directory=tmp_path).fit(resume=True)
    assert ledger.read_bytes().startswith(whole + b'{"event": "resume"')
    assert read_ledger(ledger)[-1]["event"] == "end"
    said = diagnose_path(tmp_path)
    assert said.healthy and said.codes == ("RT501",)  # the kill, as a note


def sealed(lines: Iterable[bytes], *, named: bool = True) -> bytes:
    """Lines of a ledger sealed anew, as the present version writes them or as one that did not name the line before."""
    above, content = b"", b""
    for line in lines:
        record = {key: value for key, value in json.loads(line).items() if key not in {"after", "crc"}}
        above = summed(json.dumps(record), above if named else None).encode()
        content += above + b"\n"
    return content


REARRANGED = {
    "sorted": lambda lines: [lines[0], *reversed(lines[1:])],
    "twice": lambda lines: lines * 2,
    "an update gone": lambda lines: [x for x in lines if b'"attempt": 3,' not in x],
    "three updates gone": lambda lines: [x for x in lines if not any(b'"attempt": %d,' % n in x for n in (2, 3, 4))],
    "the seventh gone, each time": lambda lines: [x for x in lines if b'"attempt": 7,' not in x],
    "the first update gone": lambda lines: [x for x in lines if b'"attempt": 1,' not in x],
    "an epoch gone": lambda lines: [x for x in lines if b'{"event": "epoch"' not in x],
    "no start": lambda lines: lines[1:],
    "a checkpoint gone": lambda lines: [*lines[:1], *lines[2:]],
}


@pytest.mark.parametrize("change", REARRANGED.values(), ids=REARRANGED)
def test_lines_taken_out_doubled_or_sorted_are_refused_by_every_reader(resumed, world, capsys, change) -> None:
    """The checksum of each line holds; `resumed` itself has three sessions, two of them killed."""
    ledger = resumed / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    assert sealed(lines) == ledger.read_bytes() and read_ledger(ledger)
    ledger.write_bytes(changed := b"".join(change(lines)))
    for use in (read_ledger, compare_ledger, read, diagnose_path):
        with pytest.raises(ExplainedError, match=r"line \d+.*Likely cause.*Next"):
            use(ledger)
    assert trainlint_main(["log", str(ledger)]) == 2 == ris_main(["diagnose", str(resumed)])
    assert ris_main(["report", str(resumed), "--page", str(resumed / "page.html")]) == 2
    with pytest.raises(ExplainedError, match=r"line \d+"):
        world.trainer(directory=resumed).fit(resume=True)
    assert ledger.read_bytes() == changed and "healthy" not in capsys.readouterr().out


OF_EARLIER_VERSIONS = [
    name for name in REARRANGED if name not in {"twice", "an epoch gone", "no start", "a checkpoint gone"}
]


@pytest.mark.parametrize("name", OF_EARLIER_VERSIONS)
def test_a_ledger_that_does_not_name_the_lines_before_has_no_gaps_either(resumed, name: str) -> None:
    ledger = resumed / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(sealed(lines, named=False))
    assert len(read_ledger(ledger)) == len(lines)
    ledger.write_bytes(sealed(REARRANGED[name](lines), named=False))
    for use in (read_ledger, compare_ledger):
        with pytest.raises(ExplainedError, match=r"in their order, each once.*line \d+: \d+ after \d+"):
            use(ledger)


def test_a_session_behind_one_of_an_earlier_version_names_the_line_before_it(world, tmp_path) -> None:
    killed(world, tmp_path, 7)
    ledger = tmp_path / "ledger.jsonl"
    earlier = sealed(ledger.read_bytes().splitlines(), named=False)
    ledger.write_bytes(earlier)
    world.trainer(directory=tmp_path).fit(resume=True)
    assert ledger.read_bytes().startswith(earlier) and read_ledger(ledger)[-1]["event"] == "end"
    ledger.write_bytes(ledger.read_bytes().replace(earlier.splitlines(keepends=True)[-1], b""))
    with pytest.raises(ExplainedError, match="before which another line stood"):
        read_ledger(ledger)


def test_both_commands_read_the_ledger_of_a_run_alike(resumed, capsys) -> None:
    assert trainlint_main(["log", str(resumed / "ledger.jsonl")]) == ris_main(["diagnose", str(resumed)]) == 0
    one, two = capsys.readouterr().out.split("Verdict: ")[1:]
    assert one == two and one.startswith("healthy (1 epochs, 5 losses")


def test_the_ledger_of_an_earlier_version_is_refused_by_name_and_left_as_it_is(resumed, world) -> None:
    ledger = resumed / "ledger.jsonl"
    ledger.write_bytes(old := re.sub(rb', "after": .*|"format": 2, ', b"", ledger.read_bytes()).replace(b"\n", b"}\n"))
    with pytest.raises(InputError, match="a ledger of format 2; got line 1: one from before formats had a number"):
        world.trainer(directory=resumed).fit(resume=True)
    assert ledger.read_bytes() == old


def test_the_ledger_of_a_watch_is_cut_back_too(tmp_path) -> None:
    path = tmp_path / "ledger.jsonl"
    WatchLedger(path).close()
    path.write_bytes(path.read_bytes() + b'{"event": "epo')
    WatchLedger(path).close()
    assert [record["event"] for record in read(path)] == ["start", "end"] * 2


@pytest.mark.parametrize("what", ["a link", "no ordinary file", "none of its kind has"])
def test_only_an_ordinary_ledger_of_bounded_size_is_read(tmp_path, what: str) -> None:
    ledger = tmp_path / "ledger.jsonl"
    if what == "a link":
        (tmp_path / "other").write_bytes(b"")
        ledger.symlink_to(tmp_path / "other")
    elif what == "no ordinary file":
        os.mkfifo(ledger)
    else:
        with ledger.open("wb") as file:
            file.truncate(3 << 30)
    with pytest.raises(ExplainedError, match=f"the ledger of a run; got .*{what}.* Likely cause: .* Next: "):
        read_ledger(ledger)


ODD = [
    ({"event": "update", "attempt": 1, "outcome": "applied", "rates": {"net": 0.1}}, "loss"),
    ({"event": "update", "attempt": "1", "outcome": "applied", "loss": 1.0, "rates": {}}, "attempt"),
    ({"event": "update", "attempt": 1, "outcome": "applied", "loss": "much", "rates": {"net": "fast"}}, "loss, rates"),
    ({"event": "epoch", "epoch": 1, "train": 1.0, "validation": [], "weights": "ema"}, "validation"),
    ({"event": "checkpoint", "updates": True}, "updates"),
    ({"event": "resume", "format": 2, "identity": {}, "attempts": 1, "epochs": 1}, "updates"),
    ({"event": 3}, "event"),
]


@pytest.mark.parametrize(("record", "told"), ODD)
def test_a_record_is_held_against_the_schema_of_its_event(tmp_path, record: dict[str, object], told: str) -> None:
    path = tmp_path / "ledger.jsonl"
    good = {"event": "update", "attempt": 1, "outcome": "applied", "loss": "nan", "rates": {"net": 0}}
    start = {"event": "start", "format": 2, "identity": {}}
    path.write_text("".join(summed(json.dumps(each)) + "\n" for each in (start, good)))
    assert len(read_ledger(path)) == 2
    path.write_text("".join(summed(json.dumps(each)) + "\n" for each in (start, good, record)))
    for use in (read_ledger, compare_ledger):
        with pytest.raises(ExplainedError, match=f"records of a run.* line 3: {told}. Likely cause"):
            use(path)


def test_the_ledger_of_another_loop_is_compared_with_its_checksums_alone(tmp_path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = WatchLedger(path)
    ledger.write("epoch", epoch=1, train=0.5)
    ledger.close()
    compare_ledger(path)
    with pytest.raises(ExplainedError, match="line 2: validation, weights"):
        read_ledger(path)


def test_every_flipped_byte_is_noticed(world, tmp_path) -> None:
    world.like(n_train=4, n_val=4, epochs=1).trainer(directory=tmp_path).fit()
    path, small = tmp_path / "ledger.jsonl", tmp_path / "small.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    shortest = sorted(lines, key=len)[:3]
    good = sealed(line for line in lines if line in shortest)
    small.write_bytes(good)
    assert len(read_ledger(small)) == 3 and "crc" not in read_ledger(small)[0]
    for at in range(len(good)):
        for bit in (1, 32):
            small.write_bytes(good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :])
            with pytest.raises(ExplainedError):
                read_ledger(small)


def test_a_whole_line_that_is_no_record_is_named(tmp_path) -> None:
    (tmp_path / "ledger.jsonl").write_bytes(b'{"event": "start", "format": 2}\n{"event": "upd{"event": "resume"}\n')
    with pytest.raises(InputError, match="line 2"):
        read_ledger(tmp_path / "ledger.jsonl")


def test_a_resume_says_where_it_goes_on(resumed) -> None:
    starts = [event for event in read_ledger(resumed / "ledger.jsonl") if event["event"] in {"start", "resume"}]
    assert [(e["event"], e["attempts"], e["epochs"]) for e in starts] == [("start", 0, 0)] + [("resume", 5, 1)] * 2


def test_what_was_done_again_stands_once(resumed) -> None:
    events = read_ledger(resumed / "ledger.jsonl")
    attempts = [event["attempt"] for event in events if event["event"] == "update"]
    assert attempts == [1, 2, 3, 4, 5, 6, 7, 6, 6, 7, 8, 9, 10]
    stand = standing(events)
    assert [event["attempt"] for event in stand if event["event"] == "update"] == list(range(1, 11))
    assert [event["epoch"] for event in stand if event["event"] == "epoch"] == [1, 2]
    assert sum(event["event"] == "resume" for event in stand) == 2
    assert [e for e in stand if e["event"] == "update"][6] == [e for e in events if e["event"] == "update"][9]


def test_an_epoch_and_a_checkpoint_after_the_last_whole_one_do_not_stand() -> None:
    """The kill came between `best` and `last`."""
    before = [
        {"event": "checkpoint", "file": "last.safetensors", "updates": 5},
        {"event": "update", "attempt": 6},
        {"event": "epoch", "epoch": 2},
        {"event": "checkpoint", "file": "best.safetensors", "updates": 6},
        {"event": "finding", "code": "RT201"},
    ]
    resume = {"event": "resume", "attempts": 5, "epochs": 1, "updates": 5}
    assert standing([*before, resume]) == [before[0], before[4], resume]


def test_the_page_of_a_run_counts_each_update_once(resumed) -> None:
    shown = RunShown(name="resumed", events=standing(read_ledger(resumed / "ledger.jsonl")))
    assert run_report(shown).lead[0].text.startswith("2 epochs, 10 attempted updates")


def test_the_diagnosis_is_of_the_last_session(world, tmp_path) -> None:
    """Three epochs of five updates: a session that died in its second, then one that goes on and dies in the third."""
    world = world.like(epochs=3)
    killed(world, tmp_path, 7)
    killed(world, tmp_path, 7, resume=True)
    verdict = diagnose_path(tmp_path)
    assert "RT501" in verdict.codes and verdict.counts["epochs"] == 1
