"""Does a run end with the right verdict: healthy for every sound way of training, and the same when read from disk?"""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from small_world import SCENARIO, SmallLoss, SmallNet
from trainlint.ledger import unfinished

from ris_pytorch_pipeline.errors import InfeasibleError
from ris_pytorch_pipeline.experiment import GEOMETRY_ORDER_JOINT, Optimisation, Phase, Phases, Plan, TrainingExperiment
from ris_pytorch_pipeline.nets import NetConfig
from ris_pytorch_pipeline.train import Reporter, Trainer, WatchConfig, read_ledger
from trainlint import ExplainedError, InputError, State, TrainingFault, diagnose_path

GEOMETRY, ORDER, _ = GEOMETRY_ORDER_JOINT.stages


class Noisy(SmallNet):
    """With dropout and batch statistics."""

    def __init__(self) -> None:
        super().__init__(dropout=0.3, batch_norm=True)


def assert_healthy(trainer: Trainer) -> None:
    assert trainer.verdict is not None
    assert trainer.verdict.state is State.HEALTHY, str(trainer.verdict)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"accumulation": 2},
        {"accumulation": 4, "n_train": 22},
        {"accumulation": 7},
        {"average": "live"},
        {"average": "swa", "constant_from": 0.3},
        {"fresh": False, "same_scenes": True, "n_val": 20},
        {"precision": "bfloat16"},
        {"clip": None, "weight_decay": 0.0},
    ],
    ids=str,
)
def test_a_sound_run_is_healthy(world, changes) -> None:
    world = world.like(epochs=4, **changes)
    trainer = world.trainer(net=Noisy)
    trainer.fit()
    assert_healthy(trainer)
    assert world.lines()[-1].startswith("[VERDICT] Healthy 4 epochs, ")


@pytest.mark.parametrize(
    "phases",
    [
        Phases(),
        Phases(stages=(replace(GEOMETRY, share=0.4), Phase(share=0.6))),
        Phases(stages=(replace(ORDER, share=0.4), Phase(share=0.6))),
        Phases(stages=(replace(GEOMETRY, share=0.3), replace(ORDER, share=0.3), Phase(share=0.4))),
    ],
    ids=["joint", "geometry", "order", "both"],
)
def test_a_hybrid_network_is_healthy_in_every_phase(phases) -> None:
    experiment = TrainingExperiment(
        scenario=replace(SCENARIO, sources=(1, 2)), net=NetConfig(width=8, blocks=1, rank=5), phases=phases,
        optimisation=Optimisation(rate=4e-3, accumulation=2), plan=Plan(epochs=4, n_train=36, n_val=8, batch=8),
    )  # fmt: skip
    trainer = Trainer(experiment, reporter=Reporter(quiet=True))
    trainer.fit()
    assert_healthy(trainer)


def test_a_count_that_cannot_be_wrong_is_no_blind_loss() -> None:
    """With one source in every scene the share of wrong counts is 0 from early on."""
    experiment = TrainingExperiment(
        scenario=SCENARIO, net=NetConfig(width=8, blocks=1, rank=5), optimisation=Optimisation(rate=1e-2),
        plan=Plan(epochs=7, n_train=64, n_val=8, batch=8),
    )  # fmt: skip
    trainer = Trainer(experiment, reporter=Reporter(quiet=True))
    history = trainer.fit().history
    assert [record["validation"]["order_wrong"] for record in history[-5:]] == [0.0] * 5
    assert history[-1]["train"] < 0.7 * history[0]["train"]
    assert_healthy(trainer)


def test_an_update_that_the_gate_refuses_is_a_note(world, tmp_path) -> None:
    trainer = world.trainer(SmallLoss({1: "nan", 6: "nan"}), directory=tmp_path)
    trainer.fit()
    assert_healthy(trainer)
    assert trainer.verdict is not None and trainer.verdict.codes == ("RT201",)
    assert trainer.verdict.counts["skipped"] == 2
    assert trainer.verdict.counts["updates"] == 8
    assert diagnose_path(tmp_path).record() == trainer.verdict.record()


def test_an_epoch_of_refusals_is_more_than_a_note(world) -> None:
    trainer = world.trainer(SmallLoss(dict.fromkeys(range(6, 10), "nan")))
    trainer.fit(epochs=3)
    assert trainer.verdict is not None
    assert trainer.verdict.state is State.STALLED and trainer.verdict.codes[0] == "RT103"


@pytest.mark.parametrize("interrupted", [2, 5, 7])
def test_a_resumed_run_is_healthy_and_bears_its_own_verdict(world, tmp_path, interrupted) -> None:
    world = world.like(epochs=4)
    first = world.trainer(SmallLoss({interrupted: "interrupt"}), net=Noisy, directory=tmp_path, save_every=1)
    with pytest.raises(KeyboardInterrupt):
        first.fit()
    assert first.verdict is not None and first.verdict.codes == ("RT509",) and first.verdict.healthy
    second = world.trainer(net=Noisy, directory=tmp_path, save_every=1)
    second.fit(resume=True)
    assert_healthy(second)
    assert second.verdict is not None
    assert diagnose_path(tmp_path).record() == second.verdict.record()
    third = world.trainer(net=Noisy, directory=tmp_path)
    third.fit(resume=True)  # nothing left to do, and no verdict to write over the last
    assert diagnose_path(tmp_path).record() == second.verdict.record()


def test_a_fatal_finding_is_on_disk_before_it_is_raised(world, tmp_path) -> None:
    world = world.like(epochs=4, most_skips=40)
    trainer = world.trainer(SmallLoss(always="zero"), directory=tmp_path)
    with pytest.raises(TrainingFault, match="RT203") as caught:
        trainer.fit()
    kinds = [event["event"] for event in read_ledger(tmp_path / "ledger.jsonl")]
    assert kinds[-3:] == ["finding", "verdict", "failure"]
    verdict = diagnose_path(tmp_path)
    assert trainer.verdict is not None and verdict.record() == trainer.verdict.record()
    assert replace(verdict.findings[0], count=caught.value.finding.count) == caught.value.finding
    assert any(line.startswith("[VERDICT] Stalled") for line in world.lines())


def test_a_run_that_the_gate_stops_is_not_healthy(world, tmp_path) -> None:
    world = world.like(most_skips=2)
    trainer = world.trainer(SmallLoss(always="nan"), directory=tmp_path)
    with pytest.raises(InfeasibleError):
        trainer.fit()
    verdict = diagnose_path(tmp_path)
    assert trainer.verdict is not None and verdict.record() == trainer.verdict.record()
    assert verdict.state is State.STOPPED and verdict.codes == ("RT509", "RT201")
    assert any("RT509 stopped-by-an-error" in line for line in world.lines())


def test_a_run_that_was_killed_is_judged_by_what_it_left(world, tmp_path) -> None:
    world.trainer(directory=tmp_path).fit()
    ledger = tmp_path / "ledger.jsonl"
    kept = [line for line in ledger.read_text().splitlines() if '"verdict"' not in line and '"end"' not in line]
    ledger.write_text("\n".join(kept) + "\n")
    assert diagnose_path(tmp_path).codes == ("RT501",)
    ledger.write_text("\n".join(kept[:4]) + "\n")  # killed within the first epoch
    assert diagnose_path(tmp_path).codes == ("RT501",)


def kill(ledger: Path, after: int) -> None:
    """What a ledger holds if its process is killed after some updates: neither a failure nor an end."""
    lines = ledger.read_text().splitlines()
    last = [i for i, line in enumerate(lines) if json.loads(line)["event"] == "update"][after - 1]
    ledger.write_text("\n".join(lines[: last + 1]) + "\n")


def test_the_session_after_a_kill_says_so_once_and_keeps_it_in_its_verdict(world, tmp_path) -> None:
    interrupted = world.trainer(SmallLoss({7: "interrupt"}), directory=tmp_path, save_every=1)
    with pytest.raises(KeyboardInterrupt):
        interrupted.fit()
    kill(tmp_path / "ledger.jsonl", after=7)
    resumed = world.trainer(directory=tmp_path, save_every=1)
    resumed.fit(resume=True)
    assert_healthy(resumed)
    assert resumed.verdict is not None and resumed.verdict.codes == ("RT501",)
    assert "7 updates and no end record" in resumed.verdict.findings[0].evidence
    assert sum(line.startswith("[NOTE] RT501 died-without-record: ") for line in world.lines()) == 1
    assert diagnose_path(tmp_path).record() == resumed.verdict.record()
    told = [event for event in read_ledger(tmp_path / "ledger.jsonl") if event.get("code") == "RT501"]
    assert [event["event"] for event in told] == ["finding"]


@pytest.mark.parametrize("interrupted", [True, False])
def test_a_session_that_ended_by_itself_was_not_killed(world, tmp_path, interrupted) -> None:
    first = world.trainer(SmallLoss({7: "interrupt"} if interrupted else {}), directory=tmp_path, save_every=1)
    with suppress(KeyboardInterrupt):
        first.fit()
    ledger = tmp_path / "ledger.jsonl"
    assert unfinished(ledger) is None
    ledger.write_text(ledger.read_text().splitlines()[0] + "\n")
    assert unfinished(ledger) is not None


def test_a_run_killed_after_its_last_epoch_is_still_judged_by_what_it_left(world, tmp_path) -> None:
    world.trainer(directory=tmp_path).fit()
    kill(tmp_path / "ledger.jsonl", after=10)
    before = diagnose_path(tmp_path).record()
    world.trainer(directory=tmp_path).fit(resume=True)  # nothing left to do
    assert diagnose_path(tmp_path).record() == before


def test_a_tolerated_finding_does_not_stop_the_run_and_is_counted(world, tmp_path) -> None:
    def trainer(watch: WatchConfig | str, **options: object) -> Trainer:
        return world.like(epochs=4, most_skips=40).trainer(SmallLoss(always="zero"), watch=watch, **options)

    with pytest.raises(TrainingFault, match="RT203"):
        trainer("light").fit()
    tolerant = trainer(WatchConfig(tolerate={"RT203": -1, "RT123": -1}), directory=tmp_path)
    tolerant.fit()
    assert tolerant.verdict is not None and not tolerant.verdict.healthy
    total = {finding.rule.code: finding.count for finding in tolerant.verdict.findings}["RT203"]
    events = read_ledger(tmp_path / "ledger.jsonl")
    seen = [event["count"] for event in events if event["event"] == "finding" and event["code"] == "RT203"]
    powers = [2**power for power in range(total.bit_length())]
    assert sorted({*seen, *powers}) == seen  # and once more where it is confirmed
    assert len(seen) <= len(powers) + 1


@pytest.mark.parametrize("tolerate", [{"RT999": 1}, {"RT101": -2}])
def test_a_tolerance_that_cannot_be_is_refused(tolerate) -> None:
    with pytest.raises(ExplainedError, match="RT"):
        WatchConfig(tolerate=tolerate)


def test_the_watch_lets_go(world) -> None:
    trainer = world.trainer()
    assert trainer.verdict is None
    trainer.fit()
    assert not any(module._forward_hooks for module in trainer.net.modules())
    assert not trainer.optimizer._optimizer_step_post_hooks
    assert not any(parameter._backward_hooks for parameter in trainer.net.parameters())


def test_an_unknown_preset_is_refused(world) -> None:
    with pytest.raises(InputError, match="light, full, trace"):
        world.trainer(watch="cheap")
