"""Is the optimizer called when it should be, and is what it did measured rather than presumed?"""

import math

import pytest
import torch
from small_world import SmallNet

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import Optimisation
from ris_pytorch_pipeline.train import Gate, Groups, Outcome
from ris_pytorch_pipeline.train.loop.groups import adamw

RATES = {"backbone": 1e-3, "head": 4e-3}


class Bench:
    """A gate over a small network with gradients of our choice."""

    def __init__(self, optimizer=None, *, scaled: bool = False, **config) -> None:
        self.config = Optimisation(**config)
        self.net = SmallNet()
        self.groups = Groups(self.net)
        self.optimizer = adamw(self.groups, self.config) if optimizer is None else optimizer(self.net)
        self.scaler = torch.amp.GradScaler("cpu", enabled=scaled)
        self.gate = Gate(self.groups, self.optimizer, self.scaler, self.config)
        self.called = 0
        self.optimizer.register_step_pre_hook(self._count)

    def _count(self, *_: object) -> None:
        self.called += 1

    def fill(self, value: float, *groups: str) -> "Bench":
        for name, parameter in zip(self.groups.names, self.groups.parameters, strict=True):
            mine = not groups or name.split(".")[0] in groups
            parameter.grad = torch.full_like(parameter, value if mine else 0.0)
        return self

    def weights(self) -> list[torch.Tensor]:
        return [p.detach().clone() for p in self.net.parameters()]

    def moved(self, before: list[torch.Tensor]) -> bool:
        return any(not torch.equal(a, b) for a, b in zip(before, self.weights(), strict=True))


class Idle(torch.optim.Optimizer):
    """An optimizer whose step does what `how` says, which is not an update."""

    def __init__(self, net: SmallNet, how: str) -> None:
        groups = net.groups()
        super().__init__([{"params": groups[name], "name": name, "lr": 1e-3} for name in groups], {})
        self.how = how

    @torch.no_grad()
    def step(self, closure=None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        for group in self.param_groups:
            for parameter in group["params"]:
                if self.how == "rewrites":
                    parameter.add_(0.0)
                elif self.how == "decays":
                    parameter.mul_(1 - group["lr"] * 1e-2)


def test_a_finite_gradient_is_applied_and_measured() -> None:
    bench = Bench().fill(0.1)
    before = bench.weights()
    attempt = bench.gate.attempt(RATES, measure=True)
    assert attempt.outcome is Outcome.APPLIED and bench.called == 1
    slow = math.sqrt(sum(float((a - b).double().square().sum()) for a, b in zip(before, bench.weights(), strict=True)))
    assert attempt.motion is not None
    assert attempt.motion.total == pytest.approx(slow, rel=1e-6) and slow > 0
    assert math.hypot(*attempt.motion.groups.values()) == pytest.approx(slow, rel=1e-6)


def test_norms_are_those_before_clipping() -> None:
    bench = Bench(clip=1e-3).fill(0.1)
    count = sum(p.numel() for p in bench.net.parameters())
    attempt = bench.gate.attempt(RATES, measure=False)
    assert attempt.gradient.total == pytest.approx(0.1 * math.sqrt(count), rel=1e-5)


def test_the_whole_gradient_is_clipped_at_once() -> None:
    seen: list[float] = []
    bench = Bench(clip=0.5).fill(0.1, "head")
    bench.optimizer.register_step_pre_hook(
        lambda *_: seen.append(
            math.sqrt(sum(float(p.grad.square().sum()) for p in bench.net.parameters() if p.grad is not None))
        )
    )
    bench.fill(7.0).gate.attempt(RATES, measure=False)
    assert seen == pytest.approx([0.5], rel=1e-4)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_skipped_and_named(bad) -> None:
    bench = Bench().fill(0.1)
    bench.groups.parameters[-1].grad = torch.tensor([bad, 0.1])
    before = bench.weights()
    attempt = bench.gate.attempt(RATES, measure=True)
    assert attempt.outcome is Outcome.NOT_FINITE and not attempt.outcome.applied
    assert attempt.gradient.offenders == ("head.bias",)
    assert bench.called == 0 and not bench.moved(before) and not bench.optimizer.state


@pytest.mark.parametrize("cleared", [False, True])
def test_no_gradient_anywhere_is_skipped_though_decay_would_move_the_weights(cleared) -> None:
    bench = Bench(weight_decay=0.1).fill(0.0)
    if cleared:
        bench.optimizer.zero_grad(set_to_none=True)
    before = bench.weights()
    attempt = bench.gate.attempt(RATES, measure=True)
    assert attempt.outcome is Outcome.ZERO and bench.called == 0 and not bench.moved(before)
    assert len(attempt.gradient.without) == 4


@pytest.mark.parametrize("live", ["backbone", "head"])
def test_one_group_with_a_gradient_is_enough(live) -> None:
    attempt = Bench().fill(0.1, live).gate.attempt(RATES, measure=True)
    assert attempt.outcome is Outcome.APPLIED
    assert attempt.gradient.groups[live] == attempt.gradient.total


@pytest.mark.parametrize(
    ("how", "outcome"),
    [("sleeps", Outcome.UNTOUCHED), ("rewrites", Outcome.UNMOVED), ("decays", Outcome.DECAY_ONLY)],
)
def test_a_step_that_does_nothing_is_no_update(how, outcome) -> None:
    attempt = Bench(lambda net: Idle(net, how)).fill(0.1).gate.attempt(RATES, measure=True)
    assert attempt.outcome is outcome and not attempt.outcome.applied


def test_an_optimizer_over_another_network_is_no_update() -> None:
    bench = Bench(lambda net: adamw(Groups(SmallNet()), Optimisation())).fill(0.1)
    assert bench.gate.attempt(RATES, measure=False).outcome is Outcome.UNTOUCHED


def test_motion_below_rounding_is_no_update() -> None:
    tiny = dict.fromkeys(RATES, 1e-12)
    assert not Bench().fill(0.1).gate.attempt(tiny, measure=True).outcome.applied


@pytest.mark.parametrize("group", ["backbone", "head"])
def test_a_rate_of_zero_is_refused(group) -> None:
    with pytest.raises(ConfigurationError, match="positive rate"):
        Bench().fill(0.1).gate.attempt({**RATES, group: 0.0}, measure=True)


def test_gradients_are_cleared_after_each_attempt() -> None:
    bench = Bench().fill(math.nan)
    bench.gate.attempt(RATES, measure=False)
    assert all(p.grad is None for p in bench.net.parameters())


def test_a_scaled_gradient_that_overflows_is_a_counted_skip_and_lowers_the_scale() -> None:
    bench = Bench(scaled=True)
    scale = bench.scaler.get_scale()
    bench.scaler.scale(bench.net.head.weight.sum())  # the scale exists from the first use
    attempt = bench.fill(math.inf).gate.attempt(RATES, measure=False)
    assert attempt.outcome is Outcome.NOT_FINITE and bench.called == 0
    assert bench.scaler.get_scale() == scale / 2


def test_a_scaled_gradient_is_measured_unscaled() -> None:
    bench = Bench(scaled=True)
    bench.scaler.scale(3 * bench.net.head.bias.sum()).backward()
    attempt = bench.gate.attempt(RATES, measure=True)
    assert attempt.outcome is Outcome.APPLIED
    assert attempt.gradient.total == pytest.approx(3 * math.sqrt(2))
