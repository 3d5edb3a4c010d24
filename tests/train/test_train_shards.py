"""Is a run from shards the one on the same scenes drawn, resumed bit by bit, and refused where shards do not fit?"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_world import SCENARIO, SmallLoss, SmallNet, World

from ris_pytorch_pipeline.data import HeldScenes, Reordered, ShardPlan, content_hashes, write_shards
from ris_pytorch_pipeline.data.dataset import Split
from ris_pytorch_pipeline.errors import ConfigurationError, SceneFileError
from ris_pytorch_pipeline.experiment import plain
from ris_pytorch_pipeline.physics import Impairments
from ris_pytorch_pipeline.train import Data, Parts, Trainer, read_ledger, shard_scenes
from ris_pytorch_pipeline.train.parts import drawn_scenes


def written(folder: Path, seed: int = 0) -> Path:
    splits: dict[Split, int] = {"train": 24, "validation": 8}
    plan = ShardPlan(scenario=SCENARIO, config=plain(SCENARIO), seed=seed, splits=splits, batch=4, per_shard=8)
    write_shards(folder, plan)
    return folder


@pytest.fixture
def fixed(world: World) -> World:
    """Twenty-two training scenes, the same in each of three epochs."""
    return world.like(epochs=3, n_train=22, fresh=False)


def trainer(world: World, maker, loss: SmallLoss | None = None, **options) -> Trainer:
    parts = Parts(net=lambda _: SmallNet(0.3), loss=lambda _: loss or SmallLoss(), data=maker, measure=None)
    return world.trainer(parts=parts, **options)


def test_every_epoch_has_the_same_scenes_in_an_order_of_its_own(fixed: World, tmp_path: Path) -> None:
    data, drawn = shard_scenes(written(tmp_path))(fixed.experiment), drawn_scenes(fixed.experiment)
    first, second, again = (content_hashes(data.train(epoch)) for epoch in (0, 1, 0))
    assert first == again != second
    assert sorted(first) == sorted(second) == sorted(content_hashes(drawn.train(0)))
    assert first != content_hashes(drawn.train(0))
    assert [len(data.train(1)[index][0]) for index in range(6)] == [4, 4, 4, 4, 4, 2]
    assert content_hashes(data.validation) == content_hashes(drawn.validation)


def test_a_run_from_shards_is_the_run_on_the_same_scenes_drawn(fixed: World, tmp_path: Path) -> None:
    maker = shard_scenes(written(tmp_path))

    def drawn(experiment) -> Data:
        data, shards = drawn_scenes(experiment), maker(experiment)

        def train(epoch: int) -> Reordered:
            order = shards.train(epoch)
            assert isinstance(order, Reordered)
            return Reordered(source=data.train(epoch), order=order.order)

        return replace(data, train=train)

    one, two = trainer(fixed, maker), trainer(fixed, drawn)
    assert one.fit().history == two.fit().history
    assert all(torch.equal(a, b) for a, b in zip(one.net.parameters(), two.net.parameters(), strict=True))


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def test_shards_from_before_a_field_was_added_are_those_of_its_default(fixed: World, tmp_path: Path) -> None:
    config = plain(SCENARIO)
    config["impairments"] = without(config["impairments"], "position_error_wavelengths", "unmodelled_code_bits")
    splits: dict[Split, int] = {"train": 24, "validation": 8}
    plan = ShardPlan(scenario=SCENARIO, config=config, seed=0, splits=splits, batch=4, per_shard=8)
    write_shards(tmp_path / "old", plan)
    old, new = (shard_scenes(folder)(fixed.experiment) for folder in (tmp_path / "old", written(tmp_path / "new")))
    assert content_hashes(old.train(0)) == content_hashes(new.train(0))
    hidden = replace(SCENARIO, impairments=Impairments(position_error_wavelengths=0.1))
    with pytest.raises(ConfigurationError, match=r"scenario.impairments.position_error_wavelengths: 0.0, 0.1"):
        shard_scenes(tmp_path / "old")(replace(fixed.experiment, scenario=hidden))


@pytest.mark.parametrize("killed_at", [2, 6, 9])
def test_a_run_from_shards_resumes_bit_by_bit(fixed: World, tmp_path: Path, killed_at: int) -> None:
    folder, run = written(tmp_path / "s"), tmp_path / "run"
    whole = trainer(fixed, shard_scenes(folder))
    whole.fit()
    killed = trainer(fixed, shard_scenes(folder), SmallLoss({killed_at: "interrupt"}), directory=run, save_every=1)
    with pytest.raises(KeyboardInterrupt):
        killed.fit()
    resumed = trainer(fixed, shard_scenes(folder, run), directory=run, save_every=1)
    resumed.fit(resume=True)
    assert resumed.progress == whole.progress
    assert all(torch.equal(a, b) for a, b in zip(whole.net.parameters(), resumed.net.parameters(), strict=True))


def test_the_ledger_names_the_shards_and_others_do_not_go_on(fixed: World, tmp_path: Path) -> None:
    folder, run = written(tmp_path / "s"), tmp_path / "run"
    begun = trainer(fixed, shard_scenes(folder), directory=run)
    begun.fit()
    start = read_ledger(run / "ledger.jsonl")[0]
    assert start["event"] == "start"
    assert f"[DATA] {start['data']}" in fixed.lines()
    assert "22 training scenes kept in 0.1 MB on cpu; 8 validation scenes kept" in start["data"]
    assert start["data"].endswith(f"shards of {folder}, manifest {start['data'][-64:]}")
    before = {path: path.read_bytes() for path in run.iterdir()}
    other = written(tmp_path / "other", seed=1)
    with pytest.raises(ConfigurationError, match=r"the data that .* began with"):
        trainer(fixed, shard_scenes(other, run), directory=run).fit(resume=True)
    assert before == {path: path.read_bytes() for path in run.iterdir()}


def test_the_same_scenes_for_both_are_kept_once(fixed: World, tmp_path: Path) -> None:
    data = shard_scenes(written(tmp_path))(fixed.like(same_scenes=True, n_val=22).experiment)
    train = data.train(2)
    assert isinstance(train, Reordered)
    assert train.source is data.validation
    assert "22 training and validation scenes kept" in data.note


def test_what_does_not_fit_the_budget_is_read_each_time(fixed: World, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    plan = ShardPlan(scenario=SCENARIO, config=plain(SCENARIO), seed=0, splits={"train": 800, "validation": 8})
    write_shards(folder, plan)
    small, large = (shard_scenes(folder)(fixed.like(n_train=800, batch=16, hold_mb=mb).experiment) for mb in (1, 1000))
    assert "800 training scenes: 1 of 2 MB kept on cpu, the others fetched each time" in small.note
    some, every = small.train(1), large.train(1)
    assert content_hashes(some) == content_hashes(every)
    assert isinstance(some, Reordered) and isinstance(some.source, HeldScenes)
    assert isinstance(every, Reordered) and isinstance(every.source, HeldScenes)
    assert some.source.held_bytes <= 1e6 < every.source.held_bytes == pytest.approx(every.source.needed_bytes)


def test_shards_that_do_not_fit_the_experiment_are_refused(fixed: World, tmp_path: Path) -> None:
    maker, run = shard_scenes(written(tmp_path / "s")), tmp_path / "run"
    louder = replace(SCENARIO, snr_db=(0.0, 5.0))
    for world, part in (
        (fixed.like(scenario=louder), r"scenario\.snr_db: \[-5\.0, 20\.0\], \[0\.0, 5\.0\]"),
        (fixed.like(n_train=25), "1 to 24 train scenes.*got 25"),
        (fixed.like(n_val=9), "1 to 8 validation scenes.*got 9"),
        (fixed.like(fresh=True), r"plan\.fresh = false"),
    ):
        with pytest.raises(ConfigurationError, match=part):
            trainer(world, maker, directory=run).fit()
    (tmp_path / "s" / "train-00001.safetensors").unlink()
    with pytest.raises(SceneFileError, match="train-00001"):
        trainer(fixed, maker, directory=run).fit()
    assert not run.exists()
