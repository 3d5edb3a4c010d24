"""Healthy trainings of unusual kinds, each of which a watch once called something else; and what it must still see."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from streams import stream
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import LambdaLR

from trainlint import Severity, Watch

COUNT = 128


def normal(*shape: int, name: str = "x") -> Tensor:
    return torch.randn(*shape, generator=stream(0, f"unusual {name}"))


def rows(count: int) -> Iterator[Tensor]:
    for update in range(count):
        yield torch.randperm(COUNT, generator=stream(0, "rows", update))[:16]


def mlp(*sizes: int) -> nn.Sequential:
    torch.manual_seed(0)
    layers = [m for a, b in pairwise(sizes) for m in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def learnable() -> tuple[Tensor, Tensor]:
    x = normal(COUNT, 8)
    return x, 1.5 * x[:, :1] - x[:, 1:2] + 0.5 * x[:, 2:3].square()


class Scalar(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(0.1))

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x


def one_parameter() -> Watch:
    """It grows thirtyfold in ten updates, and the loss of each batch is noise."""
    net, x = Scalar(), normal(COUNT)
    optimizer = SGD(net.parameters(), 0.05)
    watch = Watch(net, optimizer)
    for chosen in rows(60):
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x[chosen]), 3 * x[chosen])).backward()
        optimizer.step()
    return watch


class Flow(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mean, self.log_scale = nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        return (0.5 * ((x - self.mean) / self.log_scale.exp()).square() + self.log_scale).sum(dim=1)


def density() -> Watch:
    """All parameters start at zero, and the loss, a negative log density, crosses zero."""
    net, x = Flow(), 1 + 0.01 * normal(COUNT, 4)
    optimizer = Adam(net.parameters(), 3e-2)
    watch = Watch(net, optimizer)
    for _ in range(16):
        losses = []
        for chosen in rows(8):
            optimizer.zero_grad()
            losses.append(watch.loss(net(x[chosen]).mean()))
            losses[-1].backward()
            optimizer.step()
        watch.epoch(train=float(torch.stack(losses).mean().detach()), val=float(net(x).mean().detach()))
    return watch


def master_weights(wider: torch.dtype = torch.float32) -> Watch:
    """A half-precision model; the optimiser holds float32 copies of its weights."""
    net = mlp(8, 32, 1).bfloat16()
    masters = [p.detach().clone().to(wider).requires_grad_() for p in net.parameters()]
    optimizer, (x, y) = AdamW(masters, 1e-3), learnable()
    watch = Watch(net, optimizer, raises=wider is torch.float32)
    for chosen in rows(40):
        net.zero_grad()
        watch.loss(F.mse_loss(net(x[chosen].bfloat16()).float(), y[chosen])).backward()
        for master, own in zip(masters, net.parameters(), strict=True):
            master.grad = None if own.grad is None else own.grad.to(wider)
        optimizer.step()
        with torch.no_grad():
            for master, own in zip(masters, net.parameters(), strict=True):
                own.copy_(master)
    return watch


def turns(body: bool = True, count: int = 40) -> Watch:
    """Every pass fills all gradients, and two optimisers take turns in using theirs."""
    net, (x, y) = mlp(8, 32, 1), learnable()
    optimizers = [Adam(net[2].parameters(), 3e-3), SGD(net[0].parameters(), 1e-2)]
    watch = Watch(net, optimizers)
    for update, chosen in enumerate(rows(count)):
        net.zero_grad()
        watch.loss(F.mse_loss(net(x[chosen]), y[chosen])).backward()
        optimizers[update % 2 if body else 0].step()
    return watch


def critic() -> Watch:
    """Five updates of a critic, through the generator, for each of the generator; with a gradient penalty."""
    nets = nn.ModuleDict({"make": mlp(4, 16, 2), "judge": mlp(2, 16, 1)})
    make, judge = nets["make"], nets["judge"]
    slow, fast = Adam(make.parameters(), 1e-3), Adam(judge.parameters(), 1e-3)
    watch, real, noise = Watch(nets, [slow, fast]), 1 + normal(COUNT, 2), normal(COUNT, 4, name="noise")
    for update, chosen in enumerate(rows(72)):
        slow.zero_grad()
        fast.zero_grad()
        fake = make(noise[chosen])
        if update % 6 == 5:
            watch.loss(-judge(fake).mean(), name="make").backward()
            slow.step()
            continue
        between = (0.5 * (real[chosen] + fake)).detach().requires_grad_()
        (slope,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)
        penalty = (slope.norm(dim=1) - 1).square().mean()
        watch.loss(judge(fake).mean() - judge(real[chosen]).mean() + 10 * penalty, name="judge").backward()
        fast.step()
    return watch


def meta() -> Watch:
    """An inner step through `autograd.grad` of the watched weights, which leaves no gradient behind."""
    net = mlp(1, 16, 1)
    optimizer = Adam(net.parameters(), 1e-3)
    own: dict[str, Tensor] = dict(net.named_parameters())
    watch = Watch(net, optimizer)
    for update in range(40):
        optimizer.zero_grad()
        for task in range(3):
            x = normal(16, 1, name=f"{update} {task}")
            y = (x + 0.5 * task).sin()
            inner = F.mse_loss(functional_call(net, own, (x[:8],)), y[:8])
            slopes = torch.autograd.grad(inner, list(own.values()), create_graph=True)
            moved = {name: p - 0.1 * slope for (name, p), slope in zip(own.items(), slopes, strict=True)}
            (watch.loss(F.mse_loss(functional_call(net, moved, (x[8:],)), y[8:])) / 3).backward()
        optimizer.step()
    assert watch.run.backwards == 120
    return watch


def sharpness_aware() -> Watch:
    """The first gradient of each update only says where to take the second."""
    net, (x, y) = mlp(8, 32, 1), learnable()
    optimizer = SGD(net.parameters(), 0.02)
    watch = Watch(net, optimizer)
    for chosen in rows(40):
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x[chosen]), y[chosen])).backward()
        ways = [0.01 * p.grad for p in net.parameters() if p.grad is not None]
        push(net, ways, 1.0)
        optimizer.zero_grad()
        F.mse_loss(net(x[chosen]), y[chosen]).backward()
        push(net, ways, -1.0)
        optimizer.step()
    return watch


def push(net: nn.Module, ways: list[Tensor], factor: float) -> None:
    with torch.no_grad():
        for parameter, way in zip(net.parameters(), ways, strict=True):
            parameter.add_(way, alpha=factor)


def annealed() -> Watch:
    """The weight of a term is zero in the first epoch and grows."""
    net, (x, _) = mlp(8, 16, 8), learnable()
    optimizer = Adam(net.parameters(), 3e-3)
    watch = Watch(net, optimizer)
    for epoch in range(4):
        for chosen in rows(10):
            optimizer.zero_grad()
            out = net(x[chosen])
            error, size, weight = F.mse_loss(out, x[chosen]), out.square().mean(), 0.01 * epoch
            loss = watch.loss(error + weight * size, terms={"error": (1.0, error), "size": (weight, size)})
            loss.backward()
            optimizer.step()
    return watch


class Mixture(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.weight = nn.Parameter(0.3 * torch.randn(8, 8, dtype=torch.complex64))

    def forward(self, x: Tensor) -> Tensor:
        return (x.to(self.weight.dtype) @ self.weight).abs().square().sum(dim=1, keepdim=True)


def complex_weights() -> Watch:
    net, x = Mixture(), normal(COUNT, 8)
    y, optimizer = x.square().sum(dim=1, keepdim=True), Adam(net.parameters(), 1e-2)
    watch = Watch(net, optimizer)
    for chosen in rows(60):
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x[chosen]), y[chosen])).backward()
        optimizer.step()
    return watch


def warm_up_in_half(peak: float = 3e-3) -> Watch:
    """Rounding eats the first updates of a warm-up, and no later ones."""
    net, (x, y) = mlp(8, 32, 1).bfloat16(), learnable()
    optimizer = AdamW(net.parameters(), peak)
    watch = Watch(net, optimizer)
    for update, chosen in enumerate(rows(130)):
        optimizer.param_groups[0]["lr"] = peak * min(1.0, 10.0 ** (update / 8 - 1.5))
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x[chosen].bfloat16()).float(), y[chosen])).backward()
        optimizer.step()
    return watch


def unknown_scaler() -> Watch:
    """A scaler that nobody handed over refuses the first updates and one later on; the schedule ticks all the same."""
    net, (x, y) = mlp(8, 32, 1), learnable()
    optimizer, scaler = Adam(net.parameters(), 3e-3), torch.amp.GradScaler("cpu", init_scale=1e38)
    scheduler = LambdaLR(optimizer, lambda u: 0.99**u)
    watch = Watch(net, optimizer, scheduler)
    for update, chosen in enumerate(rows(60)):
        optimizer.zero_grad()
        loss = watch.loss(F.mse_loss(net(x[chosen]), 30 * y[chosen]))
        (scaler.scale(loss) * (1e38 if update == 33 else 1.0)).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
    assert watch.run.lanes[0].skipped["gradients not finite"] > 1
    return watch


def rare_words() -> Watch:
    """A slow embedding, of which a batch looks up few of the rows: the others are most of its norm."""
    torch.manual_seed(0)
    words, head = nn.Embedding(10_000, 4), nn.Linear(4, 1)
    net, (_, y) = nn.Sequential(words, head), learnable()
    optimizer = SGD([{"params": words.parameters(), "lr": 1e-5}, {"params": head.parameters(), "lr": 3e-2}])
    watch, chosen = Watch(net, optimizer), 40 * torch.arange(COUNT)
    for batch in rows(60):
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(chosen[batch]), y[batch])).backward()
        optimizer.step()
    return watch


SMALL = (rare_words, one_parameter, density, complex_weights, annealed, warm_up_in_half)
TRAININGS = (*SMALL, unknown_scaler, master_weights, turns, critic, meta, sharpness_aware)


def test_an_optimiser_that_has_no_turn_is_named():
    (found,) = turns(body=False, count=220).close().findings
    assert (found.rule.code, found.severity, found.subject) == ("RT102", Severity.WARNING, "optimiser 1")


def test_copies_of_the_same_type_are_no_other_model_where_they_get_gradients():
    assert master_weights(torch.bfloat16).close().codes == ()


def test_rounding_that_outlasts_the_warm_up_is_named():
    found = {finding.rule.code: finding.severity for finding in warm_up_in_half(1e-4).close().findings}
    assert found["RT125"] is Severity.WARNING
