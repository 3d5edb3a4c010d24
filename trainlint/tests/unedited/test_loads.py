"""Are states that load nothing, groups, inputs and epochs that are empty, and epochs of one update heard?"""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD, Adam
from torch.utils.data import DataLoader, IterableDataset

from .test_session import watched


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))


def trained(model: nn.Module, optimizer: torch.optim.Optimizer, count: int = 24) -> None:
    for _ in range(count):
        x = torch.randn(32, 4)
        optimizer.zero_grad()
        F.mse_loss(model(x), x[:, :1]).backward()
        optimizer.step()


def loading(prefix: str, again: bool = False) -> Callable[[], None]:
    def program() -> None:
        model, state = net(), {prefix + name: value for name, value in net().state_dict().items()}
        model.load_state_dict(state, strict=False)
        if again:
            model.load_state_dict(net().state_dict())
        trained(model, SGD(model.parameters(), 0.05))

    return program


@pytest.mark.parametrize(("program", "told"), [
    (loading("module."), True), (loading(""), False), (loading("module.", again=True), False),
])  # fmt: skip
def test_a_state_of_which_nothing_is_loaded_is_told(program: Callable[[], None], told: bool) -> None:
    original = nn.Module.load_state_dict
    assert ("RT502" in watched(program)[1].codes) is told
    assert nn.Module.load_state_dict is original


def test_a_new_head_beside_a_loaded_body_is_none() -> None:
    def program() -> None:
        model = net()
        state = {name: value for name, value in net().state_dict().items() if name.startswith("0.")}
        model.load_state_dict({**state, "old.weight": torch.zeros(1)}, strict=False)
        trained(model, SGD(model.parameters(), 0.05))

    assert watched(program)[1].healthy


@pytest.mark.parametrize(("fast", "told"), [(1e-2, True), (1e-3, False)])
def test_an_empty_group_is_told_where_its_rate_is_its_own(fast: float, told: bool) -> None:
    def program() -> None:
        model = net()
        trained(model, Adam([{"params": model.parameters(), "lr": 1e-3}, {"params": [], "lr": fast}]))

    assert ("RT117" in watched(program)[1].codes) is told


@pytest.mark.parametrize(("every", "told"), [(0, True), (2, False)])
def test_an_input_that_is_zero_all_along_is_told(every: int, told: bool) -> None:
    def program() -> None:
        first, second = net(), nn.Linear(3, 1)
        optimizer = SGD([*first.parameters(), *second.parameters()], 0.05)
        for index in range(24):
            x = torch.randn(32, 4)
            more = x[:, :3] if every and index % every == 0 else torch.zeros(32, 3)
            optimizer.zero_grad()
            F.mse_loss(first(x) + second(more), x[:, :1]).backward()
            optimizer.step()

    assert ("RT404" in watched(program)[1].codes) is told


@pytest.mark.parametrize("mode", [True, False])
def test_a_validation_after_each_update_ends_an_epoch_where_the_model_is_in_evaluation(mode: bool) -> None:
    def program() -> None:
        model, x = net(), torch.randn(64, 4)
        other = nn.Linear(4, 1).eval()
        optimizer = SGD(model.parameters(), 0.05)
        for _ in range(9):
            model.train()
            trained(model, optimizer, 1)
            model.train(not mode)
            with torch.no_grad():
                F.mse_loss((model if mode else other)(x), x[:, :1])

    assert (watched(program)[1].counts["epochs"] == 9) is mode


class Stream(IterableDataset):
    def __init__(self, anew: bool) -> None:
        self.rows, self.anew = iter(torch.randn(96, 4)), anew

    def __iter__(self) -> Iterator[torch.Tensor]:
        return iter(torch.randn(96, 4)) if self.anew else self.rows


@pytest.mark.parametrize(("anew", "epochs", "told"), [(False, 4, True), (True, 4, False), (False, 2, False)])
def test_an_iterator_that_is_used_up_after_the_first_epoch_is_told(anew: bool, epochs: int, told: bool) -> None:
    """Once is no habit: a stream may be asked again whether it has more."""

    def program() -> None:
        model = net()
        optimizer, loader = SGD(model.parameters(), 0.05), DataLoader(Stream(anew), batch_size=8)
        for _ in range(epochs):
            for x in loader:
                optimizer.zero_grad()
                F.mse_loss(model(x), x[:, :1]).backward()
                optimizer.step()

    assert ("RT407" in watched(program)[1].codes) is told
