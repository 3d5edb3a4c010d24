"""Buggy training programs of the kinds that public questions and lists describe, written anew and small."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Optimizer

from trainlint import Watch

COUNT, BATCH, EPOCHS = 128, 16, 14

LIST = "list of most common mistakes (A. Karpathy, 2018)"
FORUM = "question in the PyTorch forum"
ISSUE = "issue on a public repository"
STUDY = "fault classes of studies of training problems (DeepLocalize, AutoTrainer, UMLAUT)"


@dataclass(frozen=True)
class Bug:
    """A described bug.

    Args:
        told: what people ask about.
        source: where such questions are found.
        code: the finding that names it; empty where there is none.
        program: the broken program.
        flagged: True where it is called unhealthy for another reason than its own.
    """

    told: str
    source: str
    code: str
    program: Callable[[], Watch]
    flagged: bool = False


def inputs(seed: int = 0) -> Tensor:
    return torch.randn(COUNT, 8, generator=stream(seed, "public"))


def smooth(x: Tensor) -> Tensor:
    return 1.5 * x[:, :1] - x[:, 1:2] + 0.5 * x[:, 2:3].square()


def label(x: Tensor) -> Tensor:
    return (x[:, 0] > -0.4).long() + (x[:, 0] + x[:, 1] > 0.6).long()


def net(outputs: int = 1, last: nn.Module | None = None) -> nn.Sequential:
    torch.manual_seed(0)
    layers = [nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, outputs)]
    return nn.Sequential(*layers, *([] if last is None else [last]))


def adam(model: nn.Module) -> Optimizer:
    return Adam(model.parameters(), 3e-3)


def train(
    model: nn.Module,
    criterion: Callable[[Tensor, Tensor], Tensor] = F.mse_loss,
    target: Callable[[Tensor], Tensor] = smooth,
    optimizer: Callable[[nn.Module], Optimizer] = adam,
    x: Tensor | None = None,
    clear: bool = True,
    backward: Callable[[Tensor], object] = Tensor.backward,
    step: bool = True,
    before: Callable[[], object] = lambda: None,
    mode: bool = True,
    validate: bool = True,
    keep_mode: bool = False,
) -> Watch:
    chosen = optimizer(model)
    watch = Watch(model, chosen, raises=False)
    x = inputs() if x is None else x
    y = target(x)
    held = inputs(1) if x.shape == (COUNT, 8) else x
    model.train(mode)
    for epoch in range(EPOCHS):
        losses = []
        for rows in torch.randperm(COUNT, generator=stream(0, "rows", epoch)).split(BATCH):
            if clear:
                chosen.zero_grad()
            loss = watch.loss(criterion(model(x[rows]), y[rows]))
            before()
            backward(loss)
            if step:
                chosen.step()
            losses.append(loss.item())
        if mode and not keep_mode:
            model.eval()
        with torch.no_grad():
            val = float(criterion(model(held), target(held))) if validate else None
        model.train(mode)
        watch.epoch(train=sum(losses) / len(losses), val=val, batches=len(losses))
    return watch


def with_init(value: float | None, outputs: int = 1) -> nn.Sequential:
    model = net(outputs)
    for p in model.parameters():
        nn.init.constant_(p, 0.0 if value is None else value)
    return model


class InList(nn.Module):
    """Layers in a plain list are unknown to the module."""

    def __init__(self, inside: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers, self.inside = [nn.Linear(8, 32), nn.Linear(32, 32)], inside
        self.head = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        layers = [nn.Linear(8, 32), nn.Linear(32, 32)] if self.inside else self.layers
        for layer in layers:
            x = layer(x).relu()
        return self.head(x)


class Mixed(nn.Module):
    """`view` where `permute` is meant: features of different samples end in one row."""

    def __init__(self) -> None:
        super().__init__()
        self.body = net()

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x.T.contiguous().view(len(x), 8))


def shuffled(x: Tensor) -> Tensor:
    return smooth(x)[torch.randperm(len(x), generator=stream(0, "labels", len(x)))]


def frozen() -> nn.Module:
    model = net()
    for p in model[:4].parameters():
        p.requires_grad_(False)
    return model


def rewrapped(loss: Tensor) -> None:
    torch.tensor(loss.item(), requires_grad=True).backward()


def dying() -> nn.Module:
    model = net()
    with torch.no_grad():
        model[2].bias.fill_(-8.0)  # pyright: ignore[reportCallIssue]
    return model


def deep() -> nn.Module:
    torch.manual_seed(0)
    hidden = [m for _ in range(12) for m in (nn.Linear(16, 16), nn.Sigmoid())]
    return nn.Sequential(nn.Linear(8, 16), nn.Sigmoid(), *hidden, nn.Linear(16, 1))


def dropout() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 1))


def clip_early(model: nn.Module) -> Watch:
    return train(model, before=lambda: nn.utils.clip_grad_norm_(model.parameters(), 0.1))


def kl(out: Tensor, y: Tensor) -> Tensor:
    return F.kl_div(out.softmax(dim=-1), F.one_hot(y, 3).float(), reduction="batchmean")


def sgd(rate: float, **options: float) -> Callable[[nn.Module], Optimizer]:
    return lambda model: SGD(model.parameters(), rate, **options)  # pyright: ignore[reportArgumentType]


BUGS = (
    Bug("zero_grad forgotten", LIST, "RT112", lambda: train(net(), clear=False)),
    Bug("softmax before cross_entropy", FORUM, "RT216", lambda: train(net(3, nn.Softmax(-1)), F.cross_entropy, label)),
    Bug(
        "softmax over the batch, log taken by hand", FORUM, "RT216",
        lambda: train(net(3), lambda o, y: F.nll_loss(o.softmax(0).log(), y), label),
    ),
    Bug("log_softmax over the batch", FORUM, "RT216",
        lambda: train(net(3), lambda o, y: F.nll_loss(o.log_softmax(0), y), label)),
    Bug("nll_loss on logits", FORUM, "RT216", lambda: train(net(3), F.nll_loss, label)),
    Bug("sigmoid before bce_with_logits", FORUM, "RT216",
        lambda: train(net(1, nn.Sigmoid()), F.binary_cross_entropy_with_logits, lambda x: (x[:, :1] > 0).float())),
    Bug("relu before cross_entropy", STUDY, "RT216", lambda: train(net(3, nn.ReLU()), F.cross_entropy, label)),
    Bug("mean squared error on class numbers, sigmoid last", STUDY, "RT220",
        lambda: train(net(1, nn.Sigmoid()), F.mse_loss, lambda x: label(x).float()[:, None])),
    Bug("relu last, targets of both signs", FORUM, "RT220", lambda: train(net(1, nn.ReLU()))),
    Bug("tanh last, targets up to 6", STUDY, "RT220", lambda: train(net(1, nn.Tanh()))),
    Bug("kl_div on probabilities", FORUM, "RT216", lambda: train(net(3), kl, label)),
    Bug("prediction (B, 1) against target (B,)", ISSUE, "RT215",
        lambda: train(net(), lambda o, y: (o - y[:, 0]).square().mean())),
    Bug("optimiser of another model", ISSUE, "RT116", lambda: train(net(), optimizer=lambda m: adam(net()))),
    Bug("step forgotten", FORUM, "RT102", lambda: train(net(), step=False)),
    Bug("backward forgotten", FORUM, "RT102", lambda: train(net(), backward=lambda loss: None)),
    Bug("loss re-wrapped by torch.tensor(loss.item())", FORUM, "RT121", lambda: train(net(), backward=rewrapped)),
    Bug("layers in a plain list", FORUM, "RT131", lambda: train(InList())),
    Bug("layers built in forward", FORUM, "RT131", lambda: train(InList(inside=True))),
    Bug("backbone left frozen", FORUM, "RT132", lambda: train(frozen())),
    Bug("rate too high (Adam, 1.0)", STUDY, "RT130",
        lambda: train(net(), optimizer=lambda m: Adam(m.parameters(), 1.0))),
    Bug("rate too high (SGD, 1.0)", STUDY, "RT130", lambda: train(net(), optimizer=sgd(1.0))),
    Bug("rate too low (SGD, 1e-8)", STUDY, "RT125", lambda: train(net(), optimizer=sgd(1e-8))),
    Bug("loss summed, rate for means", FORUM, "RT130",
        lambda: train(net(), lambda o, y: F.mse_loss(o, y, reduction="sum"), optimizer=sgd(0.1))),
    Bug("dead rectifiers", STUDY, "RT308", lambda: train(dying())),
    Bug("no normalisation, pixels to 255", STUDY, "RT307",
        lambda: train(net(), x=255 * inputs().abs(), target=lambda x: smooth(x / 255))),
    Bug("all weights zero", STUDY, "RT119", lambda: train(with_init(None))),
    Bug("all weights equal", STUDY, "RT133", lambda: train(with_init(0.1))),
    Bug("twelve sigmoid layers", STUDY, "RT126", lambda: train(deep())),
    Bug("labels shuffled against inputs", LIST, "RT219", lambda: train(net(), target=shuffled)),
    Bug("view instead of permute", LIST, "RT219", lambda: train(Mixed())),
    Bug("trained in eval mode", LIST, "RT134", lambda: train(dropout(), mode=False)),
    Bug("validated in train mode", LIST, "RT221", lambda: train(dropout(), keep_mode=True)),
    Bug("clipping before backward", FORUM, "", lambda: clip_early(net())),
    Bug("labels off by one", FORUM, "", lambda: train(net(4), F.cross_entropy, lambda x: label(x) + 1)),
    Bug("weight decay of 1", STUDY, "RT219", lambda: train(net(), optimizer=sgd(0.05, weight_decay=1.0))),
)  # fmt: skip
"""At the first run 24 of 35 were named, 2 only flagged and 9 missed; rules for modes, unknown parameters and constant
weights, and a baseline for validation, were added after it. The note about a frozen backbone counts as named.
"""
