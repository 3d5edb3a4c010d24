"""Does `assert_trains` pass a model that learns, fail one that does not, and leave both as they were?"""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from trainlint.testing import assert_trains


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Linear(16, 1))


def step(model: nn.Module, batch: object) -> Tensor:
    assert isinstance(batch, Tensor)
    return F.mse_loss(model(batch), 3 * batch[:, :1])


def test_a_model_that_learns_passes_and_is_left_as_it_was() -> None:
    model, batch = net(), torch.linspace(-1, 1, 64).reshape(32, 2)
    adam = Adam(model.parameters(), 1e-2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert_trains(step, model, batch, optimizer=adam)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not adam.state


def test_without_an_optimiser_adam_is_tried() -> None:
    assert_trains(step, net(), torch.linspace(-1, 1, 64).reshape(32, 2), updates=500)


@pytest.mark.parametrize(
    ("broken", "rate", "code"),
    [
        (lambda model, batch: step(model, batch).detach(), 1e-2, "RT121"),
        (lambda model, batch: step(model, batch) * float("nan"), 1e-2, "RT201"),
        (step, 0.0, "RT101"),
        (step, 1e-6, "RT2"),
    ],
)
def test_a_model_that_does_not_learn_fails_with_its_finding(broken, rate: float, code: str) -> None:
    model = net()
    with pytest.raises(AssertionError, match=f"does not train on this batch: {code}"):
        assert_trains(broken, model, torch.linspace(-1, 1, 64).reshape(32, 2), optimizer=SGD(model.parameters(), rate))


def test_a_frozen_model_is_told_so() -> None:
    with pytest.raises(AssertionError, match="no parameter that asks for a gradient"):
        assert_trains(step, net().requires_grad_(False), torch.ones(4, 2))
