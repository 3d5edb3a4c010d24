"""A log that grows is judged as it grows: a finding is told once, and withdrawn where it no longer holds."""

from pathlib import Path

import pytest

from trainlint import Severity
from trainlint.after.postmortem import Follower, told
from trainlint.cli import log as command
from trainlint.cli import main


def write(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def epochs(first: int, last: int, value: str = "") -> str:
    return "".join(
        f"Epoch {e} loss: {value or f'{1 / e:.5f}'} val_loss: {value or f'{1.1 / e:.5f}'}\n" for e in range(first, last)
    )


def test_findings_come_once_as_the_log_grows(tmp_path: Path):
    path = tmp_path / "train.log"
    write(path, epochs(1, 6))
    follower = Follower(path)
    assert follower.poll() == []
    assert follower.poll() == []
    write(path, epochs(6, 7, "nan"))
    assert [(f.rule.code, f.severity) for f in follower.poll() if f.rule.code == "RT201"] == [
        ("RT201", Severity.WARNING)
    ]
    write(path, epochs(7, 9, "nan"))
    assert ("RT201", Severity.FATAL) in [(f.rule.code, f.severity) for f in follower.poll()]
    write(path, epochs(9, 12, "nan"))
    assert follower.poll() == []
    assert follower.verdict().codes == ("RT201",)
    follower.close()


def test_a_line_that_is_half_written_waits_for_its_end(tmp_path: Path):
    path = tmp_path / "train.log"
    write(path, epochs(1, 6) + "Epoch 6 loss: 0.1")
    follower = Follower(path)
    follower.poll()
    assert len(follower._reader.log.series["loss"].values) == 5
    write(path, "234 val_loss: 0.2\n")
    follower.poll()
    assert list(follower._reader.log.series["loss"].values)[-1] == 0.1234
    follower.close()


def test_what_no_longer_holds_is_withdrawn(tmp_path: Path):
    path = tmp_path / "train.log"
    write(path, "".join(f"Epoch {e} loss: {1 / e:.5f} val_loss: 1.921642\n" for e in range(1, 5)))
    follower = Follower(path)
    assert [f.rule.code for f in follower.poll()] == ["RT212"]
    write(path, epochs(5, 60))
    assert [told(f).split(":")[0] for f in follower.poll()] == ["withdrawn"]
    assert follower.verdict().healthy
    follower.close()


def test_a_log_that_is_begun_anew_is_read_anew(tmp_path: Path):
    path = tmp_path / "train.log"
    write(path, epochs(1, 9, "nan"))
    follower = Follower(path)
    assert follower.poll()
    path.write_text(epochs(1, 7))
    follower.poll()
    assert follower.verdict().healthy
    follower.close()


@pytest.mark.parametrize(("value", "code"), [("", 0), ("nan", 1)])
def test_the_command_ends_on_an_interrupt_with_the_verdict(tmp_path: Path, monkeypatch, capsys, value: str, code: int):
    path = tmp_path / "train.log"
    write(path, epochs(1, 9, value))

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command.time, "sleep", interrupted)
    assert main(["log", str(path), "--follow"]) == code
    said = capsys.readouterr().out
    assert said.startswith("RT201" if value else "Verdict: healthy")
    assert "Verdict:" in said
