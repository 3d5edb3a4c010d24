"""Does one configuration stand for all that build the same network, and for no other?"""

import pytest
import torch

from ris_pytorch_pipeline.nets import HybridNet, NetConfig
from ris_pytorch_pipeline.nets.alike import plainest
from ris_pytorch_pipeline.nets.beam_grids import beam_grid


@pytest.mark.parametrize(("planes", "oversampling"), [(20, 1.0), (30, 1.0), (5, 1.02), (3, 1.5), (20, 1.52)])
def test_the_plainest_builds_the_same_network(planes: int, oversampling: float) -> None:
    config = NetConfig(planes=planes, oversampling=oversampling, width=8, blocks=1)
    found = plainest(config)
    assert found == plainest(found)
    one, other = HybridNet(config), HybridNet(found)
    for name, value in (*one.named_parameters(), *one.named_buffers()):
        assert torch.equal(value, {**dict(other.named_parameters()), **dict(other.named_buffers())}[name]), name


@pytest.mark.parametrize("oversampling", [0.7, 1.0003, 1.3, 1.9])
def test_configurations_are_one_just_where_their_grids_are(oversampling: float) -> None:
    one = NetConfig(oversampling=oversampling)
    for more in (0.0005, 0.003, 0.02, 0.1):
        other = NetConfig(oversampling=oversampling + more)
        grids = [beam_grid(config) for config in (one, other)]
        same = grids[0].shape == grids[1].shape and torch.equal(grids[0].valid, grids[1].valid)
        assert (plainest(one) == plainest(other)) is same, more
