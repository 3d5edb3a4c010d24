"""Weights that are used without a call, models that run without gradients, and optimisers of the wrong model."""

from collections.abc import Callable

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from trainlint import Severity, Verdict, Watch


class Frames(nn.Module):
    """Attention over frames, whose last layer has its weights read and is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        return self.attention(x, x, x, need_weights=False)[0].mean(1)


class Sharing(nn.Module):
    """A layer whose weights are handed to a function."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.second = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(self.first(x).relu(), self.second.weight).mean(1)


class Probed(nn.Module):
    """Features and a head; `spare` is a layer that no forward pass calls."""

    def __init__(self, body: nn.Module, context: Callable, spare: bool = False) -> None:
        super().__init__()
        self.body, self.head, self.context = body, nn.Linear(8, 1), context
        if spare:
            self.spare = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        with self.context():
            features = self.body(x)
        return self.head(features.clone())


def train(model: nn.Module, held: nn.Module | None = None, loss_of: Callable | None = None) -> Verdict:
    optimizer = Adam((held or model).parameters(), 1e-3)
    watch = Watch(model, optimizer, raises=False)
    generator = stream(9, "without calls")
    for _ in range(40):
        x = torch.randn(16, 5, 8, generator=generator)
        y = torch.randn(16, 1, generator=generator)
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y) if loss_of is None else loss_of(x, y)
        watch.loss(loss).backward()
        optimizer.step()
    return watch.close()


BODIES = [Frames, Sharing]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_the_cut_is_named_and_no_layer_whose_weights_it_uses(body: type[nn.Module], context: Callable):
    verdict = train(Probed(body(), context))
    assert "RT139" not in verdict.codes
    (found,) = [f for f in verdict.findings if f.rule.code == "RT122"]
    assert found.severity is Severity.WARNING
    assert "it runs under no_grad alone" in found.evidence


@pytest.mark.parametrize("body", BODIES)
def test_weights_that_are_used_without_a_call_have_gradients(body: type[nn.Module]):
    assert {"RT139", "RT122"}.isdisjoint(train(Probed(body(), torch.enable_grad)).codes)


@pytest.mark.parametrize("context", [torch.no_grad, torch.enable_grad])
def test_a_layer_that_nobody_calls_is_still_named(context: Callable):
    (found,) = [f for f in train(Probed(Frames(), context, spare=True)).findings if f.rule.code == "RT139"]
    assert found.subject == "spare"


def test_an_average_that_runs_without_gradients_is_no_warning():
    """The slow copy is held by the optimiser as well, has no gradient, and follows the fast one."""
    fast, slow = nn.Sequential(nn.Flatten(), nn.Linear(40, 4)), nn.Sequential(nn.Flatten(), nn.Linear(40, 4))
    both = nn.ModuleDict({"fast": fast, "slow": slow})

    def loss_of(x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            for a, b in zip(slow.parameters(), fast.parameters(), strict=True):
                a.lerp_(b, 0.1)
            wanted = slow(x)
        return F.mse_loss(fast(x + 0.1), wanted) + 1.0

    assert not [f for f in train(both, loss_of=loss_of).findings if f.severity is not Severity.NOTE]


@pytest.mark.parametrize("evaluates", [True, False])
def test_a_teacher_that_is_asked_without_gradients_is_called(evaluates: bool):
    teacher, student = Frames(), nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
    teacher.train(not evaluates)
    both = nn.ModuleDict({"teacher": teacher, "student": student})

    def loss_of(x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = teacher(x)
        return F.mse_loss(student(x).mean(1), wanted)

    assert "RT139" not in train(both, loss_of=loss_of).codes


@pytest.mark.parametrize("asked", [True, False])
def test_an_optimiser_of_the_wrong_model_is_the_head_and_no_cut(asked: bool):
    """The loss teaches the student; the optimiser holds the teacher, which is asked without gradients or not at all."""
    teacher, student = nn.Linear(8, 1), nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
    both = nn.ModuleDict({"teacher": teacher, "student": student})

    def loss_of(x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = teacher(x) if asked else y[:, None].expand(-1, 5, -1)
        return F.mse_loss(student(x), wanted)

    verdict = train(both, teacher, loss_of)
    assert verdict.codes[0] == "RT115"
    assert "RT121" not in verdict.codes
    assert verdict.findings[0].severity is Severity.FATAL
    assert "no loss uses what the optimiser holds, and the weights that it uses" in verdict.findings[0].evidence


def test_a_loss_without_a_graph_to_anything_is_still_cut():
    net = nn.Sequential(nn.Flatten(), nn.Linear(40, 1))
    loose = torch.zeros((), requires_grad=True)
    verdict = train(net, loss_of=lambda x, y: F.mse_loss(net(x).detach(), y) + 0 * loose)
    assert verdict.codes[0] == "RT121"
