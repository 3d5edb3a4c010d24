"""Does the training benchmark run, and does each second go to the stage in which it was spent?"""

import runpy
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_world import SCENARIO

from ris_pytorch_pipeline.data import SceneSource
from ris_pytorch_pipeline.experiment import Plan, TrainingExperiment
from ris_pytorch_pipeline.losses import HybridLoss
from ris_pytorch_pipeline.nets import HybridNet, NetConfig
from ris_pytorch_pipeline.train import Ledger, Reporter
from ris_pytorch_pipeline.train.files import keeping

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "train.py"
SMALL = TrainingExperiment(
    scenario=replace(SCENARIO, sources=(1, 2)),
    net=NetConfig(width=8, blocks=1, rank=5),
    plan=Plan(epochs=2, n_train=12, n_val=8, batch=4),
)


def test_it_says_how_fast_and_where_the_time_goes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.argv", ["train.py", "--batches", "2"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("preset tiny: ") and "2 batches of 32" in first
    shares = {line.split()[1]: float(line.split("%")[0]) for line in rest}
    assert set(shares) == {"data", "forward", "loss", "backward", "step", "bookkeeping"}
    assert sum(shares.values()) == pytest.approx(100, abs=0.5)
    assert min(shares.values()) > 0


class Calls:
    """A clock that stands still but for chosen calls, each of which takes a second."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds, self.counts, self.patch = 0.0, Counter[str](), monkeypatch

    def take_a_second(self, owner: Any, name: str) -> None:
        call: Callable[..., Any] = getattr(owner, name)

        def slow(*given: Any, **named: Any) -> Any:
            self.seconds += 1
            self.counts[name] += 1
            return call(*given, **named)

        self.patch.setattr(owner, name, slow)


@pytest.mark.parametrize(
    ("owner", "name", "stage", "seconds"),
    [
        (SceneSource, "drawn", "data", 3),
        (HybridNet, "forward", "forward", 3),
        (HybridLoss, "__call__", "loss", 3),
        (Ledger, "write", "bookkeeping", 3 + 1 + 1),  # updates, the epoch, a checkpoint or two
        (Reporter, "say", "bookkeeping", 1),
        (keeping, "save_checkpoint", "bookkeeping", 1),
    ],
    ids=["draws", "forward", "loss", "ledger", "lines", "checkpoints"],
)
def test_a_second_goes_to_the_stage_it_was_spent_in(
    owner: Any, name: str, stage: str, seconds: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second epoch has three batches; those of validation, two, are no part of the whole."""
    calls = Calls(monkeypatch)
    script = runpy.run_path(str(SCRIPT))
    clock = script["Clock"](lambda: calls.seconds)
    with (tmp_path / "lines.txt").open("w", encoding="utf-8") as lines:
        made = script["timed_trainer"](SMALL, clock, tmp_path / "run", lines)
        calls.take_a_second(owner, name)
        made.fit()
    assert clock.shares() == {**dict.fromkeys(script["STAGES"], 0.0), stage: 1.0}
    assert clock.spent[stage] >= seconds
    if stage != "bookkeeping":
        assert clock.spent[stage] == seconds
    assert {path.name for path in (tmp_path / "run").iterdir()} >= {"ledger.jsonl", "last.safetensors"}
    assert "[STEP]" in (tmp_path / "lines.txt").read_text(encoding="utf-8")
