"""A declared plan finds its modules under any wrapper, and is refused where it finds none."""

from collections import OrderedDict
from collections.abc import Callable

import pytest
import torch
from streams import stream
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD
from torch.optim.swa_utils import AveragedModel

from trainlint import InputError, Plan, Watch
from trainlint.during.weights.names import modules, parameters

NAMES = ["body.weight", "body.bias", "head.weight", "head.bias"]


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(OrderedDict(body=nn.Linear(4, 8), act=nn.ReLU(), head=nn.Linear(8, 1)))


def compiled(model: nn.Module) -> nn.Module:
    return torch.compile(model, backend="eager")  # pyright: ignore[reportReturnType]


def part(model: nn.Module) -> nn.Module:
    model.body = compiled(model.body)  # pyright: ignore[reportArgumentType]
    return model


WRAPPERS: list[Callable[[nn.Module], nn.Module]] = [
    nn.DataParallel, AveragedModel, compiled, part, lambda model: nn.DataParallel(compiled(model)),
]  # fmt: skip
wrapped = pytest.mark.parametrize("wrap", WRAPPERS, ids=["parallel", "averaged", "compiled", "part", "both"])


@wrapped
def test_names_are_those_of_the_model_itself(wrap: Callable[[nn.Module], nn.Module]):
    model = wrap(net())
    assert list(parameters(model)) == NAMES
    assert {"", "body", "act", "head"} == set(modules(model))
    assert type(modules(model)["body"]) is nn.Linear


def test_module_of_the_model_that_is_called_module_keeps_its_name():
    model = nn.Sequential(OrderedDict(module=nn.Linear(4, 4), head=nn.Linear(4, 1)))
    assert list(parameters(model)) == ["module.weight", "module.bias", "head.weight", "head.bias"]


def trained(wrap: Callable[[nn.Module], nn.Module], plan: Plan) -> Watch:
    model = wrap(net())
    optimizer = SGD(model.parameters(), 0.05)
    with Watch(model, optimizer, plan=plan, raises=False) as watch:
        for index in range(4):
            x = torch.randn(16, 4, generator=stream(0, "names", index))
            optimizer.zero_grad()
            watch.loss(F.mse_loss(model(x), x[:, :1])).backward()
            optimizer.step()
    return watch


@wrapped
@pytest.mark.parametrize("outer", [False, True])
def test_plan_is_heeded_under_a_wrapper(wrap: Callable[[nn.Module], nn.Module], outer: bool):
    own = next(name for name, _ in wrap(net()).named_parameters() if "body" in name)
    prefix = own.removesuffix(".weight") if outer else "body"
    plan = Plan(frozen=(prefix,), rates={prefix: 1.0, "head.weight": 0.05})
    codes = trained(wrap, plan).verdict().codes
    assert {"RT117", "RT118"} <= set(codes), codes


@wrapped
def test_plan_that_holds_is_healthy_under_a_wrapper(wrap: Callable[[nn.Module], nn.Module]):
    assert trained(wrap, Plan(rates={"body": 0.05, "head": 0.05})).verdict().healthy


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (Plan(frozen=("backbone",)), "backbone"),
        (Plan(rates={"hed": 1.0}), "'hed'.*did you mean one of head"),
        (Plan(frozen=("head.wieght",)), "head.weight"),
        (Plan(frozen=("",)), "body"),
    ],
)
def test_plan_that_matches_nothing_is_refused(plan: Plan, told: str):
    model = net()
    with pytest.raises(InputError, match=told):
        Watch(model, SGD(model.parameters(), 0.1), plan=plan)
    assert not model._forward_hooks
