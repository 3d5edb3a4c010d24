"""What does torch tell of a program that nobody edited, and is it left as it was?"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from trainlint.during.unedited.discovery import Discovery


class Heard:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.optimizers: list[object] = []
        self.schedulers: list[object] = []
        self.scalers: list[object] = []
        self.roots: list[tuple[nn.Module, str]] = []
        self.losses: list[tuple[float, str]] = []
        self.values: list[tuple[str, float]] = []
        self.loaders: list[object] = []

    def on_optimizer(self, optimizer: object) -> None:
        self.optimizers.append(optimizer)

    def on_scheduler(self, scheduler: object) -> None:
        self.schedulers.append(scheduler)

    def on_scaler(self, scaler: object) -> None:
        self.scalers.append(scaler)

    def on_root(self, module: nn.Module, name: str) -> None:
        self.roots.append((module, name))

    def on_backward(self, loss: Tensor, name: str) -> None:
        self.losses.append((float(loss.detach()), name))

    def on_value(self, name: str, value: Tensor, target: object) -> None:
        if not torch.is_grad_enabled():
            self.values.append((name, float(value)))

    def on_loader(self, loader: object) -> None:
        self.loaders.append(loader)


@contextmanager
def listening() -> Iterator[Heard]:
    heard = Heard()
    discovery = Discovery(heard)
    discovery.start()
    try:
        yield heard
    finally:
        discovery.stop()


def test_a_plain_loop_is_found_by_the_names_it_uses() -> None:
    with listening() as heard:
        net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        adam = torch.optim.Adam(net.parameters())
        plan = lr_scheduler.StepLR(adam, 2)
        loader = DataLoader(TensorDataset(torch.ones(4, 3), torch.ones(4, 1)), batch_size=2)
        for x, y in loader:
            error = F.mse_loss(net(x), y)
            error.backward()
            adam.step()
    assert heard.optimizers == [adam]
    assert heard.schedulers == [plan]
    assert heard.roots == [(net, "net")]
    assert [name for _, name in heard.losses] == ["error", "error"]
    assert heard.loaders == [loader]


def test_the_owner_of_parts_that_are_called_alone_is_the_model() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = nn.Linear(2, 2), nn.Linear(2, 2)

        def step(self, x: Tensor) -> Tensor:
            return self.decoder(self.encoder(x)).sum()

    with listening() as heard:
        pair = Pair()
        pair.step(torch.ones(1, 2)).backward()
    assert {name for _, name in heard.roots} == {"Pair"}
    assert all(module is pair for module, _ in heard.roots)


def test_every_schedule_is_heard_once() -> None:
    with listening() as heard:
        optimizer = SGD([nn.Parameter(torch.ones(2))], 0.1)
        made: list[Any] = [
            lr_scheduler.LambdaLR(optimizer, lambda _: 1.0),
            lr_scheduler.CosineAnnealingLR(optimizer, 5),
            lr_scheduler.OneCycleLR(optimizer, 0.1, 10),
            lr_scheduler.ReduceLROnPlateau(optimizer),
        ]
    assert heard.schedulers == made


def test_the_loss_behind_a_scaler_is_the_unscaled_one() -> None:
    with listening() as heard:
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        weight = nn.Parameter(torch.ones(2))
        SGD([weight], 0.1)
        loss = weight.sum()
        scaler.scale(loss).backward()
    assert heard.scalers == [scaler]
    assert heard.losses == [(2.0, "loss")]


def test_losses_without_gradients_are_kept_and_others_are_not() -> None:
    with listening() as heard, torch.no_grad():
        nn.CrossEntropyLoss()(torch.zeros(2, 4), torch.tensor([0, 1]))
        F.mse_loss(torch.zeros(3), torch.ones(3), reduction="none")
    assert heard.values == [("cross_entropy", pytest.approx(1.386294, abs=1e-5))]


def test_a_script_is_still_compiled_and_torch_is_as_it_was() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return F.cross_entropy(self.layer(x), y)

    before = {name: getattr(F, name) for name in ("cross_entropy", "mse_loss")}
    parts = (torch.optim.Optimizer.__init__, torch.autograd.backward, DataLoader.__iter__, torch.jit.script)
    with listening():
        assert F.cross_entropy is not before["cross_entropy"]
        x, y = torch.ones(2, 3), torch.tensor([0, 1])
        model = Model()
        with pytest.warns(DeprecationWarning):
            scripted = torch.jit.script(model)
        assert float(scripted(x, y).detach()) == float(model(x, y).detach())
        assert F.cross_entropy is not before["cross_entropy"]
    assert {name: getattr(F, name) for name in before} == before
    assert parts == (torch.optim.Optimizer.__init__, torch.autograd.backward, DataLoader.__iter__, torch.jit.script)
    assert not nn.modules.module._global_forward_pre_hooks
    assert not nn.modules.module._global_forward_hooks


def test_a_compiled_function_gives_the_same_and_breaks_no_graph() -> None:
    def step(x: Tensor, y: Tensor) -> Tensor:
        return F.mse_loss(x * 2, y)

    x, y = torch.ones(3), torch.zeros(3)
    with listening():
        compiled = torch.compile(step, backend="eager", fullgraph=True)
        assert float(compiled(x, y)) == float(step(x, y))
