"""Is a resumed run the uninterrupted one, bit by bit, and is a wrong file refused without touching anything?"""

import json
from dataclasses import asdict, replace

import pytest
import torch
from safetensors.torch import save_file
from small_world import SmallLoss, SmallNet, World

from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.experiment import Plan, presets
from ris_pytorch_pipeline.files import write_tensors
from ris_pytorch_pipeline.train import Trainer, load_network, read_checkpoint, read_ledger


class Noisy(SmallNet):
    """With dropout and batch statistics: all that a resumed run could forget."""

    def __init__(self) -> None:
        super().__init__(dropout=0.3, batch_norm=True)


def same(first: Trainer, second: Trainer) -> None:
    for one, two in ((first.net, second.net), (first.average.net, second.average.net)):
        a, b = one.state_dict(), two.state_dict()
        assert all(torch.equal(a[name], b[name]) for name in a)
    for p, q in zip(first.groups.parameters, second.groups.parameters, strict=True):
        a, b = first.optimizer.state[p], second.optimizer.state[q]
        assert a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)
    assert first.progress == second.progress


@pytest.fixture(scope="module", params=["ema", "swa"])
def uninterrupted(small, request) -> tuple[World, Trainer]:
    """A world with an average, and a run that nobody stopped."""
    world = small.like(average=request.param, constant_from=0.5)
    whole = world.trainer(net=Noisy)
    whole.fit()
    return world, whole


@pytest.mark.parametrize("killed_at", [0, 3, 5, 8])
def test_resuming_equals_never_having_stopped(uninterrupted, tmp_path, killed_at) -> None:
    """Five batches an epoch: before the first update, within an epoch, at an epoch's first batch, in the second."""
    world, whole = uninterrupted
    killed = world.trainer(SmallLoss({killed_at: "interrupt"}), net=Noisy, directory=tmp_path, save_every=1)
    with pytest.raises(KeyboardInterrupt):
        killed.fit()
    resumed = world.trainer(net=Noisy, directory=tmp_path, save_every=1)
    resumed.fit(resume=True)
    same(whole, resumed)


def test_batches_after_the_last_checkpoint_are_done_again(world, tmp_path) -> None:
    world = world.like(accumulation=2)
    whole = world.trainer(net=Noisy)
    whole.fit()
    killed = world.trainer(SmallLoss({9: "interrupt"}), net=Noisy, directory=tmp_path)  # saves at epoch ends alone
    with pytest.raises(KeyboardInterrupt):
        killed.fit()
    resumed = world.trainer(net=Noisy, directory=tmp_path)
    resumed.fit(resume=True)
    same(whole, resumed)
    events = read_ledger(tmp_path / "ledger.jsonl")
    kinds = [event["event"] for event in events]
    assert kinds.index("failure") < kinds.index("resume") and kinds[-1] == "end"
    starts = [event for event in events if event["event"] in {"start", "resume"}]
    assert len({event["identity"]["run"] for event in starts}) == 1
    assert all(len(event["identity"]["code"]) == len(event["identity"]["configuration"]) == 64 for event in starts)


def test_the_scale_of_the_loss_is_kept(world, tmp_path) -> None:
    """Scaling is for float16 on a GPU; switched on by hand here, growing after every second update."""

    def scaled(loss: SmallLoss | None = None) -> Trainer:
        trainer = world.trainer(loss, directory=tmp_path, save_every=1)
        trainer.scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
        trainer.gate.scaler = trainer.scaler
        return trainer

    with pytest.raises(KeyboardInterrupt):
        scaled(SmallLoss({5: "interrupt"})).fit()
    resumed = scaled()
    resumed.fit(resume=True)
    assert resumed.scaler.get_scale() == 8.0 * 2**5


def test_resuming_a_finished_run_changes_nothing(world, tmp_path) -> None:
    world.trainer(directory=tmp_path).fit()
    again = world.trainer(directory=tmp_path)
    assert again.fit(resume=True).updates == 10


def test_a_finished_run_goes_on_for_more_epochs(world, tmp_path) -> None:
    first = world.trainer(net=Noisy, directory=tmp_path)
    first.fit(epochs=1)
    longer = world.trainer(net=Noisy, directory=tmp_path)
    longer.fit(epochs=3, resume=True)
    assert longer.progress.epoch == 3 and longer.progress.updates == 3 * first.progress.updates
    assert read_checkpoint(tmp_path / "last.safetensors").header.configuration["plan"]["epochs"] == 3
    with pytest.raises(ConfigurationError, match=r"plan\.epochs"):
        world.trainer(net=Noisy, directory=tmp_path).fit(epochs=2, resume=True)


def test_another_experiment_is_refused_with_the_field(world, tmp_path) -> None:
    world.trainer(directory=tmp_path).fit(epochs=1)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ConfigurationError, match=r"plan.n_val"):
        world.trainer(directory=tmp_path).fit(epochs=3, n_val=3, resume=True)
    with pytest.raises(ConfigurationError, match=r"optimisation.rate"):
        world.like(rate=5e-3).trainer(directory=tmp_path).fit(epochs=1, resume=True)
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


def test_another_architecture_is_refused(world, tmp_path) -> None:
    world.trainer(directory=tmp_path).fit(epochs=1)
    with pytest.raises(InputError, match="another architecture"):
        world.trainer(net=Noisy, directory=tmp_path).fit(epochs=1, resume=True)


def test_weights_of_another_network_than_the_configuration_says_are_refused(tmp_path) -> None:
    source = Trainer(replace(presets.tiny, plan=Plan(epochs=1, n_train=4, n_val=4, batch=4)), directory=tmp_path)
    source.reporter.quiet = True
    source.fit()
    good = read_checkpoint(tmp_path / "last.safetensors")
    configuration = {**good.header.configuration, "net": presets.desk.to_plain()["net"]}
    header = replace(good.header, configuration=configuration)
    write_tensors(tmp_path / "other.safetensors", good.tensors, json.dumps(asdict(header)))
    with pytest.raises(InputError, match=r"other\.safetensors: .*another architecture"):
        load_network(tmp_path / "other.safetensors")


def test_a_used_directory_is_not_written_over(world, tmp_path) -> None:
    world.trainer(directory=tmp_path).fit(epochs=1)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ConfigurationError, match="resume"):
        world.trainer(directory=tmp_path).fit(epochs=1)
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


def test_there_must_be_something_to_resume(world, tmp_path) -> None:
    for directory in (tmp_path, None):
        with pytest.raises(ConfigurationError, match=r"last.safetensors"):
            world.trainer(directory=directory).fit(resume=True)


def test_a_tensor_too_many_or_too_few_is_refused(world, tmp_path) -> None:
    trainer = world.trainer(directory=tmp_path)
    trainer.fit(epochs=1)
    checkpoint = read_checkpoint(tmp_path / "last.safetensors")
    for change in ({"live/extra": torch.zeros(1)}, {"live/head.bias": torch.zeros(3)}):
        with pytest.raises(InputError):
            replace(checkpoint, tensors=checkpoint.tensors | change).restore(trainer.net, "live")
    lacking = {name: x for name, x in checkpoint.tensors.items() if name != "live/head.bias"}
    with pytest.raises(InputError, match=r"head\.bias"):
        replace(checkpoint, tensors=lacking).restore(trainer.net, "live")


def test_foreign_and_truncated_files_are_refused(world, tmp_path) -> None:
    world.trainer(directory=tmp_path).fit(epochs=1)
    good = (tmp_path / "last.safetensors").read_bytes()
    bad = tmp_path / "bad.safetensors"
    for content in (b"", b"text", good[: len(good) // 2]):
        bad.write_bytes(content)
        with pytest.raises(InputError, match="Next:"):
            read_checkpoint(bad)
    for metadata in (None, {"header": "no json"}, {"header": json.dumps({"schema": "ris-scenes", "version": 1})}):
        save_file({"x": torch.zeros(1)}, bad, metadata=metadata)
        with pytest.raises(InputError, match="schema"):
            read_checkpoint(bad)
    with pytest.raises(InputError, match="Next:"):
        read_checkpoint(tmp_path / "missing.safetensors")


def test_no_part_of_a_checkpoint_is_left_behind(world, tmp_path) -> None:
    world.trainer(directory=tmp_path, save_every=1).fit()
    assert {path.name for path in tmp_path.iterdir()} == {"best.safetensors", "last.safetensors", "ledger.jsonl"}
