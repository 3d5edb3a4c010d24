"""Are likelihoods and hinges read from the graph, and what does a constant answer score under them?"""

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal
from torch.nn import functional as F

from trainlint import Verdict, Watch
from trainlint.during.losses.constants import compared, look
from trainlint.during.losses.criteria import Criterion, read


def only(loss: Tensor, outputs: tuple[Tensor, ...]) -> Criterion:
    (found,) = read(loss, outputs)
    return found


def answers(columns: int = 1) -> Tensor:
    torch.manual_seed(1)
    net = nn.Linear(3, columns)
    return net(torch.randn(64, 3))


def counts() -> tuple[Tensor, tuple[Tensor, ...]]:
    out = answers()[:, 0]
    return F.poisson_nll_loss(out, torch.poisson(torch.full((64,), 3.0))), (out,)


def normal() -> tuple[Tensor, tuple[Tensor, ...]]:
    out = answers(2)
    mean, raw = out[:, 0], out[:, 1]
    return F.gaussian_nll_loss(mean, torch.randn(64), F.softplus(raw)), (out,)


def log_prob() -> tuple[Tensor, tuple[Tensor, ...]]:
    out, spread = answers()[:, 0], nn.Parameter(torch.zeros(()))
    return -Normal(out, spread.exp().expand(64)).log_prob(torch.randn(64)).mean(), (out,)


def hinge() -> tuple[Tensor, tuple[Tensor, ...]]:
    out = answers()[:, 0]
    return F.relu(1 - (torch.randn(64) > 0.5).float().mul(2).sub(1) * out).mean(), (out,)


def margins() -> tuple[Tensor, tuple[Tensor, ...]]:
    out = answers(4)
    return F.multi_margin_loss(out, torch.randint(4, (64,))), (out,)


@pytest.mark.parametrize("made", [counts, normal, hinge, margins])
def test_the_score_is_the_loss_itself(made) -> None:
    loss, outputs = made()
    seen = look(only(loss, outputs), 1)
    assert seen is not None
    assert seen.scored == pytest.approx(float(loss.detach()), rel=1e-4)


def test_the_score_of_a_log_probability_differs_by_the_constant_of_the_density() -> None:
    loss, outputs = log_prob()
    seen = look(only(loss, outputs), 1)
    assert seen is not None
    assert seen.scored + 0.5 * torch.log(torch.tensor(2 * torch.pi)) == pytest.approx(float(loss.detach()), rel=1e-4)


def test_a_constant_scores_what_theory_says() -> None:
    torch.manual_seed(0)
    out = torch.zeros(4000, 2).requires_grad_()
    base = out * 1.0
    seen = look(only(F.gaussian_nll_loss(base[:, 0], 5 + 2 * torch.randn(4000), base[:, 1].exp()), (base,)), 1)
    assert seen is not None
    for _, constant in compared([seen, seen]):
        assert constant == pytest.approx(0.5 * (torch.tensor(4.0).log().item() + 1), abs=0.05)


def watched(loss_of, columns: int, *, learns: bool) -> Verdict:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, columns))
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(300):
        x = torch.randn(64, 3)
        optimizer.zero_grad()
        watch.loss(loss_of(net(x), x if learns else torch.randn(64, 3))).backward()
        optimizer.step()
    return watch.close()


LOSSES = {
    "counts": (lambda out, x: F.poisson_nll_loss(out[:, 0], (2 * x[:, 0].exp()).round().clamp(max=12)), 1),
    "normal": (lambda out, x: F.gaussian_nll_loss(out[:, 0], 2 * x[:, 0], F.softplus(out[:, 1]) + 1e-3), 2),
    "hinge": (lambda out, x: F.relu(1 - x[:, 0].sign() * out[:, 0]).mean(), 1),
    "margins": (lambda out, x: F.multi_margin_loss(out, (x[:, 0] > 0).long() + (x[:, 1] > 0).long()), 3),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_what_learns_nothing_is_no_better_than_a_constant(kind: str) -> None:
    loss, columns = LOSSES[kind]
    verdict = watched(loss, columns, learns=False)
    assert "RT219" in {*verdict.codes, *(f.rule.code for f in verdict.suspected)}
    assert watched(loss, columns, learns=True).healthy


def test_a_density_of_actions_that_broadcast_is_named() -> None:
    torch.manual_seed(0)
    net, spread = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1)), nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([*net.parameters(), spread], 1e-2)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(8):
        x = torch.randn(32, 3)
        optimizer.zero_grad()
        watch.loss(-Normal(net(x), spread.exp()).log_prob(x[:, 0]).mean()).backward()
        optimizer.step()
    assert "RT215" in watch.close().codes
