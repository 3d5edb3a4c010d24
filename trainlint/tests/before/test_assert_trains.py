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


def line(model: nn.Module, batch: object) -> Tensor:
    assert isinstance(batch, Tensor)
    return F.mse_loss(model(batch), batch.sum(1, keepdim=True))


@pytest.mark.parametrize("seed", range(3))
def test_sound_small_models_pass_without_an_optimiser(seed: int) -> None:
    torch.manual_seed(seed)
    x, labels = torch.randn(32, 4), torch.randint(0, 3, (32,))
    assert_trains(line, nn.Linear(4, 1), x)
    assert_trains(line, nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1)), x)
    dropped = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 3))
    assert_trains(lambda model, batch: F.cross_entropy(model(batch), labels), dropped, x)


@pytest.mark.parametrize("given", [True, False])
def test_a_negated_criterion_fails_although_it_falls(given: bool) -> None:
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    adam = Adam(model.parameters(), 1e-1) if given else None
    with pytest.raises(AssertionError, match="RT210"):
        assert_trains(lambda net, batch: -line(net, batch), model, torch.randn(32, 4), optimizer=adam)


def test_a_loss_below_zero_must_fall() -> None:
    torch.manual_seed(0)
    model, x = nn.Linear(4, 1), torch.randn(32, 4)
    assert_trains(lambda net, batch: -F.cosine_similarity(net(batch), x[:, :1], dim=0).mean() - 0.1, model, x)
    with pytest.raises(AssertionError, match="RT2"):
        assert_trains(lambda net, batch: net(batch).pow(2).mean() * 1e-4 - 5, model, x)


@pytest.mark.parametrize("broken", [lambda y: y * 0, lambda y: y.detach()])
def test_a_cut_model_fails_at_every_rate(broken) -> None:
    torch.manual_seed(0)
    x = torch.randn(9, 4)
    with pytest.raises(AssertionError, match="RT1"):
        assert_trains(lambda net, batch: F.mse_loss(broken(net(batch)), x[:, :1]), nn.Linear(4, 1), x)
