"""Is validation in train mode told from everything else that is done without gradients?"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD

from trainlint.before.source.checking import check_source

from .test_session import watched

Between = Callable[[nn.Module, Tensor, Tensor], object]
X, Y = torch.randn(64, 6, generator=torch.Generator().manual_seed(1)), torch.arange(64) % 3


def training(between: Between, layer: nn.Module, every: int = 10) -> Callable[[], None]:
    def program() -> None:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(6, 16), layer, nn.ReLU(), nn.Linear(16, 3))
        optimizer = SGD(net.parameters(), 0.05)
        for update in range(60):
            x = torch.randn(16, 6)
            y = x[:, :3].argmax(1)
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimizer.step()
            if update % every == every - 1:
                with torch.no_grad():
                    between(net, x, y)

    return program


def batches(net: nn.Module, *_: Tensor) -> float:
    return sum(F.cross_entropy(net(x), y).item() for x, y in zip(X.split(16), Y.split(16), strict=True))


def monte_carlo(net: nn.Module, *_: Tensor) -> Tensor:
    return F.nll_loss(torch.stack([net(X).softmax(1) for _ in range(8)]).mean(0).log(), Y)


def in_eval_mode(net: nn.Module, *_: Tensor) -> None:
    net.eval()
    F.cross_entropy(net(X), Y)
    net.train()


WRONG: dict[str, Between] = {
    "at once": lambda net, *_: F.cross_entropy(net(X), Y),
    "in batches": batches,
}
MEANT: dict[str, Between] = {
    "Monte Carlo dropout": monte_carlo,
    "in eval mode": in_eval_mode,
    "on its own batch": lambda net, x, y: F.cross_entropy(net(x), y),
    "a rollout": lambda net, *_: torch.distributions.Categorical(logits=net(X)).sample(),
    "features": lambda net, *_: net(X).mean(0),
}


@pytest.mark.parametrize("layer", [nn.Dropout(0.4), nn.BatchNorm1d(16)], ids=["dropout", "norm"])
@pytest.mark.parametrize("kind", WRONG)
def test_validation_in_train_mode(kind: str, layer: nn.Module) -> None:
    _, verdict = watched(training(WRONG[kind], layer))
    (found,) = [f for f in verdict.findings if f.rule.code == "RT221"]
    assert ".py:" in found.where, found


@pytest.mark.parametrize("kind", MEANT)
def test_other_passes_without_gradients(kind: str) -> None:
    _, verdict = watched(training(MEANT[kind], nn.Dropout(0.4)))
    assert verdict.healthy, str(verdict)


def test_passes_after_every_update_and_models_without_modes() -> None:
    assert watched(training(WRONG["at once"], nn.Dropout(0.4), every=1))[1].healthy
    assert watched(training(WRONG["at once"], nn.Identity()))[1].healthy


SCRIPT = """
import torch
from torch import nn
from torch.nn import functional as F
x, y, x_val, y_val = torch.randn(64, 4), torch.arange(64) % 3, torch.randn(32, 4), torch.arange(32) % 3
net = nn.Sequential(nn.Linear(4, 16), nn.Dropout(0.5), nn.Linear(16, 3))
adam = torch.optim.Adam(net.parameters(), 1e-3)
for epoch in range(9):
    for rows in torch.randperm(64).split(16):
        adam.zero_grad()
        F.cross_entropy(net(x[rows]), y[rows]).backward()
        adam.step()
    MODE
    with torch.no_grad():
        right = PASS
"""


@pytest.mark.parametrize(("mode", "made", "told"), [
    ("pass", "(net(x_val).argmax(1) == y_val).float().mean()", True),
    ("net.eval()", "(net(x_val).argmax(1) == y_val).float().mean(); net.train()", False),
    ("net.train()", "(net(x_val).argmax(1) == y_val).float().mean()", False),
    ("pass", "torch.stack([net(x_val) for _ in range(9)]).std(0)", False),
    ("pass", "net(torch.randn(8, 4)).mean()", False),
])  # fmt: skip
def test_a_pass_on_what_is_called_validation_is_read(mode: str, made: str, told: bool) -> None:
    found = check_source(SCRIPT.replace("MODE", mode).replace("PASS", made))
    assert [f.code for f in found] == ["RT651"] * told


def test_a_loss_within_vmap_is_passed_over() -> None:
    def program() -> None:
        net = nn.Linear(6, 3)
        weights = {name: each.detach() for name, each in net.named_parameters()}
        loss = lambda w, x, y: F.cross_entropy(torch.func.functional_call(net, w, (x[None],)), y[None])  # noqa: E731
        torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(weights, X, Y)

    _, verdict = watched(program)
    assert not any("itself failed" in each for each in verdict.blind), str(verdict)
