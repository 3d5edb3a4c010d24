"""Twelve healthy trainings of different kinds: `test_bit_equal.py` asks that none be called anything but healthy."""

import math
from collections.abc import Callable

import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import LBFGS, SGD, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, LambdaLR

from trainlint import Plan, Watch


def normal(*shape: int, name: str = "x") -> Tensor:
    return torch.randn(*shape, generator=stream(0, name))


def shuffled(count: int, batch: int, epoch: int) -> list[Tensor]:
    return list(torch.randperm(count, generator=stream(1, "order", epoch)).split(batch))


def epochs(
    watch: Watch, update: Callable[[Tensor], Tensor], validate: Callable[[], float], count: int, size: int, batch: int,
) -> Watch:  # fmt: skip
    for epoch in range(count):
        losses = [float(update(chosen).detach()) for chosen in shuffled(size, batch, epoch)]
        watch.epoch(train=sum(losses) / len(losses), val=validate(), batches=len(losses))
    return watch


def supervised(
    watch: Watch, net: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor,
    criterion: Callable[[Tensor, Tensor], Tensor], count: int = 6, tick: Callable[[], object] = lambda: None,
) -> Watch:  # fmt: skip
    held = len(x) // 4

    def update(chosen: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = watch.loss(criterion(net(x[held:][chosen]), y[held:][chosen]))
        loss.backward()
        optimizer.step()
        tick()
        return loss

    def validate() -> float:
        net.eval()
        value = float(criterion(net(x[:held]), y[:held]).detach())
        net.train()
        return value

    return epochs(watch, update, validate, count, len(x) - held, 16)


def mlp() -> Watch:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    x = normal(256, 6)
    y = torch.stack([x[:, 0] * 2 + x[:, 1], (x[:, 2] * 2).sin()], dim=1)
    optimizer = Adam(net.parameters(), 1e-2)
    return supervised(Watch(net, optimizer), net, optimizer, x, y, F.mse_loss, 12)


def images() -> tuple[Tensor, Tensor]:
    label = torch.randint(0, 4, (192,), generator=stream(0, "label"))
    x = 0.5 * normal(192, 1, 8, 8)
    for i in range(4):
        x[label == i, 0, 2 * i : 2 * i + 2] += 1.5
    return x, label


def cnn() -> Watch:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.2), nn.Linear(72, 4)
    )  # fmt: skip
    optimizer = AdamW(net.parameters(), 3e-3)
    return supervised(Watch(net, optimizer), net, optimizer, *images(), F.cross_entropy)


def batchnorm() -> Watch:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8), nn.ReLU(),
        nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten(), nn.Linear(32, 4),
    )  # fmt: skip
    optimizer = SGD(net.parameters(), 0.05, momentum=0.9, weight_decay=5e-4)
    return supervised(Watch(net, optimizer), net, optimizer, *images(), F.cross_entropy)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(12, 32)
        self.position = nn.Parameter(torch.zeros(8, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 12, bias=False)
        self.head.weight = self.embed.weight
        nn.init.normal_(self.embed.weight, std=0.1)

    def forward(self, x: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.head(self.body(self.embed(x) + self.position, mask=mask, is_causal=True))


def transformer() -> Watch:
    torch.manual_seed(0)
    net = Tied()
    start = torch.randint(0, 12, (256, 1), generator=stream(0, "token"))
    tokens = (start + 3 * torch.arange(9)) % 12
    total = 6 * 12
    optimizer = AdamW(net.parameters(), 3e-3)
    scheduler = LambdaLR(optimizer, lambda u: min(u / 10, 0.5 * (1 + math.cos(math.pi * u / total))))  # rate 0 once
    watch = Watch(net, optimizer, scheduler)

    def criterion(out: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(out.flatten(0, 1), y.flatten())

    return supervised(watch, net, optimizer, tokens[:, :-1], tokens[:, 1:], criterion, 6, scheduler.step)


def gan() -> Watch:
    torch.manual_seed(0)
    nets = nn.ModuleDict({
        "make": nn.Sequential(nn.Linear(4, 32), nn.LeakyReLU(0.2), nn.Linear(32, 2)),
        "judge": nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1)),
    })  # fmt: skip
    make, judge = nets["make"], nets["judge"]
    fast, slow = Adam(make.parameters(), 1e-3, betas=(0.5, 0.9)), Adam(judge.parameters(), 1e-3, betas=(0.5, 0.9))
    watch = Watch(nets, [fast, slow])
    real, noise = normal(256, 2, name="real") * 0.5 + 1.0, normal(256, 4, name="noise")

    def update(chosen: Tensor) -> Tensor:
        fake = make(noise[chosen])
        slow.zero_grad()
        good, bad = judge(real[chosen]), judge(fake.detach())
        loss = F.binary_cross_entropy_with_logits(good, torch.ones_like(good))
        loss = watch.loss(loss + F.binary_cross_entropy_with_logits(bad, torch.zeros_like(bad)), name="judge")
        loss.backward()
        slow.step()
        fast.zero_grad()
        fooled = judge(fake)
        watch.loss(F.binary_cross_entropy_with_logits(fooled, torch.ones_like(fooled)), name="make").backward()
        fast.step()
        return loss

    for epoch in range(15):
        for chosen in shuffled(256, 32, epoch):
            update(chosen)
        watch.epoch()
    return watch


def fine_tuning() -> Watch:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    for p in (*net[0].parameters(), *net[2].parameters()):
        p.requires_grad_(False)
    x = normal(256, 6)
    optimizer = Adam(net.parameters(), 1e-2)
    watch = Watch(net, optimizer, plan=Plan(frozen=("0", "2")))
    return supervised(watch, net, optimizer, x, x[:, :1] + 0.5 * x[:, 1:2].abs(), F.mse_loss)


class Last(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(2, 16, batch_first=True), nn.Linear(16, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0][:, -1])


def lstm() -> Watch:
    torch.manual_seed(0)
    net, x = Last(), normal(256, 10, 2)
    optimizer = Adam(net.parameters(), 1e-2)
    watch = Watch(net, optimizer)
    clip = lambda out, y: F.smooth_l1_loss(out, y)  # noqa: E731
    return supervised(watch, net, optimizer, x, x[:, :, :1].mean(dim=1) * 3, clip, 8)


class Conditional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 32), nn.ReLU())
        self.near, self.far = nn.Linear(32, 1), nn.Linear(32, 1)


def conditional_heads() -> Watch:
    torch.manual_seed(0)
    net, x = Conditional(), normal(256, 6)
    optimizer = Adam(net.parameters(), 5e-3)
    watch = Watch(net, optimizer)
    turn = 0

    def update(chosen: Tensor) -> Tensor:
        nonlocal turn
        turn += 1
        optimizer.zero_grad()
        h = net.body(x[chosen])
        near, far = F.mse_loss(net.near(h), x[chosen, :1]), F.mse_loss(net.far(h), x[chosen, 1:2])
        loss = watch.loss(near if turn % 2 else 0.0 * near + far)
        loss.backward()
        optimizer.step()
        return loss

    return epochs(watch, update, lambda: float(1 / (1 + turn)), 6, 256, 16)


def warm_restarts() -> Watch:
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 1)), normal(256, 6)
    optimizer = SGD(net.parameters(), 0.05, momentum=0.9, nesterov=True)
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=12, T_mult=2)
    watch = Watch(net, optimizer, scheduler)
    return supervised(watch, net, optimizer, x, x[:, :1] * x[:, 1:2], F.mse_loss, 8, scheduler.step)


def lbfgs() -> Watch:
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).double(), normal(64, 3).double()
    y = x[:, :1].sin() + 0.1 * x[:, 1:2]
    optimizer = LBFGS(net.parameters(), lr=1.0, max_iter=5, line_search_fn="strong_wolfe")
    watch = Watch(net, optimizer)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = watch.loss(F.mse_loss(net(x), y))
        loss.backward()
        return loss

    for _ in range(30):
        value = float(optimizer.step(closure).detach())  # pyright: ignore
        with torch.no_grad():
            watch.epoch(train=value, val=float(F.mse_loss(net(x[:16] + 0.01), y[:16])))
    return watch


class Experts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(6, 6)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1)) for _ in range(6))
        self.gate.bias.data[4:] = -20.0  # two experts that no sample chooses

    def forward(self, x: Tensor) -> Tensor:
        weight, chosen = self.gate(x).softmax(dim=-1).max(dim=-1)
        out = torch.zeros(len(x), 1)
        for i, expert in enumerate(self.experts):
            rows = (chosen == i).nonzero()[:, 0]
            if len(rows):
                out = out.index_add(0, rows, weight[rows, None] * expert(x[rows]))
        return out


def experts() -> Watch:
    torch.manual_seed(0)
    net, x = Experts(), normal(256, 6)
    optimizer = Adam(net.parameters(), 5e-3)
    return supervised(Watch(net, optimizer), net, optimizer, x, x[:, :1].abs() + x[:, 1:2], F.mse_loss, 8)


def mixed_precision() -> Watch:
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1)), normal(256, 6)
    optimizer = Adam(net.parameters(), 5e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**22)
    scheduler = LambdaLR(optimizer, lambda u: 0.99**u)
    watch = Watch(net, optimizer, scheduler, scaler)
    y = x[:, :1] * 2

    def update(chosen: Tensor) -> Tensor:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.float16):
            out = net(x[chosen])
        loss = watch.loss(F.mse_loss(out.float(), y[chosen]))
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
        return loss

    with_skips = epochs(watch, update, lambda: float(F.mse_loss(net(x), y).detach()), 6, 256, 16)
    assert watch.run.skipped > 0, "the twin is meant to have initial skips"
    return with_skips


PLAIN = (mlp, cnn, transformer, gan, fine_tuning, batchnorm, lstm)
TRAININGS = (*PLAIN, conditional_heads, warm_restarts, lbfgs, experts, mixed_precision)
