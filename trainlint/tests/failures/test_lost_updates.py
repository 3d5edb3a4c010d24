"""Updates that do less than they seem: gradients lost on the way, swollen moments, optimisers of something else."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop
from torch.optim.lr_scheduler import ExponentialLR, ReduceLROnPlateau

from trainlint import Severity, Stage, TrainingFault, Verdict, Watch

from .toy import BATCHES, batches, fault, model, train

Make = Callable[[nn.Module], Optimizer]


def altered(change: Callable[[nn.Module], object], make: Make, epochs: int = 3) -> Verdict:
    """The gradients are changed between backward and step."""
    net = model()
    optimizer = make(net)
    watch = Watch(net, optimizer, raises=False)
    return train(watch, net, optimizer, epochs=epochs, after_backward=lambda: change(net)).close()


def zeroed(net: nn.Module) -> None:
    for p in net.parameters():
        p.grad = torch.zeros_like(p)


def emptied(net: nn.Module) -> None:
    for p in net.parameters():
        p.grad = None


def scaled(factor: float) -> Callable[[nn.Module], object]:
    def change(net: nn.Module) -> None:
        for p in net.parameters():
            p.grad.mul_(factor)  # pyright: ignore[reportOptionalMemberAccess]

    return change


def adam(net: nn.Module) -> Optimizer:
    return Adam(net.parameters(), 3e-3)


def sgd(net: nn.Module) -> Optimizer:
    return SGD(net.parameters(), 2e-2, momentum=0.9, weight_decay=1e-3)


LOST = {
    "set to zero": (zeroed, adam, "RT111"),
    "set to none": (emptied, sgd, "RT111"),
    "cleared by the model": (lambda net: net.zero_grad(), adam, "RT111"),
    "cleared by the model in place": (lambda net: net.zero_grad(set_to_none=False), sgd, "RT111"),
    "clipped by norm under Adam": (lambda net: nn.utils.clip_grad_norm_(net.parameters(), 1e-8), adam, "RT125"),
    "clipped by norm under decay": (lambda net: nn.utils.clip_grad_norm_(net.parameters(), 1e-7), sgd, "RT125"),
    "clipped by value": (lambda net: nn.utils.clip_grad_value_(net.parameters(), 1e-7), sgd, "RT125"),
    "divided twice": (scaled(1e-8), sgd, "RT125"),
}


@pytest.mark.parametrize("case", LOST)
def test_gradients_that_arrive_and_have_no_effect_are_named(case: str):
    change, make, code = LOST[case]
    verdict = altered(change, make)
    assert verdict.codes[0] == code, str(verdict)


SOUND = {
    "clipped to one": (lambda net: nn.utils.clip_grad_norm_(net.parameters(), 1.0), adam),
    "clipped by value": (lambda net: nn.utils.clip_grad_value_(net.parameters(), 0.1), sgd),
    "unscaled by hand": (scaled(0.5), sgd),
    "noise added": (lambda net: [p.grad.add_(1e-3) for p in net.parameters()], sgd),
}


@pytest.mark.parametrize("case", SOUND)
def test_gradients_altered_within_reason_are_let_be(case: str):
    verdict = altered(*SOUND[case])
    assert verdict.healthy, str(verdict)


def test_a_loss_scaled_by_hand_and_gradients_unscaled_are_let_be():
    net = model()
    optimizer = Adam(net.parameters(), 3e-3)
    watch = Watch(net, optimizer, raises=False)
    for epoch in range(3):
        for x, y in batches(epoch):
            optimizer.zero_grad()
            (watch.loss(F.mse_loss(net(x), y)) * 2.0**16).backward()
            scaled(2.0**-16)(net)
            optimizer.step()
    assert (verdict := watch.close()).healthy, str(verdict)


def spiked(factor: float, make: Make) -> Verdict:
    net = model()
    optimizer = make(net)
    watch = Watch(net, optimizer, raises=False)
    for epoch in range(24):
        for index, (x, y) in enumerate(batches(epoch)):
            optimizer.zero_grad()
            loss = watch.loss(F.mse_loss(net(x), y))
            (loss * (factor if (epoch, index) == (9, 2) else 1.0)).backward()
            optimizer.step()
        watch.epoch(batches=BATCHES)
    return watch.close()


def test_adam_that_stands_still_after_one_huge_gradient_is_named():
    verdict = spiked(1e7, adam)
    assert verdict.codes[0] == "RT142", str(verdict)
    assert spiked(1.0, adam).healthy
    assert spiked(3.0, adam).healthy


@pytest.mark.parametrize(("make", "named"), [
    (lambda net: AdamW(net.parameters(), 1e-2, weight_decay=30.0), True),
    (lambda net: SGD(net.parameters(), 1e-1, weight_decay=2.0), True),
    (lambda net: AdamW(net.parameters(), 1e-3, weight_decay=0.1), False),
    (lambda net: RMSprop(net.parameters(), 1e-3, weight_decay=0.01), False),
])  # fmt: skip
def test_decay_that_eats_the_weights_is_named_before_what_follows(make: Make, named: bool):
    verdict = altered(lambda net: None, make, 4)
    assert (verdict.codes[:1] == ("RT143",)) is named, str(verdict)


def replaced(how: str) -> Watch:
    net = model()
    optimizer = Adam(net.parameters(), 3e-3)
    watch = Watch(net, optimizer)
    for epoch in range(6):
        if epoch == 2:
            for layer in (0, 2, 4):
                old = net[layer]
                if how == "new layers":
                    net[layer] = nn.Linear(old.in_features, old.out_features)  # pyright: ignore[reportArgumentType]
                else:
                    old.weight, old.bias = (nn.Parameter(p.detach().clone()) for p in (old.weight, old.bias))  # pyright: ignore
        if epoch == 2 and how == "and a new optimiser":
            optimizer = Adam(net.parameters(), 3e-3)
        for x, y in batches(epoch):
            optimizer.zero_grad()
            watch.loss(F.mse_loss(net(x), y)).backward()
            optimizer.step()
    return watch


@pytest.mark.parametrize("how", ["new layers", "new parameters"])
def test_an_optimiser_orphaned_in_the_middle_of_a_run_is_named(how: str):
    found = fault(lambda: replaced(how).close())
    assert isinstance(found, TrainingFault)
    assert found.finding.rule.code == "RT116"


def test_a_new_optimiser_for_new_parameters_is_followed():
    watch = replaced("and a new optimiser")
    assert watch.run.applied == 6 * BATCHES
    verdict = watch.close()
    assert verdict.healthy, str(verdict)


def test_an_optimiser_made_for_every_update_is_named():
    net = model()
    watch = Watch(net, Adam(net.parameters(), 3e-3), raises=False)
    for epoch in range(3):
        for x, y in batches(epoch):
            net.zero_grad()
            watch.loss(F.mse_loss(net(x), y)).backward()
            Adam(net.parameters(), 3e-3).step()
    assert watch.close().codes == ("RT140",)


@pytest.mark.parametrize("kind", ["plateau", "exponential"])
def test_a_schedule_that_is_never_stepped_is_named_and_one_that_is_late_is_not(kind: str):
    def verdict(ticks: bool) -> Verdict:
        net = model()
        optimizer = SGD(net.parameters(), 1e-2)
        scheduler = ReduceLROnPlateau(optimizer) if kind == "plateau" else ExponentialLR(optimizer, 0.9)
        watch = Watch(net, optimizer, scheduler, raises=False)
        for epoch in range(4):
            for x, y in batches(epoch):
                optimizer.zero_grad()
                loss = watch.loss(F.mse_loss(net(x), y))
                loss.backward()
                optimizer.step()
            watch.epoch()
            if ticks:
                scheduler.step(*((0.5,) if kind == "plateau" else ()))  # pyright: ignore[reportArgumentType]
        return watch.close()

    assert verdict(False).codes == ("RT141",)
    assert verdict(True).codes == ()


def game(cut: bool) -> Verdict:
    """A generator against a critic; the generator's loss may see only a copy of what it made."""
    torch.manual_seed(0)
    nets = nn.ModuleDict(
        {"maker": nn.Linear(4, 8), "critic": nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))}
    )
    one, two = Adam(nets["maker"].parameters(), 1e-3), Adam(nets["critic"].parameters(), 1e-3)
    watch = Watch(nets, [one, two], raises=False)
    for epoch in range(3):
        for x, _ in batches(epoch):
            fake = nets["maker"](x[:, :4])
            two.zero_grad()
            watch.loss(
                F.softplus(nets["critic"](fake.detach())).mean() + F.softplus(-nets["critic"](x)).mean(), name="D"
            ).backward()
            two.step()
            one.zero_grad()
            watch.loss(F.softplus(-nets["critic"](fake.detach() if cut else fake)).mean(), name="G").backward()
            one.step()
    return watch.close()


def test_the_optimiser_of_a_game_that_never_gets_a_gradient_is_named_by_its_module_and_its_loss():
    (found,) = [f for f in game(True).findings if f.severity is not Severity.NOTE]
    assert (found.rule.code, found.subject) == ("RT121", "optimiser maker")
    assert "the loss before its last step was G" in found.evidence
    assert game(False).healthy


def test_what_is_only_suspected_at_the_end_is_told_and_does_not_judge():
    net = model()
    optimizer = Adam(net.parameters(), 3e-3)
    watch = Watch(net, optimizer)
    x, y = next(batches(0))
    for index in range(12):
        optimizer.zero_grad()
        watch.loss(F.mse_loss(net(x), y)).backward()
        if index == 2:
            net.zero_grad()
        optimizer.step()
    verdict = watch.close()
    assert verdict.healthy
    assert [(f.rule.code, f.stage) for f in verdict.suspected] == [("RT111", Stage.SUSPECTED)]
