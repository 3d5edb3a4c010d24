"""Sound trainings whose updates are unlike `backward, step, zero_grad`: what moved the weights decides."""

import copy
from collections.abc import Callable, Iterator

import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from trainlint import Watch


def batches(count: int, size: int = 32) -> Iterator[tuple[Tensor, Tensor]]:
    for index in range(count):
        x = torch.randn(size, 6, generator=stream(0, "sound", index))
        yield x, x[:, :1] - 0.5 * x[:, 1:2]


def net(out: int = 1) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, out))


def mse(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return F.mse_loss(model(x), y)


class Climber(torch.optim.Optimizer):
    """Sharpness-aware: climbs with one gradient, and lets another optimiser step with the next."""

    def __init__(self, params: Iterator[nn.Parameter], rate: float) -> None:
        super().__init__(params, {"lr": rate})
        self.inner = SGD(self.param_groups, lr=rate, momentum=0.9)

    @torch.no_grad()
    def climb(self) -> None:
        for p in self.param_groups[0]["params"]:
            self.state[p]["kept"] = p.detach().clone()
            p.add_(0.02 * p.grad / (p.grad.norm() + 1e-9))
            p.grad = None

    @torch.no_grad()
    def descend(self) -> None:
        for p in self.param_groups[0]["params"]:
            p.copy_(self.state[p]["kept"])
        self.inner.step()
        self.inner.zero_grad()


def two_steps() -> Watch:
    model = net()
    optimizer = Climber(model.parameters(), 0.02)
    watch = Watch(model, optimizer)
    for index, (x, y) in enumerate(batches(60)):
        watch.loss(mse(model, x, y)).backward()
        optimizer.climb()
        mse(model, x, y).backward()
        optimizer.descend()
        if index % 20 == 19:
            watch.epoch(batches=20)
    return watch


class Holder(torch.optim.Optimizer):
    """A subclass that never initialises itself and passes everything on."""

    def __init__(self, held: torch.optim.Optimizer) -> None:
        self.held = held

    @property
    def param_groups(self) -> list[dict]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.held.param_groups

    def step(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.held.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        self.held.zero_grad(set_to_none)


def held_optimiser() -> Watch:
    model = net()
    optimizer = Holder(Adam(model.parameters(), 1e-2))
    watch = Watch(model, optimizer)
    for x, y in batches(60):
        optimizer.zero_grad()
        watch.loss(mse(model, x, y)).backward()
        optimizer.step()
    assert watch.run.applied == 60
    return watch


def by_hand(how: str) -> Callable[[], Watch]:
    def training() -> Watch:
        model = net()
        watch = Watch(model, [] if how == "foreach" else SGD(model.parameters(), 0.1))
        held = list(model.parameters())
        for index, (x, y) in enumerate(batches(80)):
            watch.loss(mse(model, x, y)).backward()
            grads = [p.grad for p in held if p.grad is not None]
            with torch.no_grad():
                if how == "foreach":
                    torch._foreach_add_(held, grads, alpha=-0.1)  # pyright: ignore
                for p in held if how == "data" else ():
                    p.data = p.data - 0.1 * p.grad  # pyright: ignore
            if how == "zeroed":
                for p in held:
                    p.data.sub_(0.1 * p.grad)  # pyright: ignore[reportOperatorIssue]
                    p.grad.zero_()  # pyright: ignore[reportOptionalMemberAccess]
            else:
                model.zero_grad()
            if index % 20 == 19:
                watch.epoch(batches=20)
        return watch

    training.__name__ = f"by_hand_{how}"
    return training


def fisher_between_tasks() -> Watch:
    """Two tasks; after the first, a pass over its data squares the gradients of the log likelihood."""
    model = net(3)
    optimizer = Adam(model.parameters(), 1e-2)
    watch = Watch(model, optimizer)
    importance = [torch.zeros_like(p) for p in model.parameters()]
    for task in range(2):
        for x, y in batches(24):
            optimizer.zero_grad()
            kept = sum((w * p.square()).sum() for w, p in zip(importance, model.parameters(), strict=True))
            watch.loss(F.cross_entropy(model(x), ((y[:, 0] > 0).long() + task)) + 1e-3 * kept).backward()
            optimizer.step()
        watch.epoch()
        for x, _ in batches(60):
            model.zero_grad()
            model(x).log_softmax(1).amax(dim=1).mean().backward()
            for w, p in zip(importance, model.parameters(), strict=True):
                w += p.grad.square()  # pyright: ignore[reportOptionalMemberAccess]
    return watch


def adversarial() -> Watch:
    """Seven backward passes an update ask only for the gradient of the input."""
    model = net()
    optimizer = SGD(model.parameters(), 0.05, momentum=0.9)
    watch = Watch(model, optimizer)
    for x, y in batches(30):
        near = x.clone()
        for _ in range(7):
            near = near.detach().requires_grad_()
            model.zero_grad()
            mse(model, near, y).backward()
            near = near + 0.01 * near.grad.sign()  # pyright: ignore[reportOptionalMemberAccess]
        optimizer.zero_grad()
        watch.loss(mse(model, near.detach(), y)).backward()
        optimizer.step()
    return watch


def window_over_epochs() -> Watch:
    model = net()
    optimizer = Adam(model.parameters(), 1e-2)
    watch = Watch(model, optimizer)
    for epoch, (x, y) in enumerate(batches(90)):
        watch.loss(mse(model, x, y) / 6).backward()
        if epoch % 6 == 5:
            optimizer.step()
            optimizer.zero_grad()
        watch.epoch(batches=1)
    return watch


class Rows(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(8, 8)
        nn.init.zeros_(self.table.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.table(x)


def zero_table() -> Watch:
    model = Rows()
    optimizer = SGD(model.parameters(), 1.0)
    watch = Watch(model, optimizer)
    for index in range(60):
        token = torch.randint(8, (32,), generator=stream(0, "token", index))
        optimizer.zero_grad()
        watch.loss(F.cross_entropy(model(token), (token + 3) % 8)).backward()
        optimizer.step()
    return watch


def own_weights_of_the_loss() -> Watch:
    """Uncertainty weights are trained beside the model, and a multiplier has an optimiser of its own."""
    model, spread = net(), torch.zeros(1, requires_grad=True)
    dual = torch.ones(1, requires_grad=True)
    optimizer, slow = Adam([*model.parameters(), spread], 1e-2), SGD([dual], 1e-2, maximize=True)
    watch = Watch(model, [optimizer, slow])
    for x, y in batches(60):
        optimizer.zero_grad()
        slow.zero_grad()
        error = mse(model, x, y)
        watch.loss(error * (-spread).exp().sum() + spread.sum() + (dual * (error - 0.1)).sum()).backward()
        optimizer.step()
        slow.step()
    return watch


def shared_encoder() -> Watch:
    """Two optimisers hold the same first layer, and take turns."""
    torch.manual_seed(0)
    parts = nn.ModuleDict({"base": nn.Linear(6, 24), "left": nn.Linear(24, 1), "right": nn.Linear(24, 1)})
    one = Adam([*parts["base"].parameters(), *parts["left"].parameters()], 3e-3)
    two = Adam([*parts["base"].parameters(), *parts["right"].parameters()], 3e-3)
    watch = Watch(parts, {"left": one, "right": two})
    for x, y in batches(60):
        for name, optimizer, target in (("left", one, y), ("right", two, y.abs())):
            optimizer.zero_grad()
            watch.loss(F.mse_loss(parts[name](parts["base"](x).tanh()), target), name=name).backward()
            optimizer.step()
    return watch


def follower() -> Watch:
    """A slow copy of the encoder lies in the model, is trainable by name and moves without an optimiser."""
    torch.manual_seed(0)
    fast = nn.Linear(6, 12)
    parts = nn.ModuleDict({"fast": fast, "slow": copy.deepcopy(fast), "guess": nn.Linear(12, 12)})
    optimizer = Adam([*parts["fast"].parameters(), *parts["guess"].parameters()], 3e-3)
    watch = Watch(parts, optimizer)
    for x, _ in batches(60):
        optimizer.zero_grad()
        with torch.no_grad():
            aim = parts["slow"](x)
        watch.loss(F.mse_loss(parts["guess"](parts["fast"](x + 0.1).relu()), aim)).backward()
        optimizer.step()
        with torch.no_grad():
            for slow, live in zip(parts["slow"].parameters(), parts["fast"].parameters(), strict=True):
                slow.lerp_(live, 0.05)
    return watch


def released_late() -> Watch:
    model = net()
    optimizer = Adam([{"params": model[0].parameters(), "lr": 0.0}, {"params": model[2].parameters()}], 3e-3)
    watch = Watch(model, optimizer)
    for index, (x, y) in enumerate(batches(60)):
        optimizer.param_groups[0]["lr"] = 3e-4 if index >= 30 else 0.0
        optimizer.zero_grad()
        watch.loss(mse(model, x, y)).backward()
        optimizer.step()
    return watch


def rare_reward() -> Watch:
    """Policy gradient with a reward that comes at the twelfth update: until then every gradient is zero."""
    model = net(2)
    optimizer = SGD(model.parameters(), 0.05)
    watch = Watch(model, optimizer, raises=True)
    for index, (x, y) in enumerate(batches(60)):
        action = (y[:, 0] > 0).long()
        reward = float(index >= 11)
        optimizer.zero_grad()
        (F.cross_entropy(model(x), action) * reward).backward()
        optimizer.step()
    return watch


MOVED = (two_steps, held_optimiser, by_hand("foreach"), by_hand("data"), by_hand("zeroed"), follower, shared_encoder)
PASSES = (fisher_between_tasks, adversarial, window_over_epochs, rare_reward, released_late)
TRAININGS = (*MOVED, *PASSES, zero_table, own_weights_of_the_loss)


def test_updates_by_hand_are_counted_where_there_is_no_optimiser():
    assert by_hand("foreach")().close().counts["updates"] == 80


def test_a_watch_says_that_it_does_not_measure_updates_by_hand_beside_an_optimiser():
    verdict = by_hand("data")().close()
    assert verdict.counts["updates by hand"] > 70
    assert any(text.startswith("updates: the weights move") for text in verdict.blind)


def test_the_first_missing_update_is_a_suspicion_that_the_first_update_takes_back():
    watch = window_over_epochs()
    assert not any(f.rule.code == "RT102" for f in watch.jury.findings.values())
