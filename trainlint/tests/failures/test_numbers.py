"""Section C of the catalogue: precision, range and linear algebra. A broken program or check, and its healthy twin."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from trainlint import Finding, TrainingFault, Watch
from trainlint.before.lossproof import degenerate_gradient

from .toy import batches, codes, data, model, quiet, train


def half(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    kind = torch.bfloat16 if broken else torch.float32
    return train(watch, net, optimizer, epochs=1, criterion=lambda o, y: F.mse_loss(o.to(kind), y.to(kind)))


class Root(nn.Module):
    """A square root whose slope is infinite at zero: the loss stays finite, the gradient does not."""

    def __init__(self, floor: float) -> None:
        super().__init__()
        self.first, self.second, self.floor = nn.Linear(8, 16), nn.Linear(16, 1), floor

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        return self.second((h * (h > 0) + self.floor).sqrt())


def root(broken: bool) -> Watch:
    torch.manual_seed(0)
    net = Root(0.0 if broken else 0.1)
    watch, optimizer = quiet(net)
    return train(watch, net, optimizer, epochs=1, validate=lambda n: 1.0)


def overflow(broken: bool) -> Watch:
    net = model(nn.Linear(8, 8), Scale(1e30 if broken else 1.0), Scale(1e30 if broken else 1.0), nn.Linear(8, 1))
    watch, optimizer = quiet(net)
    return train(watch, net, optimizer, epochs=1, validate=lambda n: 1.0)


class Scale(nn.Module):
    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, x: Tensor) -> Tensor:
        return x * self.by


def projector(r: Tensor) -> Tensor:
    vectors = torch.linalg.eigh(r).eigenvectors[..., -2:]
    return (vectors @ vectors.mT).square().sum() + vectors[..., 0].sum()


def likelihood(r: Tensor) -> Tensor:
    return torch.linalg.cholesky(r).diagonal().log().sum()


def repeated(term: Callable[[Tensor], Tensor]) -> list[Finding]:
    return degenerate_gradient({"term": term}, {"the identity": torch.eye(6)})


def scaled_inputs(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    spread = torch.logspace(-3.5, 0, 8) if broken else torch.ones(8)
    for epoch in range(2):
        for x, y in batches(epoch):
            optimizer.zero_grad()
            watch.loss(F.mse_loss(net(x * spread), y)).backward()
            optimizer.step()
    return watch


def units(kind: str) -> Watch:
    act = nn.Sigmoid() if kind == "saturated" else nn.ReLU()
    net = model(nn.Linear(8, 32), act, nn.Linear(32, 1))
    first = net[0]
    assert isinstance(first, nn.Linear)
    with torch.no_grad():
        if kind == "dead":
            first.bias.fill_(-50.0)
        elif kind == "saturated":
            first.weight.mul_(3e3)
    watch, optimizer = quiet(net)
    return train(watch, net, optimizer, epochs=2)


def clamped(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    top = 0.05 if broken else 50.0
    return train(watch, net, optimizer, epochs=2, criterion=lambda o, y: F.mse_loss(o.clamp(-top, top), y))


def logged(broken: bool) -> Watch:
    """A linear output as a probability: what lies outside (0, 1) has no gradient; one of a sigmoid may be sure."""
    net = model()
    torch.nn.utils.vector_to_parameters(20 * torch.nn.utils.parameters_to_vector(net.parameters()), net.parameters())
    watch, optimizer = quiet(net)

    def criterion(o: Tensor, y: Tensor) -> Tensor:
        p = (o if broken else o.sigmoid()).clamp(1e-7, 1 - 1e-7)
        return -torch.where(y > 0, p, 1 - p).log().mean()

    return train(watch, net, optimizer, epochs=2, criterion=criterion)


def collapsed(broken: bool) -> Watch:
    net = model()
    if broken:
        with torch.no_grad():
            net[0].weight.zero_()  # pyright: ignore[reportOperatorIssue, reportCallIssue]
        net[0].weight.requires_grad_(False)  # pyright: ignore[reportCallIssue]
    optimizer = Adam([p for p in net.parameters() if p.requires_grad], 3e-3)
    watch = Watch(net, optimizer, raises=False)
    return train(watch, net, optimizer, epochs=5)


WATCHED = {
    "C1 half precision": (lambda: half(True), "RT301", lambda: half(False)),
    "C1 gradient": (lambda: root(True), "RT302", lambda: root(False)),
    "C1 activation": (lambda: overflow(True), "RT303", lambda: overflow(False)),
    "C5 input scale": (lambda: scaled_inputs(True), "RT307", lambda: scaled_inputs(False)),
    "C5 dead": (lambda: units("dead"), "RT308", lambda: units("")),
    "C5 saturated": (lambda: units("saturated"), "RT309", lambda: units("")),
    "C6 clamp": (lambda: clamped(True), "RT310", lambda: clamped(False)),
    "C6 clamp under a logarithm": (lambda: logged(True), "RT310", lambda: logged(False)),
    "C7 collapse": (lambda: collapsed(True), "RT311", lambda: collapsed(False)),
}

CHECKED = {
    "C2 repeated eigenvalues": (lambda: repeated(projector), "RT304", lambda: repeated(likelihood)),
}


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


def test_offender_is_named_before_the_weights_are_lost():
    torch.manual_seed(0)
    net = Root(0.0)
    optimizer = SGD(net.parameters(), 1e-3)
    watch = Watch(net, optimizer)
    with pytest.raises(TrainingFault) as caught:
        train(watch, net, optimizer, epochs=1)
    assert caught.value.finding.subject == "first"
    assert caught.value.finding.update == 1
    assert data()[0].isfinite().all()
