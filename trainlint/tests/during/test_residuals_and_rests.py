"""What has no data beside it, weighs samples, or rests while another player moves: no failure of these is seen."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from trainlint import Severity, Verdict, Watch


def hardly(net: nn.Module, t: Tensor) -> Tensor:
    """The residual of u' = -u, where u(0) = 1 holds by construction."""
    u = 1 + t * net(t)
    (slope,) = torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)
    return F.mse_loss(u + slope, torch.zeros_like(u))


def softly(net: nn.Module, t: Tensor) -> Tensor:
    """The residual, and u(0) = 1 beside it."""
    u = net(t)
    (slope,) = torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)
    return (u + slope).square().mean() + ((u[:4] - 1) ** 2).mean()


@pytest.mark.parametrize("loss", [hardly, softly])
def test_a_residual_is_no_target_that_never_varies(loss) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = Adam(net.parameters(), 1e-3)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(12):
        t = torch.rand(32, 1).requires_grad_(True)
        optimizer.zero_grad()
        watch.loss(loss(net, t)).backward()
        optimizer.step()
    assert watch.close().healthy


@pytest.mark.parametrize("scale", [0.0, 3.0])
def test_points_that_are_computed_are_fed_beside_a_boundary_at_zero(scale: float) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = Adam(net.parameters(), 1e-3)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(12):
        t = torch.rand(32, 1).requires_grad_(True) * scale
        optimizer.zero_grad()
        loss = softly(net, t) if scale else (net(torch.zeros(32, 1)) - 1).square().mean()
        watch.loss(loss + (net(torch.zeros(1, 1)) - 1).square().mean()).backward()
        optimizer.step()
    assert ("0" in [f.subject for f in watch.close().findings if f.rule.code == "RT404"]) is (scale == 0)


def weighed(shape: tuple[int, ...], *, by_class: bool) -> Verdict:
    """A run in which every second sample, or the second class, weighs next to nothing."""
    torch.manual_seed(0)
    net = nn.Linear(4, 2)
    optimizer = SGD(net.parameters(), 0.1)
    watch = Watch(net, optimizer, raises=False)
    light = torch.ones(shape)
    light[1::2] = 1e-5
    own = torch.tensor([1.0, 1e-6]) if by_class else None
    for _ in range(8):
        x = torch.randn(*shape, 4)
        each = F.cross_entropy(net(x).movedim(-1, 1), (x[..., 0] > 0).long(), weight=own, reduction="none")
        optimizer.zero_grad()
        watch.loss((each * light).mean()).backward()
        optimizer.step()
    return watch.close()


@pytest.mark.parametrize("shape", [(16,), (16, 6)])
def test_weights_of_samples_are_not_taken_for_those_of_classes(shape: tuple[int, ...]) -> None:
    verdict = weighed(shape, by_class=False)
    assert "RT206" not in verdict.codes
    assert not any("failed" in text for text in verdict.blind)
    assert "RT206" in weighed(shape, by_class=True).codes


@pytest.mark.parametrize("rests", [True, False])
def test_a_player_that_rests_for_the_other_one_is_not_frozen(rests: bool) -> None:
    torch.manual_seed(0)
    maker, judge = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3)), nn.Linear(3, 1)
    ours, theirs = Adam(maker.parameters(), 1e-3), Adam(judge.parameters(), 1e-3)
    watch = Watch(nn.ModuleDict({"maker": maker, "judge": judge}), [ours, theirs], raises=False)
    for _ in range(8):
        made, seen = maker(torch.randn(8, 2)), torch.randn(8, 3)
        judge.requires_grad_(True)
        theirs.zero_grad()
        watch.loss((F.softplus(judge(made.detach())) + F.softplus(-judge(seen))).mean(), name="judge").backward()
        theirs.step()
        judge.requires_grad_(False)
        ours.zero_grad()
        watch.loss(F.softplus(-judge(made)).mean(), name="maker").backward()
        if not rests:
            maker[0].requires_grad_(False)
        ours.step()
    verdict = watch.close()
    assert ("RT132" in verdict.codes) is not rests


@pytest.mark.parametrize(("shift", "severity"), [(0.0, Severity.WARNING), (30.0, Severity.NOTE)])
def test_a_model_without_a_free_matrix_is_frozen_where_its_loss_stays(shift: float, severity: Severity) -> None:
    """Biases alone may be meant, and then they learn."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8))
    for name, parameter in net.named_parameters():
        parameter.requires_grad_("bias" in name)
    optimizer = Adam([p for p in net.parameters() if p.requires_grad], 0.1)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(60):
        x = torch.randn(64, 8)
        optimizer.zero_grad()
        watch.loss(F.l1_loss(net(x), 3 * x.flip(1) + shift)).backward()
        optimizer.step()
    verdict = watch.close()
    assert [f.severity for f in verdict.findings if f.rule.code == "RT132"] == [severity]
    assert severity is Severity.NOTE or verdict.codes[0] == "RT132"


@pytest.mark.parametrize(("learned", "severity"), [(True, Severity.NOTE), (False, Severity.WARNING)])
def test_what_rests_under_a_probe_has_learned_before(learned: bool, severity: Severity) -> None:
    """Two encoders of which one is trained, and both stand still while a probe reads them."""
    torch.manual_seed(0)
    net = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8)])
    net[1].requires_grad_(False)
    if not learned:
        net[0].weight.requires_grad_(False)
    optimizer = Adam([p for p in net.parameters() if p.requires_grad], 0.01)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(60):
        x = torch.randn(64, 8)
        optimizer.zero_grad()
        watch.loss(F.l1_loss(net[0](x), net[1](x) * 0 + torch.randn(64, 8))).backward()
        optimizer.step()
    net.requires_grad_(False)
    verdict = watch.close()
    assert next(f.severity for f in verdict.findings if f.rule.code == "RT132") is severity, str(verdict)


@pytest.mark.parametrize("anew", [True, False])
def test_a_model_made_anew_needs_an_optimiser_made_anew(anew: bool) -> None:
    """The passes of the second fold reach weights that nobody holds; a map of saliency may follow a training."""
    torch.manual_seed(0)
    net, other = nn.Linear(6, 1), nn.Linear(6, 1)
    optimizer = Adam(net.parameters(), 0.01)
    watch = Watch(net, optimizer, raises=False)
    for update in range(40):
        x = torch.randn(32, 6)
        optimizer.zero_grad()
        now = other if update >= 20 else net
        watch.loss(F.l1_loss(now(x), x[:, :1])).backward()
        if anew or now is net:
            optimizer.step()
    assert ("RT116" in watch.close().codes) is anew


def test_an_epoch_at_the_rate_zero_is_not_lost_in_rounding() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = SGD(net.parameters(), 0.1)
    watch = Watch(net, optimizer, raises=False)
    for update in range(30):
        optimizer.param_groups[0]["lr"] = 0.0 if 12 <= update < 18 else 0.1
        x = torch.randn(16, 4)
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x), x[:, :1])).backward()
        optimizer.step()
    assert "RT125" not in watch.close().codes
