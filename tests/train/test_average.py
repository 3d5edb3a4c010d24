"""Are averaged weights what they say they are, and are the live ones left alone?"""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from small_world import SmallNet
from torch import nn

from ris_pytorch_pipeline.train import read_checkpoint
from ris_pytorch_pipeline.train.loop.average import Average
from ris_pytorch_pipeline.train.loop.evaluate import evaluate


def test_the_average_follows_and_the_live_weights_stay() -> None:
    net = SmallNet()
    average, start = Average(net), net.head.weight.detach().clone()
    with torch.no_grad():
        net.head.weight.add_(1.0)
    live = net.head.weight.detach().clone()
    average.follow(0.25)
    assert torch.allclose(average.net.head.weight, start + 0.25)
    assert torch.equal(net.head.weight, live)
    assert not average.net.training and net.training


def test_a_weight_of_one_copies_exactly() -> None:
    net = SmallNet()
    average = Average(net)
    with torch.no_grad():
        net.head.weight.normal_(generator=torch.Generator().manual_seed(0))
    average.follow(1.0)
    assert torch.equal(average.net.head.weight, net.head.weight)


def test_batch_statistics_are_taken_anew_with_the_averaged_weights(batch) -> None:
    net = SmallNet(batch_norm=True)
    average = Average(net)
    linear, norm = average.net.backbone[1], average.net.backbone[2]
    assert isinstance(linear, nn.Linear) and isinstance(norm, nn.BatchNorm1d)
    with torch.no_grad():
        linear.weight.mul_(3.0)
    average.settle(inputs for inputs, _ in [batch])
    assert norm.running_mean is not None
    assert torch.allclose(norm.running_mean, linear(batch[0].images.flatten(1)).mean(0), atol=1e-5)
    assert not average.net.training


def test_without_batch_norm_no_batch_is_read() -> None:
    def batches():
        pytest.fail("a batch was drawn for nothing")
        yield

    Average(SmallNet()).settle(batches())


@pytest.mark.parametrize("average", ["live", "ema", "swa"])
def test_the_saved_weights_are_the_evaluated_ones_in_every_epoch(world, tmp_path, average) -> None:
    """Five updates an epoch; the average of `swa` is one of live weights alone until update 12 of 20."""
    world, names = world.like(average=average, epochs=4, constant_from=0.55), []
    again = world.trainer()

    def look(event: str, values: Mapping[str, Any]) -> None:
        if event == "checkpoint":
            saved = read_checkpoint(tmp_path / values["file"])
            live, evaluated = (
                {name.removeprefix(kind): x for name, x in saved.tensors.items() if name.startswith(kind)}
                for kind in ("live/", "evaluated/")
            )
            same = all(torch.equal(x, evaluated[name]) for name, x in live.items())
            assert (saved.header.weights == "live") == same
            names.append(saved.header.weights)
            history = saved.progress.history
            if history:
                saved.restore(again.average.net, "evaluated")
                metrics = evaluate(again.average.net, again.loss, None, trainer.data.validation, [4, 4], again.hardware)
                assert (metrics, names[-1]) == (history[-1]["validation"], history[-1]["weights"])

    trainer = world.trainer(directory=tmp_path, listeners=[look])
    trainer.fit()
    assert names[0] == "live" and names[-1] == average and trainer.progress.history[-1]["weights"] == average
    if average == "swa":
        assert [record["weights"] for record in trainer.progress.history] == ["live", "live", "swa", "swa"]
