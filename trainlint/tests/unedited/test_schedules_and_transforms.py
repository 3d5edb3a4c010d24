"""What one part of torch does within another: a schedule of schedules, a transformed pass, a name within a name."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import nn
from torch.func import functional_call, vmap
from torch.nn import functional as F
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import ChainedScheduler, CosineAnnealingLR, ExponentialLR, LinearLR, SequentialLR

from trainlint import Severity, Verdict, Watch

from .test_session import watched


def _trained(net: nn.Module, optimizer: torch.optim.Optimizer, tick: Callable[[], None], updates: int = 40) -> None:
    for _ in range(updates):
        x = torch.randn(16, 4)
        optimizer.zero_grad()
        F.mse_loss(net(x), x[:, :1]).backward()
        optimizer.step()
        tick()


@pytest.mark.parametrize("kind", ["sequence", "chain"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_schedule_of_schedules_ticks_once(kind: str, times: int) -> None:
    def program() -> None:
        torch.manual_seed(0)
        net = nn.Linear(4, 1)
        optimizer = SGD(net.parameters(), 0.1)
        parts = [LinearLR(optimizer, 0.1, 1.0, 5), CosineAnnealingLR(optimizer, 60)]
        if kind == "chain":
            whole = ChainedScheduler([*parts, ExponentialLR(optimizer, 0.99)])
        else:
            whole = SequentialLR(optimizer, parts, [5])
        _trained(net, optimizer, lambda: [whole.step() for _ in range(times)])  # pyright: ignore[reportArgumentType]

    _, verdict = watched(program)
    assert verdict.counts["ticks"] in {40 * times, 40 * times - times}, str(verdict)
    assert ("RT106" in verdict.codes) is (times == 2)


def test_a_model_that_is_called_within_vmap_has_no_values_to_look_at() -> None:
    def program() -> None:
        torch.manual_seed(0)
        with torch.device("meta"):
            small = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1))
        shapes = {name: p.shape for name, p in small.named_parameters()}
        maker = nn.Linear(2, sum(shape.numel() for shape in shapes.values()))
        optimizer = Adam(maker.parameters(), 1e-2)

        def answer(code: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
            parts = maker(code).split([shape.numel() for shape in shapes.values()])
            weights = {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
            return functional_call(small, weights, (x,))

        for _ in range(40):
            code, x = torch.rand(8, 2), torch.rand(8, 12, 1)
            optimizer.zero_grad()
            (vmap(answer)(code, x) - code[:, None, :1] * x).square().mean().backward()
            optimizer.step()

    _, verdict = watched(program)
    assert not any("failed" in text for text in verdict.blind), str(verdict)
    assert verdict.counts["updates"] == 40
    assert verdict.healthy, str(verdict)


def _with_frozen(numbers: Sequence[int], layers: int = 11) -> Verdict:
    torch.manual_seed(0)
    net = nn.Sequential(*[nn.Linear(4, 4) for _ in range(layers)], nn.Linear(4, 1))
    for number in numbers:
        net[number].requires_grad_(False)
    optimizer = Adam([p for p in net.parameters() if p.requires_grad], 1e-3)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(8):
        x = torch.randn(16, 4)
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x), x[:, :1])).backward()
        optimizer.step()
    return watch.close()


@pytest.mark.parametrize(
    ("numbers", "weight"),
    [((1, 10, 11), Severity.WARNING), ((1,), Severity.NOTE), (range(11), Severity.NOTE), ((10, 11), Severity.NOTE)],
)
def test_a_name_that_is_a_part_of_another_one_freezes_both(numbers: Sequence[int], weight: Severity) -> None:
    verdict = _with_frozen(numbers)
    assert [f.severity for f in verdict.findings if f.rule.code == "RT132"] == [weight], str(verdict)
    assert verdict.healthy is (weight is Severity.NOTE)


def test_weights_that_are_no_numbers_are_not_set_back() -> None:
    torch.manual_seed(0)
    net = nn.Linear(4, 1)
    optimizer = SGD(net.parameters(), 1e20)
    watch = Watch(net, optimizer, raises=False)
    for _ in range(80):
        x = torch.randn(16, 4)
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x), x[:, :1])).backward()
        optimizer.step()
    codes = watch.close().codes
    assert "RT201" in codes and "RT120" not in codes
