"""Is every parameter in exactly one group, by identity?"""

import pytest
from torch import nn

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import Optimisation
from ris_pytorch_pipeline.train import Groups
from ris_pytorch_pipeline.train.loop.groups import adamw, set_rates


class Grouping(nn.Module):
    """Three layers, grouped as told."""

    def __init__(self, how) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)
        self.how = how

    def groups(self) -> dict[str, list[nn.Parameter]]:
        return self.how(self)


def parameters(*modules: nn.Module) -> list[nn.Parameter]:
    return [p for module in modules for p in module.parameters()]


def test_a_complete_and_disjoint_grouping_is_taken_as_it_is() -> None:
    net = Grouping(lambda n: {"head": parameters(n.three), "backbone": parameters(n.one, n.two)})
    groups = Groups(net)
    assert [id(p) for p in groups.parameters] == [id(p) for p in net.parameters()]
    assert groups.owners == ["backbone"] * 4 + ["head"] * 2
    assert groups.names[-1] == "three.bias"


@pytest.mark.parametrize(
    ("how", "word"),
    [
        (lambda n: {"backbone": parameters(n.one), "head": parameters(n.three)}, "two.weight"),
        (lambda n: {"backbone": parameters(n.one, n.two), "head": parameters(n.two, n.three)}, "backbone and head"),
        (lambda n: {"backbone": parameters(n.one, n.two, nn.Linear(2, 2)), "head": parameters(n.three)}, "another one"),
        (lambda n: {"body": parameters(n.one, n.two), "head": parameters(n.three)}, "renamed"),
    ],
)
def test_other_groupings_are_refused(how, word) -> None:
    with pytest.raises(ConfigurationError, match=word):
        Groups(Grouping(how))


def test_a_network_without_groups_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="groups"):
        Groups(nn.Linear(2, 2))


def test_frozen_parameters_have_a_group_and_no_optimizer() -> None:
    net = Grouping(lambda n: {"backbone": parameters(n.one, n.two), "head": parameters(n.three)})
    net.two.requires_grad_(False)
    optimizer = adamw(Groups(net), Optimisation())
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    assert held == {id(p) for p in parameters(net.one, net.three)}


def test_rates_go_to_their_groups() -> None:
    net = Grouping(lambda n: {"backbone": parameters(n.one, n.two), "head": parameters(n.three)})
    optimizer = adamw(Groups(net), Optimisation())
    set_rates(optimizer, {"backbone": 1e-3, "head": 4e-3})
    assert [group["lr"] for group in optimizer.param_groups] == [1e-3, 4e-3]
    with pytest.raises(ConfigurationError, match="positive rate"):
        set_rates(optimizer, {"backbone": 0.0, "head": 4e-3})
