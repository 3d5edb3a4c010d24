"""Section B of the catalogue: is the loss the loss? A broken program or check, and its healthy twin."""

from collections.abc import Callable

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F

from trainlint import Finding, Watch
from trainlint.before.lossproof import (
    effective,
    gradient_path,
    oracle_triple,
    term_life,
    term_signs,
    two_paths,
)

from .toy import batches, codes, model, quiet, train


def factors(seed: int = 0) -> Tensor:
    return torch.randn(6, 2, generator=stream(seed, "factors"))


def covariance(f: Tensor) -> Tensor:
    r = f @ f.mT + 0.01 * torch.eye(len(f))
    return r * len(f) / r.trace()


TRUTH = covariance(factors())


def nmse(r: Tensor) -> Tensor:
    return (r - TRUTH).square().sum() / TRUTH.square().sum()


def similarity(r: Tensor) -> Tensor:
    return (r * TRUTH).sum() / (r.norm() * TRUTH.norm()).clamp_min(1e-9)


def b1(loss: Callable[[Tensor], Tensor]) -> list[Finding]:
    return oracle_triple(loss, TRUTH, torch.zeros_like(TRUTH), torch.eye(6))


def terms(kind: str) -> list[Finding]:
    hinge = (lambda r: (r - 1e6).clamp_min(0).sum()) if kind == "dead" else (lambda r: (5 - r).clamp_min(0).mean())
    scale = 1e4 if kind == "dominant" else 1.0
    sign = -1.0 if kind == "sign" else 1.0
    named = {"nmse": (0.0 if kind == "weight" else 1.0, nmse), "hinge": (0.1 * scale, hinge)}
    random = covariance(factors(1)), covariance(factors(2))
    signed = {"nmse": (sign, nmse)}
    return [*term_life(named, random), *term_signs(signed, random[0].requires_grad_(), TRUTH)]


def hidden(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    for x, y in batches(0):
        optimizer.zero_grad()
        out = net(x)
        error, size = F.mse_loss(out, y), out.square().mean()
        loss = error + (0.3 if broken else 0.1) * size
        watch.loss(loss, terms={"error": (1.0, error), "size": (0.1, size)}).backward()
        optimizer.step()
    return watch


def weighted(weight: float) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    for x, y in batches(0):
        optimizer.zero_grad()
        error = F.mse_loss(net(x), y)
        watch.loss(weight * error, terms={"error": (weight, error)}).backward()
        optimizer.step()
    return watch


def dead(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    for x, y in batches(0):
        optimizer.zero_grad()
        out = net(x)
        error = F.mse_loss(out, y)
        contrast = (out - (1e3 if broken else -1e3)).clamp_min(0).mean()
        watch.loss(error + 1e-6 * contrast, terms={"error": (1.0, error), "contrast": (1e-6, contrast)}).backward()
        optimizer.step()
    return watch


def paths(broken: bool) -> list[Finding]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 32), nn.Dropout(0.5), nn.Linear(32, 1))
    x, y = next(batches(0))
    net.eval()
    once = F.mse_loss(net(x), y)
    net.train(broken)  # validation with dropout still on
    return two_paths(once, F.mse_loss(net(x), y))


def gap(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    own = iter(range(1, 9))
    return train(watch, net, optimizer, validate=lambda n: (60.0 if broken else 1.1) / next(own))


def constant(broken: bool) -> Watch:
    net, other = model(), model(seed=1)
    watch, optimizer = quiet(net)
    from .toy import score

    return train(watch, net, optimizer, validate=lambda n: score(other if broken else n))


def infinite(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    return train(watch, net, optimizer, validate=lambda n: float("inf") if broken else 1 / (1 + watch.run.applied))


def nan_loss(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    offset = 0.0 if broken else 1e3
    return train(
        watch, net, optimizer, epochs=1, criterion=lambda o, y: F.mse_loss(o, y) - 1e-9 * (o + offset).log().mean()
    )


def blind(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    return train(watch, net, optimizer, epochs=6, f1=lambda e: 0.08 if broken else 0.08 + 0.1 * e)


def broadcast(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    cut = (lambda y: y[:, 0]) if broken else (lambda y: y)
    return train(watch, net, optimizer, epochs=1, criterion=lambda o, y: (o - cut(y)).square().mean())


def classes(last: str) -> Watch:
    layers = [nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3)]
    net = model(*layers)
    watch, optimizer = quiet(net)

    def criterion(out: Tensor, y: Tensor) -> Tensor:
        label = (y[:, 0] > -0.5).long() + (y[:, 0] > 0.5).long()
        match last:
            case "softmax":
                return F.cross_entropy(out.softmax(dim=-1), label)
            case "axis":
                return F.nll_loss(out.log_softmax(dim=0), label)
            case "nll":
                return F.nll_loss(out, label)
            case "sigmoid":
                return F.binary_cross_entropy_with_logits(out[:, 0].sigmoid(), (label > 0).float())
            case "argmax":
                return F.mse_loss(out.argmax(dim=-1).float(), label.float())
            case _:
                return F.cross_entropy(out, label)

    for x, y in batches(0):
        optimizer.zero_grad()
        loss = watch.loss(criterion(net(x), y))
        if loss.requires_grad:
            loss.backward()
            optimizer.step()
    return watch


def zero(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    return train(watch, net, optimizer, epochs=1, criterion=lambda o, y: (0.0 if broken else 1.0) * F.mse_loss(o, y))


def same_loss(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    one = torch.ones(16, 1)
    return train(watch, net, optimizer, epochs=2, validate=lambda n: 1 / (1 + watch.run.applied),
                 criterion=lambda o, y: F.mse_loss((o * 1e4).tanh().detach() * 0 + o * 0 + one, 0 * y) if broken
                 else F.mse_loss(o, y))  # fmt: skip


def path(broken: bool) -> list[Finding]:
    f = factors().requires_grad_()
    predicted, sampled = covariance(f), covariance(factors(3))
    blend = 0.9 * (predicted.detach() if broken else predicted) + 0.1 * sampled
    return gradient_path(blend + 0 * f.sum(), {"factors": f})


def baseline(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    from .toy import data

    x, y = data()
    order = torch.randperm(len(y), generator=stream(0, "mix"))
    y = y[order] if broken else y  # labels belong to other inputs
    for epoch in range(13):
        for chosen in torch.randperm(len(y), generator=stream(0, "o", epoch)).split(16):
            optimizer.zero_grad()
            x = torch.randn(16, 8, generator=stream(epoch, "fresh", int(chosen[0]))) if broken else data()[0][chosen]
            watch.loss(F.mse_loss(net(x), y[chosen])).backward()
            optimizer.step()
    return watch


WATCHED = {
    "B2 main weight zero": (lambda: weighted(0.0), "RT206", lambda: weighted(1.0)),
    "B2 loss zero": (lambda: zero(True), "RT203", lambda: zero(False)),
    "B3 dead term": (lambda: dead(True), "RT207", lambda: dead(False)),
    "B4 hidden term": (lambda: hidden(True), "RT208", lambda: hidden(False)),
    "B7 gap": (lambda: gap(True), "RT211", lambda: gap(False)),
    "B8 constant": (lambda: constant(True), "RT212", lambda: constant(False)),
    "B8 constant loss": (lambda: same_loss(True), "RT204", lambda: same_loss(False)),
    "B8 inf": (lambda: infinite(True), "RT213", lambda: infinite(False)),
    "B8 NaN": (lambda: nan_loss(True), "RT201", lambda: nan_loss(False)),
    "B9 blind": (lambda: blind(True), "RT214", lambda: blind(False)),
    "B9 no better than a constant": (lambda: baseline(True), "RT219", lambda: baseline(False)),
    "B10 broadcast": (lambda: broadcast(True), "RT215", lambda: broadcast(False)),
    "B11 softmax twice": (lambda: classes("softmax"), "RT216", lambda: classes("")),
    "B11 softmax over the batch": (lambda: classes("axis"), "RT216", lambda: classes("")),
    "B11 nll on logits": (lambda: classes("nll"), "RT216", lambda: classes("")),
    "B11 sigmoid twice": (lambda: classes("sigmoid"), "RT216", lambda: classes("")),
    "B11 argmax": (lambda: classes("argmax"), "RT121", lambda: classes("")),
}

CHECKED = {
    "B1 similarity as error": (lambda: b1(similarity), "RT205", lambda: b1(nmse)),
    "B1 wrong normalisation": (lambda: b1(lambda r: nmse(r) + 1.0), "RT205", lambda: b1(nmse)),
    "B2 weight": (lambda: terms("weight"), "RT206", lambda: terms("")),
    "B3 dead": (lambda: terms("dead"), "RT207", lambda: terms("")),
    "B5 dominant": (lambda: terms("dominant"), "RT209", lambda: terms("")),
    "B6 sign": (lambda: terms("sign"), "RT210", lambda: terms("")),
    "B7 two paths": (lambda: paths(True), "RT211", lambda: paths(False)),
    "B12 wiped": (
        lambda: effective({"nmse": 0.3}, {"nmse": 1.0}), "RT218",
        lambda: effective({"nmse": 0.3}, {"nmse": 0.3}),
    ),
    "A17 blend to factors": (lambda: path(True), "RT121", lambda: path(False)),
}  # fmt: skip


@pytest.mark.parametrize("row", WATCHED)
def test_broken_program_earns_its_finding(row: str):
    broken, code, _ = WATCHED[row]
    assert code in codes(broken)


@pytest.mark.parametrize("row", WATCHED)
def test_healthy_twin_stays_clean(row: str):
    assert codes(WATCHED[row][2]) == ()


@pytest.mark.parametrize("row", CHECKED)
def test_check_finds_the_failure(row: str):
    broken, code, _ = CHECKED[row]
    assert code in [f.rule.code for f in broken()]


@pytest.mark.parametrize("row", CHECKED)
def test_check_passes_its_twin(row: str):
    assert CHECKED[row][2]() == []
