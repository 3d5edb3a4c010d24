"""Are averaged weights what they say they are, and are the live ones left alone?"""

import pytest
import torch
from small_world import SmallNet
from torch import nn

from ris_pytorch_pipeline.train.average import Average


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
