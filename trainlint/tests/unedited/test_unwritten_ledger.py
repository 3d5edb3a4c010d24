"""Does a watch go on where its ledger cannot be written, and does the verdict say so?"""

import resource
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim import SGD

from trainlint import Watch
from trainlint.during.unedited.session import Options, Session
from trainlint.ledger import Ledger
from trainlint.verdict import Verdict

FULL = Path("/dev/full")


def train(rate: float = 0.0) -> None:
    torch.manual_seed(0)
    net = nn.Linear(4, 1)
    optimizer = SGD(net.parameters(), rate)
    for _ in range(20):
        x = torch.randn(16, 4)
        optimizer.zero_grad()
        (net(x) - x.sum(1, keepdim=True)).pow(2).mean().backward()
        optimizer.step()


def watched(ledger: Path) -> Verdict:
    session = Session(Options(ledger=ledger))
    session.start()
    train()
    return session.stop()


def told(verdict: Verdict) -> list[str]:
    return [text for text in verdict.blind if "ledger" in text]


def check(verdict: Verdict, ledger: Path, error: str) -> None:
    assert "RT101" in verdict.codes
    assert verdict.counts["updates"] == 20
    (line,) = told(verdict)
    assert f"no ledger was written to {ledger} ({error}" in line


def test_a_file_in_the_place_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    check(watched(tmp_path / "taken" / "l.jsonl"), tmp_path / "taken" / "l.jsonl", "FileExistsError")
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    check(watched(tmp_path), tmp_path, "InputError")


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("my notes\n")
    check(watched(notes), notes, "InputError")
    assert notes.read_text() == "my notes\n"


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_device_in_its_place() -> None:
    check(watched(FULL), FULL, "InputError")


def test_a_full_disk(tmp_path: Path) -> None:
    """No file of this process may hold a byte, as on a disk without room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        verdict = watched(tmp_path / "l.jsonl")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    check(verdict, tmp_path / "l.jsonl", "OSError")


def test_a_ledger_that_can_be_written_is_not_spoken_of(tmp_path: Path) -> None:
    assert told(watched(tmp_path / "l.jsonl")) == []
    assert (tmp_path / "l.jsonl").is_file()


def test_a_watch_by_hand_goes_on_too(tmp_path: Path) -> None:
    net = nn.Linear(2, 1)
    with Watch(net, SGD(net.parameters(), 0.1), ledger=tmp_path) as watch:
        net(torch.ones(4, 2)).mean().backward()
    assert "no ledger was written" in told(watch.verdict())[0]


def test_an_end_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Ledger) -> None:
        raise OSError(28, "No space left on device")

    net = nn.Linear(2, 1)
    watch = Watch(net, SGD(net.parameters(), 0.1), ledger=tmp_path / "l.jsonl")
    monkeypatch.setattr(Ledger, "sync", full)
    assert f"no end was written to {tmp_path / 'l.jsonl'}" in told(watch.close())[-1]
