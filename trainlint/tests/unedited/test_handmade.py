"""Are updates by hand judged as those of an optimiser are, and is looking at gradients left alone?"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .test_session import watched

Update = Callable[[int, list[Tensor]], None]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(5, 16), nn.Linear(16, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).relu())


def of_a_module(update: Update) -> Callable[[], None]:
    def program() -> None:
        torch.manual_seed(0)
        net = Net()
        for step in range(60):
            x = torch.randn(16, 5)
            F.mse_loss(net(x), x[:, :1]).backward()
            update(step, list(net.parameters()))

    return program


def of_tensors(update: Update) -> Callable[[], None]:
    def program() -> None:
        torch.manual_seed(0)
        w, b = (0.3 * torch.randn(5, 8)).requires_grad_(), torch.zeros(8, requires_grad=True)
        v = (0.3 * torch.randn(8, 1)).requires_grad_()
        for step in range(60):
            x = torch.randn(16, 5)
            ((torch.relu(x @ w + b) @ v - x[:, :1]) ** 2).mean().backward()
            update(step, [w, b, v])

    return program


def descend(held: list[Tensor], rate: float = 0.05) -> None:
    for p in held:
        assert p.grad is not None
        p.data -= rate * p.grad


def clear(held: list[Tensor]) -> None:
    for p in held:
        p.grad = None


def plain(_: int, held: list[Tensor]) -> None:
    descend(held)
    clear(held)


def momentum(_: int, held: list[Tensor]) -> None:
    descend(held, 0.02)
    for p in held:
        p.grad *= 0.9  # pyright: ignore[reportOperatorIssue]


def windows(step: int, held: list[Tensor]) -> None:
    if step % 4 == 3:
        plain(step, held)


def forgetful(_: int, held: list[Tensor]) -> None:
    descend(held, 2e-3)


def partly(_: int, held: list[Tensor]) -> None:
    descend(held[:2])
    clear(held)


def far_too_small(_: int, held: list[Tensor]) -> None:
    descend(held, 1e-9)
    clear(held)


@pytest.mark.parametrize("program", [of_a_module, of_tensors])
@pytest.mark.parametrize(("update", "code", "updates"), [
    (plain, None, 59), (momentum, None, 59), (windows, None, 14),
    (forgetful, "RT112", 59), (partly, "RT135", 59), (far_too_small, "RT125", 59),
])  # fmt: skip
def test_updates_by_hand(program: Callable, update: Update, code: str | None, updates: int) -> None:
    _, verdict = watched(program(update))
    assert verdict.counts["updates"] == updates or update is far_too_small, str(verdict)
    assert verdict.healthy if code is None else code in verdict.codes, str(verdict)


def test_what_stays_behind_is_called_by_its_name() -> None:
    _, verdict = watched(of_tensors(partly))
    assert [f.subject for f in verdict.findings if f.rule.code == "RT135"] == ["v"]


def test_gradients_that_are_only_looked_at() -> None:
    _, verdict = watched(of_a_module(lambda _, held: clear(held)))
    assert verdict.state.name == "NOT_JUDGED"
    assert verdict.blind == ("everything: no optimiser of torch was made, and no weight moved in 60 backward passes",)


def test_an_image_moved_by_hand_under_a_model_that_rests() -> None:
    def program() -> None:
        torch.manual_seed(0)
        net, image = Net(), torch.randn(4, 5, requires_grad=True)
        for _ in range(60):
            net.zero_grad()
            F.mse_loss(net(image), torch.ones(4, 1)).backward()
            plain(0, [image])

    _, verdict = watched(program)
    assert verdict.healthy, str(verdict)
