"""Is every parameter in exactly one group, by identity?"""

import pytest
from torch import nn

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import Optimisation
from ris_pytorch_pipeline.train import Groups
from ris_pytorch_pipeline.train.loop.groups import adamw, rates_by_module, set_rates


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
    net = Grouping(lambda n: {"late": parameters(n.three), "backbone": parameters(n.one, n.two)})
    groups = Groups(net)
    assert [id(p) for p in groups.parameters] == [id(p) for p in parameters(net.three, net.one, net.two)]
    assert groups.owners == ["late"] * 2 + ["backbone"] * 4
    assert groups.names[-1] == "two.bias"


@pytest.mark.parametrize(
    ("how", "word"),
    [
        (lambda n: {"backbone": parameters(n.one), "head": parameters(n.three)}, "two.weight"),
        (lambda n: {"backbone": parameters(n.one, n.two), "head": parameters(n.two, n.three)}, "backbone and head"),
        (lambda n: {"backbone": parameters(n.one, n.two, nn.Linear(2, 2)), "head": parameters(n.three)}, "another one"),
    ],
)
def test_other_groupings_are_refused(how, word) -> None:
    with pytest.raises(ConfigurationError, match=word):
        Groups(Grouping(how))


def test_rates_are_of_the_groups_that_the_network_has() -> None:
    net = Grouping(lambda n: {"body": parameters(n.one), "late": parameters(n.two), "head": parameters(n.three)})
    config = Optimisation(rate=1e-3, head_ratio=4.0, ratios=(("late", 2.0), ("body", 0.0)))
    groups = Groups(net, config.frozen, dict(config.ratios))
    assert {g["name"]: g["lr"] for g in adamw(groups, config).param_groups} == {"late": 2e-3, "head": 4e-3}
    assert groups.trained == ["late", "head"]
    assert [name for name, p in net.named_parameters() if not p.requires_grad] == ["one.weight", "one.bias"]


@pytest.mark.parametrize("ratio", [0.0, 2.0])
def test_a_rate_of_a_group_that_is_not_there_lists_those_that_are(ratio: float) -> None:
    config = Optimisation(ratios=(("lat", ratio),))
    net = Grouping(lambda n: {"body": parameters(n.one, n.two), "late": parameters(n.three)})
    with pytest.raises(ConfigurationError, match=r"out of body, late.*lat"):
        Groups(net, config.frozen, dict(config.ratios))


def test_rates_are_declared_by_module_and_else_by_parameter() -> None:
    net = Grouping(lambda n: {"one": parameters(n.one), "rest": parameters(n.two, n.three)})
    config = Optimisation(rate=1e-3, ratios=(("one", 3.0),))
    rest = dict.fromkeys(("two.weight", "two.bias", "three.weight", "three.bias"), 1e-3)
    assert rates_by_module(net, adamw(Groups(net), config), config) == {"one": 3e-3} | rest


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
