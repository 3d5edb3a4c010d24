"""What the broken programs share: a small model, data that can be learned, and one plain loop with places to break."""

from collections.abc import Callable, Iterator

import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from trainlint import TrainingFault, Verdict, Watch

SIZE, BATCH = 128, 16
BATCHES = SIZE // BATCH


def data(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Eight inputs, one smooth target."""
    x = torch.randn(SIZE, 8, generator=stream(seed, "failures"))
    return x, (x[:, :1] * 1.5 + x[:, 1:2].sin() + 0.5 * x[:, 2:3] * x[:, 3:4])


def model(*layers: nn.Module, seed: int = 0) -> nn.Sequential:
    """A three-layer perceptron, or the given layers, with the same weights every time."""
    torch.manual_seed(seed)
    chosen = layers or (nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
    for layer in (m for top in chosen for m in top.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d):
            layer.reset_parameters()
    return nn.Sequential(*chosen)


def batches(epoch: int, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch in a new order."""
    x, y = data(seed)
    order = torch.randperm(SIZE, generator=stream(seed, "order", epoch))
    for i in range(0, SIZE, BATCH):
        yield x[order[i : i + BATCH]], y[order[i : i + BATCH]]


def score(net: nn.Module) -> float:
    """Validation loss on other data."""
    x, y = data(99)
    training = net.training
    net.eval()
    with torch.no_grad():
        value = float(F.mse_loss(net(x), y))
    net.train(training)
    return value


def verdict(program: Callable[[], Watch]) -> Verdict:
    """The verdict of a program that builds a watch, trains, and returns the watch."""
    watch = program()
    return watch.close()


def codes(program: Callable[[], Watch]) -> tuple[str, ...]:
    """Codes of all findings that are worse than a note."""
    return tuple(dict.fromkeys(f.rule.code for f in verdict(program).findings if f.severity != "note"))


def train(
    watch: Watch,
    net: nn.Module,
    optimizer: Optimizer,
    *,
    epochs: int = 3,
    criterion: Callable[[Tensor, Tensor], Tensor] = F.mse_loss,
    after_backward: Callable[[], object] = lambda: None,
    after_step: Callable[[], object] = lambda: None,
    after_epoch: Callable[[], object] = lambda: None,
    clear: bool = True,
    reported: Callable[[float], float] = lambda mean: mean,
    validate: Callable[[nn.Module], float] = score,
    **metrics: Callable[[int], float],
) -> Watch:
    """The loop everybody writes."""
    for epoch in range(epochs):
        losses = []
        for x, y in batches(epoch):
            if clear:
                optimizer.zero_grad()
            loss = watch.loss(criterion(net(x), y))
            loss.backward()
            after_backward()
            optimizer.step()
            after_step()
            losses.append(loss.item())
        watch.epoch(
            train=reported(sum(losses) / len(losses)),
            val=validate(net),
            batches=len(losses),
            **{name: value(epoch) for name, value in metrics.items()},
        )
        after_epoch()
    return watch


def quiet(net: nn.Module, *args: object, **kwargs: object) -> tuple[Watch, Optimizer]:
    """A watch that does not raise, with Adam."""
    optimizer = Adam(net.parameters(), 3e-3)
    return Watch(net, optimizer, *args, raises=False, **kwargs), optimizer  # pyright: ignore[reportArgumentType]


def fault(program: Callable[[], object]) -> TrainingFault | None:
    """The fatal finding that a program ends with, if any."""
    try:
        program()
    except TrainingFault as error:
        return error
    return None


class TwoHeads(nn.Module):
    """A backbone with two heads; the second is masked out of the loss."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Sequential(nn.Linear(8, 32), nn.ReLU())
        self.head, self.other = nn.Linear(32, 1), nn.Linear(32, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h = self.backbone(x)
        return self.head(h), self.other(h)
