"""What looks like a failure to a rule that counts on batches, labels or plain layers, and what hides under a root."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import SGD, Adam

from trainlint import Verdict, Watch

ROOTS = {
    "root of the mean": lambda apart: (apart.square().mean() + 1e-8).sqrt(),
    "power of the mean": lambda apart: apart.pow(2).mean() ** 0.5,
    "norm": lambda apart: torch.linalg.vector_norm(apart),
    "root of the sum": lambda apart: apart.pow(2).sum().sqrt(),
}


@pytest.mark.parametrize("kind", list(ROOTS))
@pytest.mark.parametrize("column", [True, False])
def test_every_prediction_against_every_target_is_seen_under_a_root(kind: str, column: bool) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = Adam(net.parameters(), 1e-3)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(8):
        x = torch.randn(16, 4)
        target = x.sum(1) if column else x.sum(1, keepdim=True)
        optimizer.zero_grad()
        watch.loss(ROOTS[kind](net(x) - target)).backward()
        optimizer.step()
    assert ("RT215" in watch.close().codes) is column


class Writer(nn.Module):
    """A language model that is given its targets and computes the loss itself."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.read, self.out = nn.Embedding(9, 16), nn.GRU(16, 16, batch_first=True), nn.Linear(16, 9)

    def forward(self, text: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(self.out(self.read(self.embed(text))[0]).flatten(0, 1), targets.flatten())


@pytest.mark.parametrize(("shift", "named"), [(1, False), (0, True)])
def test_targets_that_the_model_is_given_are_a_leak_only_where_it_reads_them(shift: int, named: bool) -> None:
    torch.manual_seed(0)
    model = Writer()
    optimizer = Adam(model.parameters(), 1e-3)
    watch = Watch(model, optimizer, raises=False)
    for _ in range(8):
        text = torch.randint(9, (6, 12))
        optimizer.zero_grad()
        watch.loss(model(text[:, :-1].contiguous(), text[:, shift : 11 + shift].contiguous())).backward()
        optimizer.step()
    assert ("RT406" in watch.close().codes) is named


def told_of_classes(places: bool) -> Verdict:
    """The partner is in place 0 of each row of likenesses; or class 0 is all that a broken reader of labels gives."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 8))
    optimizer = Adam(net.parameters(), 1e-2)
    queue = F.normalize(torch.randn(64, 8), dim=1)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(120):
        seen = torch.randn(32, 6)
        query = F.normalize(net(seen + 0.1 * torch.randn(32, 6)), dim=1)
        with torch.no_grad():
            key = F.normalize(net(seen), dim=1)
        likeness = torch.cat([(query * key).sum(1, keepdim=True), query @ queue.T], dim=1) / 0.2
        scores = likeness if places else net(seen)
        optimizer.zero_grad()
        watch.loss(F.cross_entropy(scores, torch.zeros(32, dtype=torch.long))).backward()
        optimizer.step()
        queue = torch.cat([key, queue])[:64]
    return watch.close()


def test_a_place_in_a_row_of_likenesses_is_no_dead_label() -> None:
    assert not told_of_classes(places=True).findings
    assert "RT404" in told_of_classes(places=False).codes


@pytest.mark.parametrize(("rate", "named"), [(0.03, False), (3.0, True)])
def test_a_stream_of_single_samples_may_begin_with_large_steps(rate: float, named: bool) -> None:
    torch.manual_seed(1)
    net = nn.Linear(6, 1)
    net.weight.data.mul_(0.1)
    law = 2 * torch.randn(6)
    optimizer = SGD(net.parameters(), rate)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(600):
        x = torch.randn(6)
        loss = watch.loss((net(x).squeeze() - law @ x) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert ({"RT130", "RT302", "RT303", "RT201"} & set(watch.close().codes) != set()) is named


def test_a_critic_whose_bias_cancels_has_no_static_module() -> None:
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.1), spectral_norm(nn.Linear(16, 1)))
    optimizer = Adam(critic.parameters(), 1e-3)
    watch = Watch(critic, optimizer, raises=False)
    for _ in range(40):
        optimizer.zero_grad()
        watch.loss(critic(torch.randn(32, 2)).mean() - critic(torch.randn(32, 2) + 1).mean()).backward()
        optimizer.step()
    assert "RT119" not in watch.close().codes


class Rounded(nn.Linear):
    """Computes with rounded weights, for which a gradient is made up, or not."""

    def __init__(self, straight: bool) -> None:
        super().__init__(6, 16)
        self.straight = straight

    def forward(self, input: Tensor) -> Tensor:
        rounded = torch.round(8 * self.weight) / 8
        return F.linear(input, self.weight + (rounded - self.weight).detach() if self.straight else rounded, self.bias)


@pytest.mark.parametrize("straight", [True, False])
def test_a_weight_that_is_rounded_away_is_named_although_its_bias_learns(straight: bool) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(Rounded(straight), nn.ReLU(), nn.Linear(16, 1))
    optimizer = Adam(net.parameters(), 1e-2)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(40):
        x = torch.randn(32, 6)
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x), x.sum(1, keepdim=True))).backward()
        optimizer.step()
    assert ("RT119" not in watch.close().codes) is straight


@pytest.mark.parametrize("cut", [False, True])
def test_a_loss_of_derivatives_asks_nothing_of_the_last_bias(cut: bool) -> None:
    torch.manual_seed(0)
    potential = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = Adam(potential.parameters(), 1e-2)
    watch = Watch(potential, optimizer, raises=False)
    for _ in range(40):
        place = torch.randn(32, 2, requires_grad=True)
        height = potential[2](potential[1](potential[0](place).detach() if cut else potential[0](place)))
        (slope,) = torch.autograd.grad(height.sum() + place.sum(), place, create_graph=True)
        loss = F.mse_loss(slope, 2 * place.detach()) + (height.square().mean() if cut else 0.0)
        optimizer.zero_grad()
        watch.loss(loss).backward()
        optimizer.step()
    assert ({"RT122", "RT119"} & set(watch.close().codes) != set()) is cut
