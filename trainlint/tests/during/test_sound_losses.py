"""Sound trainings whose losses, targets or passes look like a failure and are none."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from trainlint import Severity, Watch


def normal(update: int, *size: int) -> Tensor:
    return torch.randn(*size, generator=stream(0, "sound losses", update))


def net(*sizes: int) -> nn.Sequential:
    torch.manual_seed(0)
    first, middle, last = sizes
    return nn.Sequential(nn.Linear(first, middle), nn.ReLU(), nn.Linear(middle, last))


def run(model: nn.Module, loss: Callable[[int], Tensor], updates: int = 120, rate: float = 3e-3) -> Watch:
    optimizer = Adam(model.parameters(), rate)
    watch = Watch(model, optimizer)
    for update in range(updates):
        optimizer.zero_grad()
        watch.loss(loss(update)).backward()
        optimizer.step()
    return watch


def actor_and_critic() -> Watch:
    """The actor's loss is minus its critic's value, which falls far below zero."""
    actor, critic = nn.Sequential(net(2, 16, 1), nn.Tanh()), net(3, 16, 1)
    slow, fast = Adam(actor.parameters(), 1e-3), Adam(critic.parameters(), 1e-2)
    watch = Watch(nn.ModuleList([actor, critic]), [slow, fast])
    for update in range(150):
        state = normal(update, 32, 2)
        with torch.no_grad():
            tried = (actor(state) + 0.3 * normal(update, 32, 1)).clamp(-1, 1)
            target = -1 - (tried - state[:, :1]).square() + 0.97 * critic(torch.cat([state, actor(state)], 1))
        fast.zero_grad()
        watch.loss(F.mse_loss(critic(torch.cat([state, tried], 1)), target), name="critic").backward()
        fast.step()
        slow.zero_grad()
        watch.loss(-critic(torch.cat([state, actor(state)], 1)).mean(), name="actor").backward()
        slow.step()
    return watch


def climbing_targets() -> Watch:
    model = net(4, 32, 1)
    behind = copy.deepcopy(model)

    def loss(update: int) -> Tensor:
        if update % 10 == 0:
            behind.load_state_dict(model.state_dict())
        x = normal(update, 32, 4)
        with torch.no_grad():
            target = 1 + 0.99 * behind(x)
        return F.mse_loss(model(x), target)

    return run(model, loss, 300)


def residual_of_a_law() -> Watch:
    """u' + u = 0: the targets of the residual are all zero."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 1))

    def loss(update: int) -> Tensor:
        t = normal(update, 32, 1).abs().requires_grad_()
        u = model(t)
        slope = torch.autograd.grad(u.sum(), t, create_graph=True)[0]
        start = model(torch.zeros(1, 1)) - 1
        return F.mse_loss(slope + u, torch.zeros_like(u)) + start.square().sum()

    return run(model, loss)


def clamps_for_rectifiers() -> Watch:
    torch.manual_seed(0)
    first, last = nn.Linear(6, 24), nn.Linear(24, 2)

    def loss(update: int) -> Tensor:
        x = normal(update, 32, 6)
        return (last(first(x).clamp(min=0)) - x[:, :2]).square().mean()

    return run(nn.ModuleList([first, last]), loss)


def satisfied_margins() -> Watch:
    model = net(4, 16, 1)

    def loss(update: int) -> Tensor:
        x = normal(update, 32, 4)
        y = x[:, :1].sign()
        return (1 - model(x + y) * y).clamp_min(0).mean()

    return run(model, loss)


def pairwise_quantiles() -> Watch:
    """Every quantile meets every sample of the target, by intent."""
    model = net(4, 24, 6)

    def loss(update: int) -> Tensor:
        x = normal(update, 16, 4)
        target = x[:, :1] + normal(update + 1, 16, 6)
        apart = target.unsqueeze(1) - model(x).unsqueeze(2)
        share = (torch.arange(6) + 0.5) / 6
        return ((share[:, None] - (apart.detach() < 0).float()).abs() * apart.abs()).mean()

    return run(model, loss)


def ordered_risks() -> Watch:
    """A partial likelihood compares each sample with all that are at risk: predictions times a mask of (n, n)."""
    model = net(4, 16, 1)

    def loss(update: int) -> Tensor:
        x = normal(update, 24, 4)
        time, risk = (-x[:, 0]).exp(), model(x).squeeze(1)
        later = (time[None] >= time[:, None]).float()
        return -(risk - (later * risk.exp()[None]).sum(1).log()).mean()

    return run(model, loss)


def surrogate() -> Watch:
    """The value is always 1; the gradient is that of the logarithm."""
    model = net(4, 16, 1)

    def loss(update: int) -> Tensor:
        x = normal(update, 32, 4)
        error = F.mse_loss(model(x), x[:, :1])
        return error / error.detach()

    return run(model, loss, 60)


def left_out_batches() -> Watch:
    model = net(4, 16, 1)
    optimizer = Adam(model.parameters(), 3e-3)
    watch = Watch(model, optimizer)
    for update in range(60):
        x = normal(update, 32, 4)
        x[0, 0] = torch.nan if update in {5, 6, 40} else x[0, 0]
        optimizer.zero_grad()
        loss = watch.loss(F.mse_loss(model(x), x[:, 1:2]))
        if loss.isfinite():
            loss.backward()
            optimizer.step()
    return watch


def rewards_below_zero() -> Watch:
    model = net(2, 16, 2)

    def loss(update: int) -> Tensor:
        x = normal(update, 1, 2)
        chosen = torch.distributions.Categorical(logits=model(x))
        action = torch.tensor([update % 2])
        return -(chosen.log_prob(action) * (-1.0 - abs(float(x[0, 0])))).sum()

    return run(model, loss)


def rare_pixels() -> Watch:
    model = net(36, 16, 36)
    grid = torch.linspace(-1.4, 1.4, 6)

    def loss(update: int) -> Tensor:
        centre = 0.25 * normal(update, 64, 2)
        far = (grid[:, None] - centre[:, None, None, 0]) ** 2 + (grid - centre[:, None, None, 1]) ** 2
        x = ((1 - far).clamp(0, 1) * 255).round().div(255).flatten(1)
        return F.binary_cross_entropy_with_logits(model(x), x)

    return run(model, loss)


def soft_labels_of_a_teacher() -> Watch:
    """Nearly all of the loss is the entropy of the targets, which no answer gets below."""
    teacher, model = net(6, 24, 4), net(6, 12, 4)

    def loss(update: int) -> Tensor:
        x = normal(update, 64, 6)
        with torch.no_grad():
            wanted = teacher(x).softmax(1)
        return F.cross_entropy(model(x), wanted)

    return run(model, loss, 200)


SOUND = (
    *(actor_and_critic, climbing_targets, residual_of_a_law, clamps_for_rectifiers, satisfied_margins),
    *(pairwise_quantiles, ordered_risks, surrogate, left_out_batches, rewards_below_zero, rare_pixels),
    soft_labels_of_a_teacher,
)


@pytest.mark.parametrize("program", SOUND, ids=lambda p: p.__name__)
def test_sound_training_earns_nothing(program: Callable[[], Watch]):
    verdict = program().close()
    assert [str(f) for f in verdict.findings if f.severity is not Severity.NOTE] == []


def reports(values: list[float], **kwargs: list[float]) -> Watch:
    """Epochs with an update each, and these validation values."""
    model = net(4, 16, 1)
    optimizer = Adam(model.parameters(), 3e-3)
    watch = Watch(model, optimizer, raises=False)
    for index, value in enumerate(values):
        x = normal(index, 32, 4)
        optimizer.zero_grad()
        watch.loss(F.mse_loss(model(x), x[:, :1])).backward()
        optimizer.step()
        watch.epoch(val=value, **{n: each[index] for n, each in kwargs.items()})  # pyright: ignore[reportArgumentType]
    return watch


@pytest.mark.parametrize("values", [[0.0] * 6, [1.0] * 6, [0.75, 0.75, 0.75, 0.8], [5.1, 5.1, 5.1, 4.2]])
def test_values_that_repeat_for_a_reason_are_no_more_than_a_note(values: list[float]):
    assert reports(values).close().healthy


def test_validations_of_which_some_are_no_numbers_are_never_the_same():
    verdict = reports([0.5, math.nan, math.nan]).close()
    assert verdict.codes == ("RT213",)
    assert not any("probe" in told for told in verdict.blind)


def test_a_loss_to_the_last_digit_is_a_suspicion_first_and_then_fatal():
    watch = reports([0.123456789] * 3)
    assert [f.rule.code for f in watch.jury.findings.values()] == ["RT212"]
    assert watch.jury.findings["RT212", ""].stage == "suspected"
    assert "RT212" in watch.close().codes


def test_a_sum_over_the_batch_may_be_reported_per_sample():
    model = net(4, 16, 1)
    optimizer = Adam(model.parameters(), 3e-3)
    watch = Watch(model, optimizer)
    for epoch in range(4):
        total = 0.0
        for batch in range(5):
            x = normal(5 * epoch + batch, 32, 4)
            optimizer.zero_grad()
            loss = watch.loss(F.mse_loss(model(x), x[:, :1], reduction="sum"))
            loss.backward()
            optimizer.step()
            total += loss.item()
        watch.epoch(train=total / 160)
    assert watch.close().healthy
