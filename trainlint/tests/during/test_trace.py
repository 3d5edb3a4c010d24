"""Does preset trace name the operation whose gradient is not finite, and does it cost one backward pass alone?"""

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.optim import SGD

from trainlint import Watch
from trainlint.during.losses.trace import name_operation
from trainlint.rules import rule


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))


def batch(index: int) -> Tensor:
    return torch.randn(16, 4, generator=stream(0, "trace", index))


def run(model: nn.Module, optimizer: torch.optim.Optimizer, watch: Watch, count: int) -> None:
    for index in range(count):
        optimizer.zero_grad()
        x = batch(index)
        watch.loss((model(x) - x[:, :1]).square().mean()).backward()
        optimizer.step()


@pytest.mark.filterwarnings("ignore:Anomaly Detection:UserWarning")
def test_preset_trace_names_operations_in_one_backward_and_again_after_an_alarm():
    model = net()
    optimizer = SGD(model.parameters(), 1e-2)
    traced: list[bool] = []
    next(model.parameters()).register_hook(lambda _: traced.append(torch.is_anomaly_enabled()))
    with Watch(model, optimizer, preset="trace") as watch:
        run(model, optimizer, watch, 4)
        watch.jury.take(rule("RT205").found("an alarm", severity=rule("RT206").severity))
        run(model, optimizer, watch, 3)
    assert traced == [True, False, False, False, True, False, False]
    assert not torch.is_anomaly_enabled()


@pytest.mark.filterwarnings("ignore:Error detected in:UserWarning")
def test_preset_trace_names_the_operation_of_the_first_bad_backward():
    model = net()
    optimizer = SGD(model.parameters(), 1e-2)
    with pytest.raises(RuntimeError, match="returned nan values"), Watch(model, optimizer, preset="trace") as watch:
        watch.loss((0.0 * model(batch(0))).sqrt().sum()).backward()
    assert watch.verdict().codes == ("RT509",)
    assert not torch.is_anomaly_enabled()


def test_operation_with_a_nan_gradient_is_named():
    x = torch.zeros(3, requires_grad=True)
    found = name_operation(lambda: (x * 0).sqrt().sum())
    assert found[0].subject in {"sqrt", "mul"}
    assert name_operation(lambda: x.exp().sum()) == []
