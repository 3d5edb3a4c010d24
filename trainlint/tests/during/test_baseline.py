"""A loss is compared with that of the best constant answer, or the verdict says that none is known."""

from collections.abc import Callable

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from trainlint import InputError, Plan, Verdict, Watch
from trainlint.during.graph import criterion

Criterion = Callable[[Tensor, Tensor], Tensor]

KNOWN: dict[str, Criterion] = {
    "squared": F.mse_loss,
    "squared, mean outside": lambda a, b: F.mse_loss(a, b, reduction="none").mean(),
    "squared by hand": lambda a, b: ((a - b) ** 2).mean(),
    "squared by hand, other way": lambda a, b: (b - a).square().mean(),
    "squared by hand, flat": lambda a, b: (a.squeeze(1) - b.squeeze(1)).square().mean(),
    "absolute": F.l1_loss,
    "labels": lambda a, b: F.binary_cross_entropy_with_logits(a, (b > 0).float()),
    "labels of a sigmoid": lambda a, b: F.binary_cross_entropy(a.sigmoid(), (b > 0).float()),
}
UNKNOWN: dict[str, Criterion] = {
    "smooth": F.smooth_l1_loss,
    "sum": lambda a, b: F.mse_loss(a, b, reduction="sum"),
    "scaled": lambda a, b: 100 * F.mse_loss(a, b),
    "scaled output": lambda a, b: (10 * a - b).square().mean(),
    "cubed": lambda a, b: (a - b).abs().pow(3).mean(),
    "weighted": lambda a, b: F.binary_cross_entropy_with_logits(a, (b > 0).float(), pos_weight=torch.tensor(3.0)),
}


def trained(loss: Criterion, sound: bool, **declared: float) -> Verdict:
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1)), torch.randn(512, 4, generator=stream(0, "x"))
    y = 2 * x[:, :1] if sound else torch.randn(512, 1, generator=stream(0, "noise"))
    optimizer = Adam(net.parameters(), 1e-2 if sound else 1e-4)
    with Watch(net, optimizer, raises=False, **declared) as watch:  # pyright: ignore[reportArgumentType]
        for update in range(120):
            chosen = torch.randperm(512, generator=stream(0, "rows", update))[:64]
            optimizer.zero_grad()
            watch.loss(loss(net(x[chosen]), y[chosen])).backward()
            optimizer.step()
    return watch.verdict()


@pytest.mark.parametrize("name", KNOWN)
def test_training_on_noise_is_no_better_than_a_constant(name: str):
    assert "RT219" in trained(KNOWN[name], sound=False).codes
    verdict = trained(KNOWN[name], sound=True)
    assert verdict.healthy, str(verdict)
    assert not any("no baseline" in text for text in verdict.blind)


@pytest.mark.parametrize("name", UNKNOWN)
def test_verdict_says_that_there_is_no_baseline(name: str):
    for sound in (False, True):
        verdict = trained(UNKNOWN[name], sound)
        assert "RT219" not in verdict.codes
        assert any("no baseline for this loss" in text for text in verdict.blind)


def test_declared_baseline_is_used_and_the_plan_goes_before_it():
    verdict = trained(UNKNOWN["smooth"], sound=False, baseline=0.3)
    assert "RT219" in verdict.codes
    assert not any("no baseline" in text for text in verdict.blind)
    # A loss may be negative, as a log density is.
    assert "RT219" in trained(lambda a, b: F.smooth_l1_loss(a, b) - 5, sound=False, baseline=-5.0).codes
    net = nn.Linear(1, 1)
    optimizer = Adam(net.parameters())
    assert Watch(net, optimizer, baseline=1.0, plan=Plan(baseline=2.0)).run.plan.baseline == 2.0
    with pytest.raises(InputError, match="finite baseline"):
        Watch(net, optimizer, baseline=float("nan"))


@pytest.mark.parametrize("name", KNOWN)
def test_no_constant_is_better_than_the_reference(name: str):
    y = torch.randn(65, 1, generator=stream(0, "targets"))
    values = torch.linspace(-2, 2, 401)
    best = min(float(KNOWN[name](torch.full_like(y, float(v)), y)) for v in values)
    output = torch.zeros_like(y).requires_grad_() * 1.0
    found = criterion(KNOWN[name](output, y), output)
    assert found is not None
    assert constant(*found) == pytest.approx(best, abs=1e-4)


def test_ignored_classes_do_not_count():
    targets = torch.tensor([0, 1, -100, 1, 0, -100])
    assert constant("classes", targets) == pytest.approx(0.6931472)
