"""Is what is released the evaluated network and nothing else?"""

from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.experiment import Plan, presets
from ris_pytorch_pipeline.train import Trainer, load_network, read_checkpoint, release_network


def test_a_release_is_the_evaluated_network_without_the_optimizer(tmp_path) -> None:
    plan = Plan(epochs=1, n_train=4, n_val=4, batch=4)
    trainer = Trainer(replace(presets.tiny, plan=plan), directory=tmp_path / "run")
    trainer.reporter.quiet = True
    trainer.fit()
    source, target = tmp_path / "run" / "best.safetensors", tmp_path / "small.safetensors"
    release_network(source, target)
    assert target.stat().st_size < 0.5 * source.stat().st_size
    one, other = load_network(source), load_network(target)
    assert one.experiment == other.experiment and one.header.identity == other.header.identity
    held = other.net.state_dict()
    assert all(torch.equal(value, held[name]) for name, value in one.net.state_dict().items())
    with pytest.raises(InputError, match="the live tensors"):
        read_checkpoint(target).restore(trainer.net, "live")
    with pytest.raises(InputError, match="a file that can be written"):
        release_network(source, tmp_path / "missing" / "small.safetensors")
