"""Does a clock that is set back, again and again, change anything but the times that are written down?"""

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from small_world import World

from ris_pytorch_pipeline.cli.showing.output import _progress
from ris_pytorch_pipeline.train import read_ledger
from ris_pytorch_pipeline.train.files.ledger import standing
from trainlint import diagnose_path

DAY = 86400.0


@dataclass
class Back:
    """A clock of the wall that loses a day at each look."""

    now: float = 2e9

    def __call__(self) -> float:
        self.now -= DAY
        return self.now


@pytest.fixture
def back(monkeypatch: pytest.MonkeyPatch) -> Back:
    clock = Back()
    monkeypatch.setattr(time, "time", clock)
    return clock


def test_a_run_and_its_ledger_are_those_of_a_clock_that_goes_on(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = world.like(n_train=8, n_val=4, epochs=2)
    whole = brief.trainer(directory=tmp_path / "whole")
    whole.fit()
    monkeypatch.setattr(time, "time", Back())
    first = brief.like(epochs=1)
    first.trainer(directory=tmp_path / "back").fit()
    again = brief.trainer(directory=tmp_path / "back")
    again.fit(resume=True)
    held, wanted = (standing(read_ledger(tmp_path / name / "ledger.jsonl")) for name in ("back", "whole"))
    times = [event["time"] for event in held]
    assert times == sorted(times, reverse=True) and len(set(times)) == len(times), "it does go back"
    kept = [[(event["attempt"], event["loss"]) for event in events if event["event"] == "update"]
            for events in (held, wanted)]  # fmt: skip
    assert kept[0] == kept[1] and len(kept[0]) == 4
    for name, value in whole.net.state_dict().items():
        assert torch.equal(again.net.state_dict()[name], value)
    told = [diagnose_path(tmp_path / name) for name in ("back", "whole")]
    assert told[0].state == told[1].state and told[0].codes == told[1].codes


def test_the_time_left_is_never_below_zero(back: Back) -> None:
    with _progress() as progress:
        number = progress.add_task("training", total=10)
        task = progress.tasks[number]
        for _ in range(3):
            progress.update(task.id, advance=1)
            assert back() < 2e9
        assert task.elapsed is not None and task.elapsed >= 0
        assert task.time_remaining is not None and task.time_remaining >= 0
