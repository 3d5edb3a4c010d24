"""A loss is compared with that of the best constant answer, or the verdict says that none is known."""

from collections.abc import Callable

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from trainlint import InputError, Plan, Stage, Verdict, Watch
from trainlint.during.losses.constants import Look, compared, look
from trainlint.during.losses.criteria import read

Criterion = Callable[[Tensor, Tensor], Tensor]


def shares(b: Tensor) -> Tensor:
    return torch.cat([b, -b, 0 * b], dim=1).softmax(dim=1)


def classes(b: Tensor) -> Tensor:
    return (b[:, 0] > 0).long() + (b[:, 0] > 1).long()


def three(a: Tensor) -> Tensor:
    return torch.cat([a, a.square(), -a], dim=1)


WEIGHTS = torch.tensor([1.0, 2.0, 5.0])

KNOWN: dict[str, Criterion] = {
    "squared": F.mse_loss,
    "squared, mean outside": lambda a, b: F.mse_loss(a, b, reduction="none").mean(),
    "squared, target first": lambda a, b: F.mse_loss(b, a),
    "squared by hand": lambda a, b: ((a - b) ** 2).mean(),
    "squared by hand, other way": lambda a, b: (b - a).square().mean(),
    "squared by hand, flat": lambda a, b: (a.squeeze(1) - b.squeeze(1)).square().mean(),
    "sum": lambda a, b: F.mse_loss(a, b, reduction="sum"),
    "scaled and divided": lambda a, b: 100 * F.mse_loss(a, b) / 8,
    "two terms": lambda a, b: F.mse_loss(a, b) + 0.5 * F.l1_loss(a, b),
    "absolute": F.l1_loss,
    "smooth": F.smooth_l1_loss,
    "huber": lambda a, b: F.huber_loss(a, b, delta=0.3),
    "labels": lambda a, b: F.binary_cross_entropy_with_logits(a, (b > 0).float()),
    "labels of a sigmoid": lambda a, b: F.binary_cross_entropy(a.sigmoid(), (b > 0).float()),
    "labels, positive ones weighted": lambda a, b: F.binary_cross_entropy_with_logits(
        a, (b > 0).float(), pos_weight=torch.tensor(3.0)
    ),
    "margin": lambda a, b: F.soft_margin_loss(a, b.sign()),
    "classes": lambda a, b: F.cross_entropy(three(a), classes(b)),
    "classes, weighted": lambda a, b: F.cross_entropy(three(a), classes(b), weight=WEIGHTS),
    "classes, some ignored": lambda a, b: F.cross_entropy(three(a), classes(b), ignore_index=2),
    "classes, smoothed": lambda a, b: F.cross_entropy(three(a), classes(b), label_smoothing=0.2),
    "soft targets": lambda a, b: F.cross_entropy(three(a), shares(b)),
    "divergence": lambda a, b: F.kl_div(three(a).log_softmax(dim=1), shares(b), reduction="batchmean"),
}
UNKNOWN: dict[str, Criterion] = {
    "scaled output": lambda a, b: (10 * a - b).square().mean(),
    "cubed": lambda a, b: (a - b).abs().pow(3).mean(),
    "likelihood": lambda a, b: (0.5 * (b - a).square() * (-a).exp() + 0.5 * a).mean(),
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
    verdict = trained(KNOWN[name], sound=False)
    assert "RT219" in {f.rule.code for f in (*verdict.findings, *verdict.suspected)}
    assert not any("no baseline" in text for text in verdict.blind)


@pytest.mark.parametrize("name", [n for n in KNOWN if n != "classes, some ignored"])  # too slow for three(a)
def test_what_is_learned_is_better(name: str):
    verdict = trained(KNOWN[name], sound=True)
    assert "RT219" not in {f.rule.code for f in (*verdict.findings, *verdict.suspected)}, str(verdict)


@pytest.mark.parametrize("name", UNKNOWN)
def test_verdict_says_that_there_is_no_baseline(name: str):
    for sound in (False, True):
        verdict = trained(UNKNOWN[name], sound)
        assert "RT219" not in verdict.codes
        assert any("no baseline for this loss" in text for text in verdict.blind)


def test_declared_baseline_is_used_and_the_plan_goes_before_it():
    verdict = trained(UNKNOWN["cubed"], sound=False, baseline=0.3)
    assert "RT219" in verdict.codes
    assert not any("no baseline" in text for text in verdict.blind)
    # A loss may be negative, as a log density is.
    assert "RT219" in trained(lambda a, b: F.smooth_l1_loss(a, b) - 5, sound=False, baseline=-5.0).codes
    net = nn.Linear(1, 1)
    optimizer = Adam(net.parameters())
    assert Watch(net, optimizer, baseline=1.0, plan=Plan(baseline=2.0)).run.plan.baseline == 2.0
    with pytest.raises(InputError, match="finite baseline"):
        Watch(net, optimizer, baseline=float("nan"))


def looks(loss: Criterion, output: Tensor, y: Tensor) -> list[Look]:
    """Two looks at the same batch: what is fitted to one is scored on the other."""
    criterion = read(loss(output, y), (output,))[0]
    return [each for each in (look(criterion, 1), look(criterion, 2)) if each is not None]


@pytest.mark.parametrize("name", [n for n in KNOWN if n not in {"two terms"}])
def test_model_is_scored_as_the_criterion_does_and_no_constant_is_better(name: str):
    y = torch.randn(65, 1, generator=stream(0, "targets"))
    own = KNOWN[name]
    output = torch.full_like(y, 0.3).requires_grad_() * 1.0
    (scored, reference), _ = compared(looks(own, output, y))
    factor = read(own(output, y), (output,))[0].factor
    if name != "divergence":  # which has an entropy of its targets besides
        assert factor * scored == pytest.approx(float(own(output, y).detach()), rel=1e-4)
    if not any(kind in name for kind in ("classes", "soft", "divergence")):
        values = torch.linspace(-2, 2, 401)
        best = min(float(own(torch.full_like(y, float(v)), y)) for v in values)
        assert factor * reference == pytest.approx(best, rel=5e-3, abs=1e-3)


def test_a_constant_for_classes_is_the_share_of_each():
    y = torch.randn(65, 1, generator=stream(0, "targets"))
    output = torch.zeros_like(y).requires_grad_() * 1.0
    (_, reference), _ = compared(looks(KNOWN["classes"], output, y))
    share = torch.bincount(classes(y)).double() / 65
    assert reference == pytest.approx(float(torch.special.entr(share).sum()), rel=1e-3)


def test_while_the_loss_falls_it_is_a_suspicion():
    torch.manual_seed(0)
    net = nn.Linear(4, 1)
    optimizer = Adam(net.parameters(), 2e-3)
    watch = Watch(net, optimizer, raises=False)
    for update in range(120):
        x = torch.randn(64, 4, generator=stream(0, "slow", update))
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x), x[:, :1] + 3)).backward()
        optimizer.step()
    found = [f for f in watch.verdict().suspected if f.rule.code == "RT219"]
    assert [f.stage for f in found] == [Stage.SUSPECTED]
