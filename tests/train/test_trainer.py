"""Does a run train, count what happened, and stop with a reason when it cannot?"""

import math
import re
import runpy
from dataclasses import replace

import pytest
import torch
from small_world import SmallLoss, SmallNet

from ris_pytorch_pipeline.data import HeldScenes, check_disjoint, content_hashes
from ris_pytorch_pipeline.errors import ConfigurationError, InfeasibleError, InputError
from ris_pytorch_pipeline.experiment import Plan, presets
from ris_pytorch_pipeline.experiment.optimisation import Stopping
from ris_pytorch_pipeline.train import Outcome, Reporter, Trainer, load_network, read_ledger
from ris_pytorch_pipeline.train.loop.evaluate import evaluate
from ris_pytorch_pipeline.train.parts import drawn_scenes
from trainlint import TrainingFault


def test_the_losses_fall(world) -> None:
    history = world.like(epochs=12, fresh=False, same_scenes=True, n_val=20).trainer().fit().history
    assert history[-1]["train"] < 0.5 * history[0]["train"]
    assert history[-1]["validation"]["total"] < 0.5 * history[0]["validation"]["total"]


def test_counts_are_what_happened(world) -> None:
    progress = world.like(accumulation=2).trainer().fit()
    assert (progress.epoch, progress.batches, progress.samples) == (2, 10, 40)
    assert (progress.attempts, progress.updates, progress.failures) == (6, 6, {})
    assert [record["batches"] for record in progress.history] == [5, 5]


def test_a_skipped_update_is_counted_and_does_not_advance_the_schedule(world, tmp_path) -> None:
    trainer = world.trainer(SmallLoss({1: "nan", 3: "zero"}), directory=tmp_path)
    progress = trainer.fit(epochs=1)
    assert (progress.attempts, progress.updates) == (5, 3)
    assert progress.failures == {Outcome.NOT_FINITE.value: 1, Outcome.ZERO.value: 1}
    updates = [event for event in read_ledger(tmp_path / "ledger.jsonl") if event["event"] == "update"]
    rates = [event["rates"]["backbone"] for event in updates]
    assert rates[1] == rates[2] and rates[3] == rates[4] and rates[2] > rates[4]
    assert updates[0]["loss"] == pytest.approx(sum(updates[0]["terms"].values()))
    assert updates[1]["offenders"] and updates[1]["loss"] == "nan"
    assert any("[SKIP] batch=2" in line and "not finite" in line for line in world.lines())
    assert all(torch.isfinite(p).all() for p in trainer.net.parameters())


def test_failures_that_are_not_in_a_row_are_borne(world) -> None:
    spoilt = dict.fromkeys(range(0, 10, 2), "nan")
    assert world.like(most_skips=1).trainer(SmallLoss(spoilt)).fit().updates == 5


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        ("nan", InfeasibleError, "4 updates in a row.*not finite"),
        ("zero", InfeasibleError, "4 updates in a row.*exactly zero"),
    ],
)
def test_a_run_that_never_moves_stops_with_the_reason(world, tmp_path, fault, kind, reason) -> None:
    trainer = world.like(most_skips=3).trainer(SmallLoss(always=fault), directory=tmp_path)
    before = [p.clone() for p in trainer.net.parameters()]
    with pytest.raises(kind, match=reason):
        trainer.fit()
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.net.parameters(), strict=True))
    assert read_ledger(tmp_path / "ledger.jsonl")[-1]["event"] == "failure"


def test_a_gate_that_claims_what_it_did_not_do_is_found_out(world) -> None:
    trainer = world.like(most_skips=1).trainer()
    trainer.gate.scaler.step = lambda optimizer: None
    with pytest.raises(InfeasibleError, match="wrote to no weight"):
        trainer.fit()
    assert trainer.progress.updates == 0


@pytest.mark.parametrize(("fault", "word"), [("detached", "gradient"), ("hidden", "sum of its reported terms")])
def test_a_loss_that_cannot_teach_is_refused(world, fault, word) -> None:
    with pytest.raises(InputError, match=word):
        world.trainer(SmallLoss(always=fault)).fit()


def test_a_conditional_head_without_gradient_does_not_stop_the_backbone(world) -> None:
    class Conditional(SmallNet):
        def forward(self, inputs):
            return self.backbone(inputs.images)[:, :2] + self.head(torch.zeros(len(inputs), 8)) * 0

    progress = world.trainer(net=Conditional).fit(epochs=1)
    assert progress.updates == 5
    assert progress.without == ["head.weight", "head.bias"]
    assert "[GRAD] params with no grad: ['head.weight', 'head.bias']" in world.lines()


def test_the_lines_people_search_for(world) -> None:
    world.trainer().fit()
    number = r"\d\.\d{3}e[+-]\d\d"
    for pattern in (
        r"\[LR\] epoch=1 groups=\['backbone', 'head'\] lr=\[0\.01, 0\.04\]",
        rf"\[GRAD\] batch=1 \|\|g\|\|_2={number} ok=True",
        rf"\[GRAD\] batch=1 backbone={number} head={number}",
        r"\[LOSS\] batch=1 total=\d\.\d{6} u=\d\.\d{6} w=\d\.\d{6}",
        r"\[OPT\] step 1 / batch 1 LRs=\[1e-02, 4e-02\]",
        rf"\[STEP\] Δparam \|\|·\|\|₂ = {number}",
        rf"\[STEP\] Δparam L2: median={number}  max={number}",
        r"\[GRAD\] params with no grad: \[\]",
        r"Epoch 001/002 \[phase=0\] train \d\.\d{6}  val \d\.\d{6}",
    ):
        assert any(re.fullmatch(pattern, line) for line in world.lines()), pattern


def test_quiet_says_nothing(world, capsys) -> None:
    world.trainer(reporter=Reporter(quiet=True)).fit(epochs=1)
    assert not world.lines() and not capsys.readouterr().out


def test_a_bar_is_told_how_far_the_run_is(world) -> None:
    seen: list[tuple[int, int]] = []
    world.trainer(reporter=Reporter(quiet=True, progress=lambda done, planned: seen.append((done, planned)))).fit()
    assert seen == [(done, 10) for done in range(1, 11)]


def test_lines_go_to_standard_output_unless_told_otherwise(world, capsys) -> None:
    world.trainer(reporter=Reporter()).fit(epochs=1)
    assert "Epoch 001/001" in capsys.readouterr().out


def test_after_the_first_updates_some_are_reported(world) -> None:
    world.like(epochs=1, n_train=40).trainer(reporter=Reporter(world.out.write, log_every=4)).fit()
    steps = [line.split()[2] for line in world.lines() if line.startswith("[OPT]")]
    assert steps == ["1", "2", "3", "4", "8"]


def test_validation_is_computed_as_training_is(world) -> None:
    """Without dropout, the loss of the same weights on the same scenes is the same number both ways."""
    world = world.like(epochs=1, batch=20, n_val=20, fresh=False, same_scenes=True, average="live")
    trainer = world.trainer()
    first = evaluate(
        trainer.average.net, trainer.loss, None, trainer.parts.data(world.experiment).validation, [20], trainer.hardware
    )
    assert trainer.fit().history[0]["train"] == pytest.approx(first["total"], rel=1e-6)


def test_training_stops_early_on_a_named_metric(world) -> None:
    world = world.like(epochs=9, metric="w", patience=2, least_gain=10.0)
    progress = world.trainer().fit()
    assert progress.epoch == 3 and progress.best_epoch == 1
    assert "w no lower" in progress.stopped


def test_a_validation_that_does_not_see_the_weights_is_pointed_out(world) -> None:
    class Blind(SmallLoss):
        def __call__(self, prediction, inputs, labels):
            return super().__call__(prediction if torch.is_grad_enabled() else prediction * 0, inputs, labels)

    with pytest.raises(TrainingFault, match="RT212"):
        world.trainer(Blind()).fit(epochs=4)


def test_the_best_epoch_exists_after_the_first(world, tmp_path) -> None:
    progress = world.trainer(directory=tmp_path).fit(epochs=1)
    assert progress.best == progress.history[0]["validation"]["total"]
    assert (tmp_path / "best.safetensors").exists()


def test_a_metric_that_is_not_there_is_refused_before_anything_is_written(world, tmp_path) -> None:
    trainer = world.like(metric="accuracy").trainer(directory=tmp_path / "run")
    with pytest.raises(ConfigurationError, match="total, u, w"):
        trainer.fit()
    assert trainer.progress.attempts == 0 and not (tmp_path / "run").exists()


def test_a_metric_of_the_measure_may_be_named(tmp_path) -> None:
    plan = Plan(epochs=1, n_train=4, n_val=8, batch=4)
    experiment = replace(presets.tiny, plan=plan, stopping=Stopping(metric="order_wrong"))
    progress = Trainer(experiment, reporter=Reporter(quiet=True)).fit()
    assert progress.best == progress.history[0]["validation"]["order_wrong"]


def test_equal_experiments_train_equal_networks(world) -> None:
    first, second = world.trainer(), world.trainer()
    torch.rand(3, generator=None)  # the global generator does not matter
    first.fit()
    second.fit()
    assert all(torch.equal(a, b) for a, b in zip(first.net.parameters(), second.net.parameters(), strict=True))


def test_each_batch_has_random_numbers_of_its_own(world) -> None:
    drawn: list[float] = []

    class Drawing(SmallNet):
        def forward(self, inputs):
            if self.training:
                drawn.append(float(torch.rand((), generator=None)))
            return super().forward(inputs)

    before = torch.get_rng_state()
    world.trainer(net=Drawing).fit()
    assert len(set(drawn)) == len(drawn) == 10
    assert torch.equal(torch.get_rng_state(), before)


def test_no_epoch_and_no_split_shares_a_scene(world) -> None:
    data = drawn_scenes(world.experiment)
    check_disjoint(data.train(0), data.train(1))
    for epoch in range(2):
        check_disjoint(data.train(epoch), data.validation)


def test_each_epoch_is_given_its_own_scenes(world) -> None:
    trainer, seen = world.trainer(), []
    trainer.net.register_forward_pre_hook(lambda net, given: seen.append(float(given[0].images.sum())))
    trainer.fit()
    assert len(set(seen)) == len(seen) == 10


def test_the_same_scenes_are_the_same_where_asked_for(world) -> None:
    data = drawn_scenes(world.like(fresh=False, same_scenes=True, n_val=20).experiment)
    assert content_hashes(data.train(0)) == content_hashes(data.train(5)) == content_hashes(data.validation)
    apart = drawn_scenes(world.like(fresh=False).experiment)
    check_disjoint(apart.train(0), apart.validation)


def test_a_run_says_which_scenes_are_kept_in_memory(world) -> None:
    plan = world.like(fresh=False, n_train=800, batch=16).experiment
    small, large = (drawn_scenes(replace(plan, plan=replace(plan.plan, hold_mb=mb))) for mb in (1, 1000))
    assert "800 training scenes: 1 of 2 MB kept on cpu, the others fetched each time" in small.note
    assert "800 training scenes kept in 1." in large.note
    assert content_hashes(small.train(0)) == content_hashes(large.train(0))
    some, all_of_them = small.train(0), large.train(0)
    assert isinstance(some, HeldScenes) and isinstance(all_of_them, HeldScenes)
    assert some.held_bytes <= 1e6 < all_of_them.held_bytes
    assert isinstance(small.validation, HeldScenes) and content_hashes(small.validation)
    assert 0.9e6 < some.held_bytes + small.validation.held_bytes <= 1e6
    world.trainer().fit(epochs=1)
    said = next(line for line in world.lines() if line.startswith("[DATA]"))
    assert said.startswith("[DATA] new training scenes each epoch; 8 validation scenes kept in 0.0 MB on cpu; at most ")


def test_a_trainer_trains_once(world) -> None:
    trainer = world.trainer()
    trainer.fit(epochs=1)
    with pytest.raises(InputError, match="fit called twice"):
        trainer.fit(epochs=1)


def test_what_cannot_be_trained_is_refused_and_nothing_is_written(world, tmp_path) -> None:
    for plan in ({"n_train": 2}, {"epochs": 0}, {"max_val_batches": 0}):
        with pytest.raises(ConfigurationError):
            world.trainer(directory=tmp_path / "run").fit(**plan)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("wanted", [{"device": "cuda"}, {"precision": "float16"}])
def test_a_device_or_precision_that_is_not_there_is_an_error(world, wanted) -> None:
    if wanted.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    with pytest.raises(ConfigurationError, match="Next: set"):
        world.like(**wanted).trainer()


def test_training_in_bfloat16_keeps_weights_and_loss_in_float32(world) -> None:
    trainer = world.like(precision="bfloat16").trainer()
    history = trainer.fit(epochs=1).history
    assert math.isfinite(history[0]["train"])
    assert {p.dtype for p in trainer.net.parameters()} == {torch.float32}


FIRST_SCRIPT = """
from ris_pytorch_pipeline.train import Trainer
trainer = Trainer()
trainer.fit(epochs=1, n_train=64, n_val=64, max_train_batches=2, max_val_batches=1)
"""


def test_the_first_script_says_that_the_weights_move(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.py").write_text(FIRST_SCRIPT)
    trainer = runpy.run_path("first.py")["trainer"]
    said = capsys.readouterr().out
    for pattern, count in ((r"^\[LR\] .* lr=\[(.*)\]$", 2), (r"LRs=\[(.*)\]$", 4), (r"Δparam \|\|·\|\|₂ = (.*)$", 2)):
        found = [float(x) for listed in re.findall(pattern, said, re.MULTILINE) for x in listed.split(", ")]
        assert len(found) == count and min(found) > 0, pattern
    assert trainer.progress.updates == 2 and said.count("ok=True") == 2
    assert "[GRAD] params with no grad: []" in said
    assert [path.name for path in tmp_path.iterdir()] == ["first.py"]


def test_a_trained_network_is_read_back_with_its_experiment(tmp_path) -> None:
    trainer = Trainer(directory=tmp_path, reporter=Reporter(quiet=True))
    progress = trainer.fit(epochs=1, n_train=64, n_val=64, max_train_batches=2, max_val_batches=1)
    assert {"nmse", "missed", "order_wrong"} <= progress.history[0]["validation"].keys()
    trained = load_network(tmp_path / "best.safetensors")
    assert trained.experiment == trainer.experiment
    mine = trainer.average.net.state_dict()
    assert all(torch.equal(mine[name], value) for name, value in trained.net.state_dict().items())
