"""A13-A21 of the catalogue: did an update do anything? A broken program, and its healthy twin."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from trainlint import Plan, State, Watch

from .toy import TwoHeads, batches, codes, model, quiet, train, verdict

Program = Callable[[], Watch]


def owner(broken: str) -> Program:
    def program() -> Watch:
        net = model()
        held = {"": net, "missing": net[:3], "foreign": copy.deepcopy(net)}[broken]
        optimizer = Adam(held.parameters(), 3e-3)
        watch = Watch(net, optimizer, raises=False)
        return train(watch, net, optimizer, epochs=1)

    return program


def reinitialised() -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    net[4] = nn.Linear(32, 1)
    return train(watch, net, optimizer, epochs=1)


def groups(broken: bool) -> Program:
    def program() -> Watch:
        net = nn.ModuleDict({"backbone": nn.Linear(8, 8), "overhead": nn.Linear(8, 8), "head": nn.Linear(8, 1)})
        fast = [p for n, p in net.named_parameters() if ("head" in n if broken else n.startswith("head."))]
        slow = [p for p in net.parameters() if all(p is not q for q in fast)]
        optimizer = Adam([{"params": slow, "lr": 1e-4}, {"params": fast, "lr": 1e-3}])
        plan = Plan(rates={"backbone": 1e-4, "overhead": 1e-4, "head": 1e-3})
        return Watch(net, optimizer, plan=plan, raises=False)

    return program


def frozen_moves(broken: bool) -> Program:
    def program() -> Watch:
        net = model(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))
        for p in (*net[0].parameters(), *net[1].parameters()):
            p.requires_grad_(False)
        optimizer = Adam([p for p in net.parameters() if p.requires_grad], 3e-3)
        watch = Watch(net, optimizer, plan=Plan(frozen=("0", "1")), raises=False)
        if not broken:
            net[1].eval()
        return train(watch, net, optimizer, epochs=2, validate=lambda n: 1.0 / (1 + watch.run.applied))

    return program


def static(broken: bool) -> Program:
    def program() -> Watch:
        net = TwoHeads()
        optimizer = Adam(net.parameters(), 3e-3)
        watch = Watch(net, optimizer, raises=False)
        for epoch in range(3):
            for x, y in batches(epoch):
                optimizer.zero_grad()
                main, other = net(x)
                weight = 0.0 if broken else 0.1
                watch.loss(F.mse_loss(main, y) + weight * F.mse_loss(other, y)).backward()
                optimizer.step()
        return watch

    return program


def averaged(broken: bool) -> Program:
    def program() -> Watch:
        net = model()
        watch, optimizer = quiet(net)
        average = copy.deepcopy(net.state_dict())

        def follow() -> None:
            for name, value in net.state_dict().items():
                average[name].lerp_(value, 0.05)

        def validate(n: nn.Module) -> float:
            from .toy import score

            live = copy.deepcopy(n.state_dict())
            n.load_state_dict(average)
            value = score(n)
            if not broken:
                n.load_state_dict(live)
            return value

        return train(watch, net, optimizer, epochs=3, after_step=follow, validate=validate)

    return program


def cut(where: str) -> Program:
    def program() -> Watch:
        net = model()
        watch, optimizer = quiet(net)
        for epoch in range(2):
            for x, y in batches(epoch):
                optimizer.zero_grad()
                hidden = net[:3](x)
                hidden = hidden.detach() if where == "middle" else hidden
                out = net[3:](hidden)
                out = out.detach() if where == "end" else out
                loss = watch.loss(F.mse_loss(out, y))
                if loss.requires_grad:
                    loss.backward()
                optimizer.step()
        return watch

    return program


def unused_half(broken: bool) -> Program:
    def program() -> Watch:
        net = TwoHeads()
        optimizer = Adam(net.parameters(), 3e-3)
        watch = Watch(net, optimizer, raises=False)
        for epoch in range(2):
            for x, y in batches(epoch):
                optimizer.zero_grad()
                main, other = net(x)
                watch.loss(F.mse_loss(main if broken else main + other, y)).backward()
                optimizer.step()
        return watch

    return program


def tiny_steps(clip: float, rate: float) -> Program:
    def program() -> Watch:
        net = model()
        optimizer = SGD(net.parameters(), rate)
        watch = Watch(net, optimizer, raises=False)
        return train(
            watch, net, optimizer, epochs=2,
            after_backward=lambda: nn.utils.clip_grad_norm_(net.parameters(), clip),
        )  # fmt: skip

    return program


def one_slow_group(rate: float) -> Program:
    def program() -> Watch:
        net = model()
        rest = [*net[2].parameters(), *net[4].parameters()]
        optimizer = SGD([{"params": net[0].parameters(), "lr": rate}, {"params": rest, "lr": 1e-2}])
        return train(Watch(net, optimizer, raises=False), net, optimizer, epochs=2)

    return program


def put_back(broken: bool) -> Program:
    """One module's weights are written back after each update; the twin writes back what they are."""

    def program() -> Watch:
        net = model()
        watch, optimizer = quiet(net)
        kept = copy.deepcopy(net[2].state_dict())

        def restore() -> None:
            net[2].load_state_dict(kept if broken else net[2].state_dict())

        return train(watch, net, optimizer, epochs=2, after_step=restore)

    return program


def half_weights(rate: float) -> Program:
    def program() -> Watch:
        net = model().bfloat16()
        optimizer = Adam(net.parameters(), rate)
        watch = Watch(net, optimizer, raises=False)
        for epoch in range(2):
            for x, y in batches(epoch):
                optimizer.zero_grad()
                watch.loss(F.mse_loss(net(x.bfloat16()).float(), y)).backward()
                optimizer.step()
        return watch

    return program


class Sine(nn.Module):
    """Bounded, with a slope of one: gradients grow with the weights and outputs do not."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.sin()


def depth(kind: str) -> Program:
    def program() -> Watch:
        blocks: list[nn.Module] = [nn.Linear(8, 16)]
        for _ in range(12):
            act = {"vanishing": nn.Sigmoid(), "exploding": Sine(), "": nn.ReLU()}[kind]
            blocks += [act, nn.Linear(16, 16)]
        net = model(*blocks, nn.Linear(16, 1))
        for layer in net:
            if isinstance(layer, nn.Linear) and kind != "vanishing":
                nn.init.kaiming_normal_(layer.weight)
                layer.weight.data.mul_(6.0 if kind == "exploding" else 1.0)
        optimizer = Adam(net.parameters(), 1e-4)
        watch = Watch(net, optimizer, raises=False)
        return train(watch, net, optimizer, epochs=2)

    return program


ROWS = {
    "A13 missing": (owner("missing"), "RT115", owner("")),
    "A13 foreign": (owner("foreign"), "RT116", owner("")),
    "A13 re-initialised": (reinitialised, "RT115", owner("")),
    "A14 substring": (groups(True), "RT117", groups(False)),
    "A15 frozen moves": (frozen_moves(True), "RT118", frozen_moves(False)),
    "A15 static": (static(True), "RT119", static(False)),
    "A15 put back": (put_back(True), "RT135", put_back(False)),
    "A16 average left in": (averaged(True), "RT120", averaged(False)),
    "A17 cut at the end": (cut("end"), "RT121", cut("")),
    "A17 cut in the middle": (cut("middle"), "RT122", cut("")),
    "A18 no loss term": (unused_half(True), "RT122", unused_half(False)),
    "A19 clipped to nothing": (tiny_steps(1e-9, 1e-3), "RT124", tiny_steps(1.0, 1e-2)),
    "A19 clipped below rounding": (tiny_steps(1e-3, 1e-4), "RT125", tiny_steps(1.0, 1e-2)),
    "A19 rounded away in half precision": (half_weights(3e-5), "RT125", half_weights(3e-3)),
    "A19 one group below rounding": (one_slow_group(1e-9), "RT135", one_slow_group(1e-3)),
    "A19 one group rounded away": (one_slow_group(1e-14), "RT135", one_slow_group(1e-3)),
    "A19 too large": (tiny_steps(1.0, 30.0), "RT130", tiny_steps(1.0, 1e-2)),
    "A20 vanishing": (depth("vanishing"), "RT126", depth("")),
    "A20 exploding": (depth("exploding"), "RT127", depth("")),
}  # fmt: skip


@pytest.mark.parametrize(("row", "module"), [("A15 put back", "2"), ("A19 one group rounded away", "0")])
def test_the_module_that_stays_behind_is_named(row: str, module: str):
    found = verdict(ROWS[row][0])
    assert found.state is State.FROZEN
    assert found.modules == (module,)


@pytest.mark.parametrize("row", ROWS)
def test_broken_program_earns_its_finding(row: str):
    broken, code, _ = ROWS[row]
    assert code in codes(broken)


@pytest.mark.parametrize("row", ROWS)
def test_healthy_twin_stays_clean(row: str):
    assert codes(ROWS[row][2]) == ()


def small_regression(seed: int, inputs: int, handed: bool) -> Program:
    """Sound: weights that start small are remade by their first updates, and the loss falls to nothing."""

    def program() -> Watch:
        generator = torch.Generator().manual_seed(seed)
        net = nn.Linear(inputs, 1)
        for p in net.parameters():
            nn.init.normal_(p, std=0.3, generator=generator)
        optimizer = SGD(net.parameters(), 0.1)
        watch = Watch(net, optimizer, raises=False)
        for _ in range(40):
            x = torch.randn(8, inputs, generator=generator)
            loss = F.mse_loss(net(x), 3 * x[:, :1])
            if handed:
                watch.loss(loss)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return watch

    return program


@pytest.mark.parametrize("handed", [False, True])
@pytest.mark.parametrize("inputs", [2, 4])
def test_small_first_weights_are_not_a_large_rate(inputs: int, handed: bool) -> None:
    assert [seed for seed in range(12, 20) if "RT130" in codes(small_regression(seed, inputs, handed))] == []
