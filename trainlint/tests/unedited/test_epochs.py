"""Where do a program's epochs end: its loader is kept, made anew for each epoch, or never bound to a name?"""

from collections.abc import Callable, Iterable

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from trainlint.during.unedited.session import Options, Session

EPOCHS = 30
TRAIN, HELD_OUT = (
    TensorDataset(torch.randn(48, 20, generator=draw), torch.randint(2, (48,), generator=draw))
    for draw in (torch.Generator().manual_seed(0), torch.Generator().manual_seed(1))
)


def kept() -> Callable[[], Iterable]:
    loader = DataLoader(TRAIN, 8, shuffle=True)
    return lambda: loader


def anew() -> Callable[[], Iterable]:
    return lambda: DataLoader(TRAIN, 8, shuffle=True)


def one_epoch(batches: Iterable, net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    net.train()
    for x, y in batches:
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()


def evaluated(data: TensorDataset, net: nn.Module) -> None:
    net.eval()
    with torch.no_grad():
        for x, y in DataLoader(data, 16):
            F.cross_entropy(net(x), y)


@pytest.mark.parametrize("loader", [kept, anew])
@pytest.mark.parametrize("held", [True, False], ids=["held", "not held"])
@pytest.mark.parametrize("evaluations", [(), (HELD_OUT,), (TRAIN, HELD_OUT)], ids=["none", "held-out", "both"])
def test_each_round_over_the_training_data_is_an_epoch(
    loader: Callable, held: bool, evaluations: tuple[TensorDataset, ...]
) -> None:
    torch.manual_seed(0)
    session = Session(Options())
    session.start()
    net = nn.Sequential(nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 2))
    optimizer, batches = torch.optim.Adam(net.parameters(), 1e-2), loader()
    for _ in range(EPOCHS):
        if held:
            those = batches()
            one_epoch(those, net, optimizer)
            del those
        else:
            one_epoch(batches(), net, optimizer)
        for data in evaluations:
            evaluated(data, net)
    verdict = session.stop()
    assert session.failure == ""
    assert verdict.counts["epochs"] == EPOCHS
    assert ("RT230" in verdict.codes) == (HELD_OUT in evaluations)  # it learns noise by heart


def test_other_data_in_each_task_are_no_epochs() -> None:
    torch.manual_seed(0)
    session = Session(Options())
    session.start()
    net = nn.Linear(20, 2)
    optimizer = torch.optim.SGD(net.parameters(), 0.01)
    for _ in range(10):
        one_epoch(DataLoader(TensorDataset(torch.randn(16, 20), torch.randint(2, (16,))), 8), net, optimizer)
    assert session.stop().counts["epochs"] == 1
