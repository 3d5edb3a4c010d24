"""Are samples that are trained on and judged on told, and parts that were never taught beside others that were?"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, Optimizer
from torch.utils.data import DataLoader, Dataset, Subset, SubsetRandomSampler, TensorDataset

from .test_session import watched

ALL = list(range(120))


class Pairs(Dataset[tuple[Tensor, Tensor]]):
    """A data set of which nothing but places is known."""

    def __init__(self, values: Tensor) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        return self.values[place], self.values[place, :1]


def values(count: int = 120) -> Tensor:
    return torch.randn(count, 5, generator=torch.Generator().manual_seed(3))


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1))


def train(model: nn.Module, optimizer: Optimizer, loader: DataLoader, judged: Sequence[DataLoader]) -> None:
    for _ in range(3):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            for each in judged:
                for x, y in each:
                    F.mse_loss(model(x), y)


def split(trained: Sequence[int], *judged: Sequence[int], sampled: bool = False) -> Callable[[], None]:
    def loader(data: Pairs, rows: Sequence[int]) -> DataLoader:
        if sampled:
            return DataLoader(data, 20, sampler=SubsetRandomSampler(rows))
        return DataLoader(data if len(rows) == len(data) else Subset(data, rows), 20, shuffle=True)

    def program() -> None:
        data, model = Pairs(values()), net()
        train(model, Adam(model.parameters(), 1e-2), loader(data, trained), [loader(data, each) for each in judged])

    return program


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize(("trained", "judged"), [
    (ALL[:90], [ALL[60:]]), (ALL[:90], [ALL[:30]]), (ALL[:90], [ALL[80:], ALL[90:]]), (ALL, [ALL[:30]]),
])  # fmt: skip
def test_samples_on_both_sides_are_told(trained: list[int], judged: list[list[int]], sampled: bool) -> None:
    assert "RT401" in watched(split(trained, *judged, sampled=sampled))[1].codes


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("judged", [[ALL[90:]], [ALL[:90]], [ALL], [ALL[:30], ALL[90:]]])
def test_a_part_of_its_own_all_data_and_a_measure_beside_it_are_sound(judged: list[list[int]], sampled: bool) -> None:
    assert watched(split(ALL[:90], *judged, sampled=sampled))[1].healthy


@pytest.mark.parametrize(("begins", "told"), [(90, False), (60, True)])
@pytest.mark.parametrize("continuous", [True, False])
def test_equal_samples_of_two_data_sets_are_told_where_they_are_no_coincidence(
    begins: int, told: bool, continuous: bool
) -> None:
    x = values() if continuous else values().sign()
    first, second = (TensorDataset(rows, rows[:, :1]) for rows in (x[:90], x[begins:]))

    def program() -> None:
        model = net()
        train(model, Adam(model.parameters(), 1e-2), DataLoader(first, 20), [DataLoader(second, 30)])

    assert ("RT401" in watched(program)[1].codes) is (told and continuous)


@pytest.mark.parametrize(("reset", "told"), [(True, False), (False, True)])
def test_folds_with_one_model_are_told_unless_its_weights_are_put_back(reset: bool, told: bool) -> None:
    def program() -> None:
        data, model = Pairs(values()), net()
        start = {name: value.clone() for name, value in model.state_dict().items()}
        for fold in range(3):
            if reset:
                model.load_state_dict(start)
            rows = [n for n in ALL if n % 3 != fold]
            loaders = [DataLoader(Subset(data, each), 20) for each in (rows, ALL[fold::3])]
            train(model, Adam(model.parameters(), 1e-2), loaders[0], loaders[1:])

    assert ("RT401" in watched(program)[1].codes) is told


@pytest.mark.parametrize(("cut", "told"), [(True, True), (False, False)])
def test_an_optimiser_beside_another_that_never_has_a_gradient_is_told(cut: bool, told: bool) -> None:
    def program() -> None:
        torch.manual_seed(0)
        maker, judge = nn.Linear(5, 5), net()
        first, second = Adam(judge.parameters(), 1e-2), Adam(maker.parameters(), 1e-2)
        for _ in range(20):
            x = torch.randn(32, 5)
            first.zero_grad()
            (F.mse_loss(judge(x), x[:, :1]) + judge(maker(x).detach()).square().mean()).backward()
            first.step()
            second.zero_grad()
            made = maker(x)
            F.mse_loss(judge(made.detach() if cut else made), x[:, :1]).backward()
            second.step()

    assert ("RT121" in watched(program)[1].codes) is told


@pytest.mark.parametrize("rows", [torch.zeros(0, 5), torch.randn(40)])
def test_an_empty_data_set_and_one_of_single_values_end_nothing(rows: Tensor) -> None:
    def program() -> None:
        model, judged = net(), DataLoader(TensorDataset(rows), 20)
        train(model, Adam(model.parameters(), 1e-2), DataLoader(Pairs(values()), 20, shuffle=True), [])
        with torch.no_grad():
            for _ in judged:
                pass

    assert watched(program)[1].healthy


def test_an_evaluation_outside_of_no_grad_within_an_epoch_is_no_training() -> None:
    def program() -> None:
        data, model = Pairs(values()), net()
        held, optimizer = DataLoader(Subset(data, ALL[90:]), 20), Adam(model.parameters(), 1e-2)
        for _ in range(3):
            for count, (x, y) in enumerate(DataLoader(Subset(data, ALL[:90]), 20)):
                model.train()
                optimizer.zero_grad()
                F.mse_loss(model(x), y).backward()
                optimizer.step()
                model.eval()
                for a, b in held if count == 2 else ():
                    with torch.no_grad():
                        F.mse_loss(model(a), b)
            with torch.no_grad():
                for a, b in held:
                    F.mse_loss(model(a), b)

    assert watched(program)[1].healthy


@pytest.mark.parametrize(("held_out", "told"), [(True, True), (False, False)])
def test_samples_that_cannot_be_compared_are_not_judged_where_some_are_held_out(held_out: bool, told: bool) -> None:
    rows: Any = [(row, row[:1]) for row in values()]

    def program() -> None:
        model = net()
        judged = [DataLoader(rows[90:], 20)] if held_out else []
        train(model, Adam(model.parameters(), 1e-2), DataLoader(rows[:90], 20), judged)

    verdict = watched(program)[1]
    assert verdict.healthy
    assert ("samples of `list`, which are not compared" in verdict.blind) is told


@pytest.mark.parametrize("right", [True, False])
def test_a_second_stage_whose_optimiser_holds_the_first_model(right: bool):
    """The loss of the second stage depends on weights that no optimiser holds."""

    def program() -> None:
        x = values()
        first, second = net(), nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))
        for model, held in ((first, first), (second, second if right else first)):
            optimizer = Adam(held.parameters(), 3e-3)
            for rows in torch.arange(120).split(8) * 3:
                optimizer.zero_grad()
                F.mse_loss(model(x[rows]), x[rows, :1]).backward()
                optimizer.step()

    codes = watched(program)[1].codes
    assert "RT121" not in codes
    assert ("RT115" in codes) is not right
