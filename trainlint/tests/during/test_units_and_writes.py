"""Validation in other units, samples that are one, weights written between updates, and a first update too large?"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from trainlint import Verdict, Watch


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))


def validated(scale: float, offset: float) -> Verdict:
    net = network()
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(4):
        net.train()
        for _ in range(10):
            x = torch.randn(32, 4)
            optimizer.zero_grad()
            watch.loss(F.mse_loss(net(x), x[:, :1])).backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            net(torch.randn(64, 4) * scale + offset)
        watch.epoch()
    return watch.close()


@pytest.mark.parametrize(("scale", "offset"), [(100.0, 0.0), (1.0, 50.0), (0.01, 0.0)])
def test_validation_in_other_units_is_named(scale: float, offset: float) -> None:
    assert "RT332" in validated(scale, offset).codes


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (2.0, 1.0)])
def test_a_shift_between_two_data_sets_is_let_be(scale: float, offset: float) -> None:
    assert validated(scale, offset).healthy


def trained(write, *, rate: float = 1e-2, rebuild: bool = False, batch=lambda: torch.randn(32, 4)) -> Verdict:
    net = network()
    optimizer = torch.optim.Adam(net.parameters(), rate)
    watch = Watch(net, optimizer, raises=False)
    for update in range(120):
        x = batch()
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x), x[:, :1])).backward()
        optimizer.step()
        if write(net, update) and rebuild:
            optimizer = torch.optim.Adam(net.parameters(), rate)
    return watch.close()


def reset_last(net: nn.Sequential, _: int) -> bool:
    for p in net[2].parameters():
        nn.init.normal_(p)
    return True


def reset_now_and_then(net: nn.Sequential, update: int) -> bool:
    if update % 20 == 19:
        for p in net.parameters():
            nn.init.normal_(p)
    return update % 20 == 19


def clip(net: nn.Sequential, _: int) -> bool:
    with torch.no_grad():
        for p in net.parameters():
            p.clamp_(-0.4, 0.4)
    return False


def test_weights_initialised_in_every_update_are_named() -> None:
    verdict = trained(reset_last)
    assert "RT120" in verdict.codes
    assert any(f.subject == "2" for f in verdict.findings)


def test_weights_initialised_now_and_then_are_named() -> None:
    assert "RT120" in trained(reset_now_and_then).codes


def test_a_fold_with_an_optimiser_of_its_own_and_clipped_weights_are_let_be() -> None:
    assert "RT120" not in trained(reset_now_and_then, rebuild=True).codes
    assert "RT120" not in trained(clip).codes


def test_a_batch_of_one_sample_many_times_is_named() -> None:
    assert "RT331" in trained(lambda *_: False, batch=lambda: torch.randn(1, 4).expand(32, -1).contiguous()).codes
    assert "RT331" not in trained(lambda *_: False).codes


@pytest.mark.parametrize(("same", "told"), [(True, False), (False, True)])
def test_targets_of_all_steps_in_one_row_are_those_of_their_samples(same: bool, told: bool):
    """Copies of one sequence have one row of targets, which are handed over as (sample times step)."""
    torch.manual_seed(0)
    model = nn.LSTM(3, 5, batch_first=True)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    watch = Watch(model, optimizer, raises=False)
    for _ in range(8):
        rows = torch.randn(1, 6, 3).expand(8, -1, -1).contiguous()
        targets = torch.randint(0, 5, (1 if same else 8, 6)).expand(8, -1)
        optimizer.zero_grad()
        watch.loss(F.cross_entropy(model(rows)[0].reshape(-1, 5), targets.reshape(-1))).backward()
        optimizer.step()
    assert ("RT331" in watch.close().codes) is told


def test_a_first_update_that_forgets_the_weights_is_named() -> None:
    assert "RT130" in trained(lambda *_: False, rate=30.0).codes
    assert "RT130" not in trained(lambda *_: False, rate=0.1).codes


def test_a_return_without_any_reward_is_a_note() -> None:
    net = network()
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(30):
        optimizer.zero_grad()
        watch.loss(-(F.logsigmoid(net(torch.randn(16, 4))) * torch.zeros(16, 1)).mean()).backward()
        optimizer.step()
    assert watch.close().healthy


@pytest.mark.parametrize(("weights", "named"), [((10.0, 1e-3), True), ((1.0, 10.0), False), ((1.0, 0.0), False)])
def test_a_class_that_hardly_counts_is_named(weights: tuple[float, float], named: bool) -> None:
    net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(20):
        x = torch.randn(64, 4)
        optimizer.zero_grad()
        watch.loss(F.cross_entropy(net(x), (x[:, 0] > 1).long(), weight=torch.tensor(weights))).backward()
        optimizer.step()
    assert ("RT206" in watch.close().codes) is named
