"""A part that learns later, a CTC loss on raw outputs, and a loss that falls without end: what a run says of each."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F
from torch.optim import SGD, Adam

from trainlint import Watch, check_source


class TwoHeads(nn.Module):
    """One body, one head for each task."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.first, self.second = nn.Linear(6, 16), nn.Linear(16, 2), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.body(x).relu()
        return self.first(hidden), self.second(hidden)


@pytest.mark.parametrize("rule", ["RT122", "RT119"])
@pytest.mark.parametrize(("begins", "updates"), [(30, 140), (40, 60), (1000, 140)])
@pytest.mark.parametrize("optimizer_of", [Adam, SGD])
def test_a_head_whose_task_begins_later_is_no_head_without_a_gradient(
    rule: str, begins: int, updates: int, optimizer_of: type[Adam] | type[SGD]
) -> None:
    torch.manual_seed(0)
    model = TwoHeads()
    optimizer = optimizer_of(model.parameters(), lr=1e-2)
    watch = Watch(model, optimizer, raises=False)
    for update in range(updates):
        x = torch.randn(32, 6)
        one, two = model(x)
        loss, later = F.cross_entropy(one, (x[:, 0] > 0).long()), F.cross_entropy(two, (x[:, 1] > 0).long())
        if update >= begins:
            loss = loss + later
        elif rule == "RT119":
            loss = loss + 0.0 * later
        optimizer.zero_grad()
        watch.loss(loss).backward()
        optimizer.step()
    assert (rule in watch.close().codes) is (begins > updates)


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("zero_infinity", [False, True])
def test_a_ctc_loss_wants_logarithms_of_probabilities(raw: bool, zero_infinity: bool) -> None:
    torch.manual_seed(0)
    model = nn.Linear(5, 5)
    optimizer = Adam(model.parameters(), 1e-2)
    watch = Watch(model, optimizer, raises=False)
    criterion = nn.CTCLoss(zero_infinity=zero_infinity)
    labels, frames, lengths = torch.randint(1, 5, (16, 3)), torch.full((16,), 12), torch.full((16,), 3)
    for _ in range(6):
        scores = model(torch.randn(16, 12, 5))
        scores = (scores if raw else scores.log_softmax(-1)).transpose(0, 1)
        optimizer.zero_grad()
        watch.loss(criterion(scores, labels, frames, lengths)).backward()
        optimizer.step()
    assert ("RT216" in watch.close().codes) is raw


CTC = """
import torch
from torch import nn
net = nn.Linear(5, 5)
criterion = nn.CTCLoss()
optimizer = torch.optim.Adam(net.parameters(), 1e-2)
for x, y, frames, lengths in torch.load("batches.pt"):
    loss = criterion(net(x){ACTIVATION}.transpose(0, 1), y, frames, lengths)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


@pytest.mark.parametrize(("activation", "found"), [("", True), (".log_softmax(-1)", False)])
def test_raw_outputs_under_a_ctc_loss_are_read_in_the_source(activation: str, found: bool) -> None:
    codes = {finding.rule.code for finding in check_source(CTC.replace("{ACTIVATION}", activation), "train.py")}
    assert ("RT643" in codes) is found


@pytest.mark.parametrize("sign", [1, -1])
def test_a_loss_that_falls_without_end_has_a_term_of_the_wrong_sign(sign: int) -> None:
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(16, 8), nn.Linear(4, 16)
    model = nn.ModuleList([encoder, decoder])
    optimizer = Adam(model.parameters(), 0.2)
    watch = Watch(model, optimizer, raises=False)
    for _ in range(120):
        x = torch.rand(32, 16)
        mean, spread = encoder(x).chunk(2, 1)
        code = mean + (spread / 2).exp() * torch.randn_like(mean)
        divergence = -0.5 * (1 + spread - mean.square() - spread.exp()).sum(1).mean()
        optimizer.zero_grad()
        watch.loss(F.mse_loss(decoder(code), x) + sign * divergence).backward()
        optimizer.step()
    assert ("RT256" in watch.close().codes) is (sign < 0)


def _written(mean: Tensor, spread: Tensor) -> Tensor:
    return -0.5 * (1 + 2 * spread - mean**2 - torch.exp(2 * spread)).sum(1).mean()


def _of_softplus(mean: Tensor, spread: Tensor) -> Tensor:
    deviation = F.softplus(spread) + 1e-3
    return (0.5 * (deviation**2 + mean**2 - 1) - deviation.log()).sum(1).mean()


def _of_torch(mean: Tensor, spread: Tensor) -> Tensor:
    return kl_divergence(Normal(mean, spread.exp()), Normal(0.0, 1.0)).sum(1).mean()


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("divergence", [_written, _of_softplus, _of_torch])
def test_a_divergence_beside_an_error_is_minimised(
    divergence: Callable[[Tensor, Tensor], Tensor], sign: int, maximize: bool
) -> None:
    """Its sign shows in the graph as soon as the loss is below zero, however slowly it falls."""
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(16, 8), nn.Linear(4, 16)
    model = nn.ModuleList([encoder, decoder])
    optimizer = Adam(model.parameters(), 5e-3, maximize=maximize)
    watch = Watch(model, optimizer, raises=False)
    for _ in range(200):
        x = torch.rand(32, 16)
        mean, spread = encoder(x).chunk(2, 1)
        code = mean + spread.exp() * torch.randn_like(mean)
        optimizer.zero_grad()
        loss = F.mse_loss(decoder(code), x) + sign * divergence(mean, spread)
        watch.loss(-loss if maximize else loss).backward()
        optimizer.step()
    verdict = watch.close()
    assert ("RT210" in verdict.codes) is (sign < 0), str(verdict)


def test_a_contrast_below_zero_is_no_divergence_that_is_maximised() -> None:
    """The logarithm of a mean of exponentials less one of its entries, a bound of information, falls below zero."""
    torch.manual_seed(0)
    net = nn.Linear(16, 8)
    optimizer = Adam(net.parameters(), 5e-3)
    watch = Watch(net, optimizer, raises=False)
    values = []
    for _ in range(200):
        x = torch.randn(32, 16)
        one, two = (F.normalize(net(x + 0.1 * torch.randn(32, 16)), dim=1) for _ in range(2))
        alike = (4 * one) @ two.T
        loss = (alike.exp().mean(1).log() - alike.diagonal()).mean()
        optimizer.zero_grad()
        watch.loss(loss).backward()
        optimizer.step()
        values.append(loss.item())
    assert values[-1] < 0
    assert "RT210" not in watch.close().codes
