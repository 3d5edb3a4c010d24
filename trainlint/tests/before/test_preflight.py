"""A preflight passes a sound training, fails a broken one with the number, and leaves no trace."""

import copy
import re
from pathlib import Path

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import LBFGS, SGD, Adam
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, OneCycleLR

from trainlint import TrainingFault
from trainlint.before import contracts as memory
from trainlint.before.lossproof import accumulation
from trainlint.before.preflight import preflight
from trainlint.before.trial import StepFunction
from trainlint.during.plan import planned_rates, rate_plan

Batch = tuple[Tensor, Tensor]


def mean(net: nn.Module, batch: object) -> Tensor:
    x, y = batch  # pyright: ignore[reportGeneralTypeIssues]
    return F.mse_loss(net(x), y)


def total(net: nn.Module, batch: object) -> Tensor:
    x, y = batch  # pyright: ignore[reportGeneralTypeIssues]
    return F.mse_loss(net(x), y, reduction="sum")


def unequal(batch: object) -> list[Batch]:
    x, y = batch  # pyright: ignore[reportGeneralTypeIssues]
    return [(x[:20], y[:20]), (x[20:28], y[20:28])]


def model(*layers: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    for layer in layers:
        if isinstance(layer, nn.Linear):
            layer.reset_parameters()
    return nn.Sequential(*layers) if layers else nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))


def batch() -> Batch:
    x = torch.randn(28, 8, generator=stream(0, "batch"))
    return x, x[:, :1] + x[:, 1:2].sin()


def test_sound_training_passes_and_is_left_as_it_was():
    net = model(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = Adam(net.parameters(), 3e-3)
    scheduler = CosineAnnealingLR(optimizer, 50)
    before, random = copy.deepcopy(net.state_dict()), torch.get_rng_state()
    report = preflight(
        mean, net, batch(), optimizer=optimizer, scheduler=scheduler, ticks=50, split=unequal, learn=60,
        checks={"nothing": list},
    )  # fmt: skip
    assert report.passed, str(report)
    assert [line.name for line in report.lines] == [
        "forward and loss", "backward", "update", "learn one batch", "parameter groups", "planned rates",
        "accumulation", "memory", "nothing",
    ]  # fmt: skip
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    assert not optimizer.state
    assert scheduler.last_epoch == 0
    assert torch.equal(random, torch.get_rng_state())
    assert all(p.grad is None for p in net.parameters())
    report.check()


def broken(kind: str) -> tuple[str, dict]:
    net = model()
    optimizer = SGD(net.parameters(), 0.0 if kind == "rate" else 1e-2)
    match kind:
        case "cut":
            return "RT121", {"step": lambda n, b: mean(n, b).detach(), "model": net}
        case "nan":
            return "RT201", {"step": lambda n, b: mean(n, b) * float("nan"), "model": net}
        case "zero":
            return "RT123", {"step": lambda n, b: 0 * mean(n, b), "model": net}
        case "rate":
            return "RT101", {"step": mean, "model": net, "optimizer": optimizer}
        case "tiny":
            return "RT125", {
                "step": lambda n, b: 1e-5 * mean(n, b),
                "model": net,
                "optimizer": SGD(net.parameters(), 1e-3),
            }
        case "foreign":
            return "RT116", {"step": mean, "model": net, "optimizer": SGD(copy.deepcopy(net).parameters(), 1e-2)}
        case "group":
            return "RT117", {"step": mean, "model": net, "optimizer": optimizer, "rates": {"0": 1e-3}}
        case "sum":
            return "RT110", {"step": total, "model": net, "split": unequal}
        case "stuck":
            return "RT217", {"step": mean, "model": net, "optimizer": SGD(net.parameters(), 1e-5), "learn": 20}
        case _:
            return "RT410", {"step": mean, "model": net, "optimizer": optimizer, "free": 1_000}


@pytest.mark.parametrize("kind", ["cut", "nan", "zero", "rate", "tiny", "foreign", "group", "sum", "stuck", "memory"])
def test_broken_training_fails_with_its_code(kind: str):
    code, arguments = broken(kind)
    report = preflight(arguments.pop("step"), arguments.pop("model"), batch(), **arguments)
    assert not report.passed
    assert code in report.verdict.codes
    assert code in str(report)


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_a_broadcast_fails_the_forward_pass():
    x, y = torch.ones(8, 6), torch.ones(8)
    report = preflight(lambda net, _: F.mse_loss(net(x), y), model(nn.Linear(6, 1)), x)
    assert report.verdict.codes == ("RT215",)


def test_fatal_line_raises():
    report = preflight(lambda n, b: mean(n, b).detach(), model(), batch())
    with pytest.raises(TrainingFault, match="RT121"):
        report.check()


def each(net: nn.Module, batch: object) -> Tensor:
    x, y = batch  # pyright: ignore[reportGeneralTypeIssues]
    return F.mse_loss(net(x), y, reduction="none")


def narrow(net: nn.Module, batch: object) -> Tensor:
    x, y = batch  # pyright: ignore[reportGeneralTypeIssues]
    return F.mse_loss(net(x[:, :5]), y)


def hooked(net: nn.Module, batch: object) -> Tensor:
    loss = mean(net, batch)
    loss.register_hook(lambda gradient: gradient / [])
    return loss


@pytest.mark.parametrize(
    ("step", "line", "words"),
    [
        (each, "forward and loss", r"wanted a scalar loss; got shape \(28, 1\)"),
        (narrow, "forward and loss", r"RuntimeError: mat1 and mat2 shapes .* line \d+\)"),
        (hooked, "backward", "TypeError: unsupported operand"),
    ],
    ids=["not a scalar", "raises", "raises in backward"],
)
def test_a_step_that_raises_is_a_failed_line(step: StepFunction, line: str, words: str):
    net = model()
    before = copy.deepcopy(net.state_dict())
    report = preflight(step, net, batch(), optimizer=Adam(net.parameters(), 3e-3), split=unequal)
    failed = [each for each in report.lines if not each.passed]
    assert [each.name for each in failed] == [line]
    assert re.search(words, str(failed[0]))
    assert [each.name for each in report.lines][-2:] == ["parameter groups", "memory"]
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    with pytest.raises(TrainingFault, match="RT509"):
        report.check()


def test_a_check_that_raises_is_a_failed_line():
    report = preflight(mean, model(), batch(), checks={"mine": lambda: [][0], "next": list})
    assert [(each.name, each.passed) for each in report.lines][-2:] == [("mine", False), ("next", True)]
    assert "RT509 IndexError" in report.lines[-2].number


def test_unknown_free_memory_is_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(memory, "_TABLE", tmp_path / "meminfo")  # as outside Linux
    assert memory.free_bytes() is None
    report = preflight(mean, model(), batch())
    assert report.passed
    assert "MB needed, free memory not known here (parameters" in str(report)


def test_lbfgs_can_be_tried():
    net = model()
    assert preflight(mean, net, batch(), optimizer=LBFGS(net.parameters(), lr=0.1)).lines[0].passed


def test_planned_rates_equal_the_rates_of_a_real_run():
    for make in (
        lambda o: LambdaLR(o, lambda t: 0.9**t),
        lambda o: CosineAnnealingLR(o, 10),
        lambda o: OneCycleLR(o, 0.1, total_steps=30),
    ):
        optimizer = SGD([nn.Parameter(torch.ones(1))], 0.1, momentum=0.9)
        scheduler = make(optimizer)
        planned = planned_rates(optimizer, scheduler, 20)
        real = []
        for _ in range(20):
            real.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        assert planned == pytest.approx(real)


@pytest.mark.parametrize(
    ("factor", "ticks", "code"),
    [
        (lambda t: t / 100, 20, "RT104"),
        (lambda t: 0.0 if t < 5 else 1.0, 20, "RT101"),
        (lambda t: min(1.0, (t + 1) / 4), 20, None),
        (lambda t: t / 4 if t < 4 else 1.0, 20, None),
    ],
)
def test_plan_of_rates(factor: object, ticks: int, code: str | None):
    optimizer = SGD([nn.Parameter(torch.ones(1))], 0.1)
    found = [f for f in rate_plan(optimizer, LambdaLR(optimizer, factor), ticks) if f.severity != "note"]  # pyright: ignore[reportArgumentType]
    assert (code in [f.rule.code for f in found]) if code else not found


def test_accumulation_divided_twice_is_seen():
    whole = {"w": torch.tensor([1.0, 2.0])}
    assert accumulation(whole, {"w": torch.tensor([1.0, 2.0])}) == []
    found = accumulation(whole, {"w": torch.tensor([0.25, 0.5])})
    assert found[0].rule.code == "RT110"
    assert found[0].numbers["factor"] == pytest.approx(0.25)


@pytest.mark.parametrize(("rate", "wanted"), [(0.1, False), (10.0, True)])
def test_an_update_is_too_large_where_the_loss_of_its_batch_rises(rate: float, wanted: bool):
    net = model(nn.Linear(4, 1))
    x = torch.randn(32, 4, generator=stream(0, "small"))
    report = preflight(mean, net, (x, 3 * x[:, :1]), optimizer=SGD(net.parameters(), rate))
    assert ("RT130" in str(report)) == wanted
