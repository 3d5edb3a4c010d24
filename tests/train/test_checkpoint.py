"""Is a checkpoint taken whole or not at all: header, optimizer and scaler, with nothing lost and nothing added?"""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_world import SmallNet
from torch import Tensor

from ris_pytorch_pipeline.data import config_digest
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.experiment import Plan, TrainingExperiment, training_preset
from ris_pytorch_pipeline.files import write_tensors
from ris_pytorch_pipeline.train import Reporter, Trainer, load_network, read_checkpoint
from ris_pytorch_pipeline.train.parts import drawn_scenes

Change = Callable[[dict[str, Tensor], dict[str, Any]], object]
MEAN = "optimizer/head.bias/exp_avg"


def spoil(path: Path, change: Change) -> None:
    """Write a checkpoint anew with other tensors or another header."""
    good = read_checkpoint(path)
    tensors, header = dict(good.tensors), asdict(good.header)
    change(tensors, header)
    write_tensors(path, tensors, json.dumps(header))


def without_state(tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    for name in [name for name in tensors if name.startswith("optimizer/")]:
        del tensors[name]


TENSORS: dict[str, tuple[Change, str]] = {
    "every state lost": (without_state, "the optimizer tensors.*without"),
    "one mean lost": (lambda t, h: t.pop(MEAN), r"without \['head.bias/exp_avg'\]"),
    "a count lost": (lambda t, h: t.pop("optimizer/head.bias/step"), r"without \['head.bias/step'\]"),
    "one more": (lambda t, h: t.update({"optimizer/head.bias/max": torch.zeros(2)}), r"\['head.bias/max'\] too many"),
    "a name lost": (lambda t, h: h["optimizer"].remove("head.bias"), r"'head.bias/exp_avg'.* too many"),
    "a foreign name": (lambda t, h: h["optimizer"].append("tail.bias"), r"state of \['tail.bias'\] too"),
    "another shape": (lambda t, h: t.update({MEAN: torch.zeros(3)}), r"head.bias/exp_avg of shape \(2,\)"),
    "another type": (lambda t, h: t.update({MEAN: t[MEAN].double()}), "float32; got .*float64"),
    "a count by row": (lambda t, h: t.update({"optimizer/head.bias/step": torch.ones(2)}), r"step of shape \(\)"),
    "a foreign tensor": (lambda t, h: t.update({"momentum/head.bias": torch.ones(2)}), "momentum/head.bias"),
    "weights of another type": (lambda t, h: t.update({"live/head.bias": torch.zeros(2).double()}), "live/head.bias"),
}
HEADER: dict[str, tuple[Change, str]] = {
    "no progress": (lambda t, h: h.pop("progress"), "without progress"),
    "a field more": (lambda t, h: h.update(note="x"), "with note too many"),
    "configuration null": (lambda t, h: h.update(configuration=None), "configuration = None"),
    "a text for a list": (lambda t, h: h.update(optimizer="head.bias"), "optimizer = 'head.bias'"),
    "numbers for names": (lambda t, h: h.update(optimizer=[1]), r"optimizer = \[1\]"),
    "weights of no kind": (lambda t, h: h.update(weights="mean"), "weights = 'mean'"),
    "no run": (lambda t, h: h["identity"].pop("run"), "Identity.*without run"),
    "a count lost": (lambda t, h: h["progress"].pop("updates"), "Progress.*without updates"),
    "a count as a text": (lambda t, h: h["progress"].update(updates="5"), "updates = '5'"),
    "a truth value as a count": (lambda t, h: h["progress"].update(epoch=True), "epoch = True"),
    "an older version": (lambda t, h: h.update(version=1), "of version 1"),
    "a scaler": (lambda t, h: h.update(scaler={"scale": 2.0}), "scaler's state"),
}


@pytest.mark.parametrize("what", [*TENSORS, *(f"header: {name}" for name in HEADER)])
def test_a_checkpoint_that_was_changed_is_refused_and_nothing_is_written(world, tmp_path, what) -> None:
    change, words = {**TENSORS, **{f"header: {name}": change for name, change in HEADER.items()}}[what]
    world = world.like(epochs=1)
    world.trainer(directory=tmp_path).fit()
    spoil(tmp_path / "last.safetensors", change)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=words):
        world.trainer(directory=tmp_path).fit(resume=True)
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


def test_a_parameter_that_never_had_a_gradient_has_no_state(world, tmp_path) -> None:
    class Conditional(SmallNet):
        def forward(self, inputs):
            return self.backbone(inputs.images)[:, :2] + self.head(torch.zeros(len(inputs), 8)).detach() * 0

    world.trainer(net=Conditional, directory=tmp_path).fit()
    assert read_checkpoint(tmp_path / "last.safetensors").header.optimizer == ["backbone.1.weight", "backbone.1.bias"]
    assert world.trainer(net=Conditional, directory=tmp_path).fit(resume=True).updates == 10


def test_an_enabled_scaler_needs_its_state(world, tmp_path) -> None:
    world.trainer(directory=tmp_path).fit()
    trainer = world.trainer(directory=tmp_path)
    trainer.scaler = torch.amp.GradScaler("cpu")
    with pytest.raises(InputError, match="_growth_tracker"):
        trainer.fit(resume=True)


def test_part_of_a_configuration_is_no_network(tmp_path) -> None:
    plan = Plan(epochs=1, n_train=4, n_val=4, batch=4)
    Trainer(TrainingExperiment(plan=plan), directory=tmp_path, reporter=Reporter(quiet=True)).fit()
    spoil(tmp_path / "last.safetensors", lambda t, h: h["configuration"].pop("net"))
    with pytest.raises(InputError, match=r"whole configuration.*net: None"):
        load_network(tmp_path / "last.safetensors")


def test_a_file_of_before_a_field_was_added_has_its_default(tmp_path) -> None:
    plan = Plan(epochs=1, n_train=4, n_val=4, batch=4)
    experiment = TrainingExperiment(plan=plan)

    def older(tensors, header) -> None:
        header["configuration"]["plan"].pop("draw")
        header["identity"]["configuration"] = config_digest(header["configuration"])

    Trainer(experiment, directory=tmp_path, reporter=Reporter(quiet=True)).fit()
    for name in ("best", "last"):
        spoil(tmp_path / f"{name}.safetensors", older)
    assert load_network(tmp_path / "best.safetensors").experiment == experiment
    longer = replace(experiment, plan=replace(plan, epochs=2))
    assert Trainer(longer, directory=tmp_path, reporter=Reporter(quiet=True)).fit(resume=True).epoch == 2


def test_training_scenes_can_be_drawn_on_the_device() -> None:
    """On the CPU they are the same ones, and validation scenes always are."""
    plan = Plan(epochs=1, n_train=4, n_val=4, batch=4)
    here, there = (drawn_scenes(TrainingExperiment(plan=replace(plan, draw=draw))) for draw in ("cpu", "device"))
    assert torch.equal(here.train(0)[0][0].images, there.train(0)[0][0].images)
    with pytest.raises(ConfigurationError, match=r"plan\.draw"):
        training_preset("tiny", {"plan": {"draw": "gpu"}})
