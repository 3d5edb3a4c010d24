"""Programs of kinds that strangers' code taught: broken ones, and for each a sound one that looks like it."""

from collections.abc import Callable, Iterator

import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Optimizer

from trainlint import Watch

COUNT, BATCH = 192, 24
Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]


def normal(*size: int, name: str = "x") -> Tensor:
    return torch.randn(*size, generator=stream(0, f"kinds {name}"))


def smooth(x: Tensor) -> Tensor:
    return torch.cat([x[:, :1] - 0.5 * x[:, 1:2].square(), x[:, 2:3]], dim=1)


def classes(x: Tensor) -> Tensor:
    return (x[:, 0] > -0.4).long() + (x[:, 0] + x[:, 1] > 0.6).long()


def net(outputs: int = 1, *last: nn.Module, inputs: int = 6) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(inputs, 24), nn.ReLU(), nn.Linear(24, outputs), *last)


def rows(epoch: int) -> Iterator[Tensor]:
    yield from torch.randperm(COUNT, generator=stream(epoch, "kinds order")).split(BATCH)


def run(
    model: nn.Module,
    loss: Loss,
    *,
    x: Tensor | None = None,
    target: Callable[[Tensor], Tensor] = smooth,
    epochs: int = 3,
    optimizer: Callable[[nn.Module], Optimizer] = lambda m: Adam(m.parameters(), 3e-3),
    order: Callable[[int], Iterator[Tensor]] = rows,
    validate: Callable[[nn.Module], float] | None = None,
    **terms: Callable[[nn.Module, Tensor, Tensor], tuple[float, Tensor]],
) -> Watch:
    """The loop of all these programs."""
    x = normal(COUNT, 6) if x is None else x
    y, made = target(x), optimizer(model)
    watch = Watch(model, made, raises=False)
    for epoch in range(epochs):
        model.train()
        for chosen in order(epoch):
            made.zero_grad()
            value = loss(model, x[chosen], y[chosen])
            named = {name: term(model, x[chosen], y[chosen]) for name, term in terms.items()}
            watch.loss(value, terms=named).backward()
            made.step()
        if validate is not None:
            model.eval()
            watch.epoch(val=validate(model))
    return watch


def mse(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return F.mse_loss(m(x), y[:, :1])


def cross(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(m(x), y)


class Pair(nn.Module):
    """A policy and a value, of which the value alone is trained on."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.value = net(8), nn.Linear(8, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.body(x)
        return h, self.value(h)


def weighted(flat: bool) -> Watch:
    """Log-probabilities of actions times advantages (n, 1)."""

    def loss(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        chosen = m(x).log_softmax(dim=-1).gather(1, classes(x)[:, None]).squeeze(1)
        advantage = (y - y.mean()).flatten() if flat else y - y.mean()
        return -(chosen * advantage).mean()

    return run(net(3), loss, target=lambda x: smooth(x)[:, :1])


def uncalled(call: bool) -> Watch:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.first, self.middle, self.last = nn.Linear(6, 24), nn.Linear(24, 24), nn.Linear(24, 1)

        def forward(self, x: Tensor) -> Tensor:
            h = self.first(x).relu()
            return self.last(self.middle(h).relu() if call else h)

    return run(Net(), mse)


def in_eval(part: str) -> Watch:
    back = nn.Sequential(net(24), nn.BatchNorm1d(24), nn.ReLU(), nn.Dropout(0.2))
    model = nn.Sequential(back, nn.Linear(24, 1))
    if part == "known":  # a normalisation that keeps the statistics of an earlier training, on purpose
        back[3] = nn.Identity()
        with torch.no_grad():
            back(normal(64, 6))

    def loss(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        back.train(part == "sound")
        return mse(m, x, y)

    return run(model, loss)


def chance(switched: bool) -> Watch:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.first, self.last = nn.Linear(6, 24), nn.Linear(24, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(F.dropout(self.first(x).relu(), 0.3, training=self.training or not switched))

    return run(Net(), mse, validate=score)


def score(model: nn.Module) -> float:
    x = normal(64, 6, name="validation")
    with torch.no_grad():
        return float(mse(model, x, smooth(x)))


def normalised(momentum: float) -> Watch:
    torch.manual_seed(0)
    norm = nn.BatchNorm1d(24, momentum=momentum)
    model = nn.Sequential(nn.Linear(6, 24), norm, nn.ReLU(), nn.Linear(24, 1))

    def same(m: nn.Module) -> float:
        with torch.no_grad():
            return float(mse(m, x, smooth((x - 15) / 5)))

    x = 5 * normal(COUNT, 6) + 15
    return run(
        model, mse, x=x, target=lambda x: smooth((x - 15) / 5), epochs=6, validate=same,
        optimizer=lambda m: Adam(m.parameters(), 1e-2),
    )  # fmt: skip


def spoilt(where: str) -> Watch:
    x = normal(COUNT, 6)
    if where != "target":
        x[5, 2] = torch.nan
    model = net()

    def target(x: Tensor) -> Tensor:
        y = smooth(x.nan_to_num())
        return y.log() if where == "target" else y

    fill = where == "filled"
    return run(model, lambda m, x, y: mse(m, x.nan_to_num() if fill else x, y), x=x, target=target, epochs=2)


def dead_reader(broken: bool) -> Watch:
    def loss(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        lost = broken and float(x[0, 0]) > 0
        return mse(m, 0 * x if lost else x, y)

    return run(net(), loss, epochs=8)


def sorted_set(shuffle: bool) -> Watch:
    x = normal(COUNT, 6)
    x = x if shuffle else x[classes(x).argsort()]
    return run(net(3), cross, x=x, target=classes, epochs=6,
               order=rows if shuffle else lambda _: iter(torch.arange(COUNT).split(BATCH)))  # fmt: skip


def rare(share: float) -> Watch:
    """Many shuffled batches of one class alone: it is a rare one that they lack."""
    return run(net(1), lambda m, x, y: F.binary_cross_entropy_with_logits(m(x), y), epochs=4,
               target=lambda x: (x[:, :1] > torch.quantile(x[:, 0], 1 - share)).float())  # fmt: skip


def cut_term(cut: bool) -> Watch:
    model = net()

    def size(m: nn.Module, x: Tensor, y: Tensor) -> tuple[float, Tensor]:
        out = m(x).square().mean()
        return 0.1, out.detach() if cut else out

    def loss(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return mse(m, x, y) + 0.1 * size(m, x, y)[1]

    return run(model, loss, error=lambda m, x, y: (1.0, mse(m, x, y)), size=size)


def told(train: list[float], val: list[float], **metrics: list[float]) -> Watch:
    """A sound training that reports these numbers."""
    watch = run(net(), mse, epochs=1)
    for i, (t, v) in enumerate(zip(train, val, strict=True)):
        more = {name: values[i] for name, values in metrics.items()}
        watch.epoch(train=t, val=v, **more)  # pyright: ignore[reportArgumentType]
    return watch


FALLS = [1.0, 0.7, 0.5, 0.4, 0.3, 0.24, 0.2, 0.17, 0.15, 0.13]
LEVELS = [1.0, 0.8, 0.7, 0.66, 0.64, 0.65, 0.63, 0.64, 0.63, 0.64]
RISES = [1.0, 0.8, 0.7, 0.72, 0.8, 0.9, 1.05, 1.2, 1.35, 1.5]
GROWS = [0.5, 0.6, 0.68, 0.74, 0.78, 0.81, 0.83, 0.84, 0.85, 0.86]

KINDS: dict[str, tuple[Callable[[], Watch], str, Callable[[], Watch]]] = {
    "one column": (
        lambda: run(net(2), lambda m, x, y: F.l1_loss(m(x)[:, :1], y[:, 0])), "RT215",
        lambda: run(net(2), lambda m, x, y: F.l1_loss(m(x)[:, :1], y[:, :1])),
    ),
    "second of a pair": (
        lambda: run(Pair(), lambda m, x, y: (m(x)[1] - y[:, 0]).square().mean()), "RT215",
        lambda: run(Pair(), lambda m, x, y: (m(x)[1] - y[:, :1]).square().mean()),
    ),
    "weights (n, 1)": (lambda: weighted(False), "RT215", lambda: weighted(True)),
    "softmax before soft targets": (
        lambda: run(net(3, nn.Softmax(-1)), lambda m, x, y: F.cross_entropy(m(x), F.one_hot(y, 3).float()),
                    target=classes), "RT216",
        lambda: run(net(3), lambda m, x, y: F.cross_entropy(m(x), F.one_hot(y, 3).float()), target=classes),
    ),
    "softmax over one number": (
        lambda: run(net(1, nn.Softmax(-1)), lambda m, x, y: F.binary_cross_entropy(m(x), (y[:, :1] > 0).float())),
        "RT216",
        lambda: run(net(1, nn.Sigmoid()), lambda m, x, y: F.binary_cross_entropy(m(x), (y[:, :1] > 0).float())),
    ),
    "log-probabilities of chosen rows": (
        lambda: run(net(3), lambda m, x, y: F.nll_loss(m(x)[y > 0], y[y > 0]), target=classes), "RT216",
        lambda: run(net(3), lambda m, x, y: F.nll_loss(m(x).log_softmax(1)[y > 0], y[y > 0]), target=classes),
    ),
    "criterion maximised": (
        lambda: run(net(), lambda m, x, y: -mse(m, x, y), epochs=8), "RT210",
        lambda: run(net(), lambda m, x, y: -mse(m, x, y),
                    optimizer=lambda m: Adam(m.parameters(), 3e-3, maximize=True)),
    ),
    "one target for all": (
        lambda: run(net(), mse, target=lambda x: torch.full((COUNT, 1), 0.7)), "RT404",
        lambda: run(net(), mse),
    ),
    "one class for all": (
        lambda: run(net(3), cross, target=lambda x: 0 * classes(x) + 2), "RT404",
        lambda: run(net(3), cross, target=classes),
    ),
    "sorted set": (lambda: sorted_set(False), "RT411", lambda: rare(0.02)),
    "offset inputs": (
        lambda: run(net(), mse, x=normal(COUNT, 6) + 40, target=lambda x: smooth(x - 40)), "RT307",
        lambda: run(nn.Sequential(nn.BatchNorm1d(6), net()), mse, x=normal(COUNT, 6) + 40,
                    target=lambda x: smooth(x - 40)),
    ),
    "NaN in the inputs": (lambda: spoilt("input"), "RT330", lambda: spoilt("filled")),
    "NaN in the targets": (lambda: spoilt("target"), "RT330", lambda: spoilt("filled")),
    "a reader that dies": (lambda: dead_reader(True), "RT331", lambda: dead_reader(False)),
    "targets in other units": (
        lambda: run(net(), mse, target=lambda x: 2e4 * smooth(x) + 5e4, epochs=16), "RT430",
        lambda: run(net(), mse, target=lambda x: 5 * smooth(x), epochs=16),
    ),
    "a layer nobody calls": (lambda: uncalled(False), "RT139", lambda: uncalled(True)),
    "a part left in eval mode": (lambda: in_eval("part"), "RT134", lambda: in_eval("known")),
    "dropout in evaluation": (lambda: chance(False), "RT221", lambda: chance(True)),
    "statistics that never arrive": (lambda: normalised(1e-4), "RT233", lambda: normalised(0.1)),
    "a term without a graph": (lambda: cut_term(True), "RT232", lambda: cut_term(False)),
    "learning by heart": (lambda: told(FALLS, RISES), "RT230", lambda: told(FALLS, LEVELS)),
    "validation gets worse": (lambda: told([1.0] * 10, RISES), "RT234", lambda: told(FALLS, GROWS)),
    "a metric that stands": (
        lambda: told([0.7] * 10, LEVELS, accuracy=[0.31] * 10), "RT231",
        lambda: told(FALLS, LEVELS, accuracy=GROWS, lr=[3e-3] * 10, samples=[192.0] * 10, errors=[0.0] * 10),
    ),
    "rate far too high": (
        lambda: run(net(), mse, optimizer=lambda m: SGD(m.parameters(), 0.35), epochs=4,
                    target=lambda x: 10 * smooth(x)), "RT201",
        lambda: run(net(), mse, optimizer=lambda m: SGD(m.parameters(), 0.01)),
    ),
}  # fmt: skip
"""Broken program, the finding it must earn, and the sound program beside it."""
