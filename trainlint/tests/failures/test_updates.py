"""A1-A12 of the catalogue: did an update happen? A broken program, and its healthy twin."""

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional as F
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler, StepLR

from trainlint import Plan, Watch

from .toy import BATCHES, TwoHeads, batches, codes, model, quiet, train

Program = Callable[[], Watch]


def a1(gate: Callable[[TwoHeads], bool], every: int) -> Program:
    def program() -> Watch:
        net = TwoHeads()
        optimizer = Adam(net.parameters(), 3e-3)
        watch = Watch(net, optimizer, raises=False)
        for epoch in range(3):
            for i, (x, y) in enumerate(batches(epoch)):
                optimizer.zero_grad()
                main, other = net(x)
                mask = float(
                    i % every == (1 if every < BATCHES else BATCHES)
                )  # the second head is conditional: its gradient is exactly zero otherwise
                watch.loss(F.mse_loss(main, y) + mask * F.mse_loss(other, y)).backward()
                if gate(net):
                    optimizer.step()
            watch.epoch()
        return watch

    return program


def everywhere(net: TwoHeads) -> bool:
    return all(p.grad is not None and bool(p.grad.any()) for p in net.parameters())


def anywhere(net: TwoHeads) -> bool:
    return any(p.grad is not None and bool(p.grad.any()) for p in net.parameters())


def scheduled(factor: Callable[[int], float], per_batch: bool) -> Program:
    def program() -> Watch:
        net = model()
        optimizer = Adam(net.parameters(), 3e-3)
        scheduler = LambdaLR(optimizer, factor)
        watch = Watch(net, optimizer, scheduler, raises=False)
        tick = scheduler.step
        each, end = (tick, lambda: None) if per_batch else ((lambda: None), tick)
        return train(watch, net, optimizer, epochs=4, after_step=lambda: each(), after_epoch=lambda: end())

    return program


def paced(make: Callable[[Adam], LRScheduler], epochs: int, per_batch: bool, plan: Plan | None = None) -> Program:
    def program() -> Watch:
        net = model()
        optimizer = Adam(net.parameters(), 3e-3)
        scheduler = make(optimizer)
        watch = Watch(net, optimizer, scheduler, raises=False, plan=plan)
        for epoch in range(epochs):
            for x, y in batches(epoch):
                optimizer.zero_grad()
                watch.loss(F.mse_loss(net(x), y)).backward()
                optimizer.step()
                if per_batch:
                    scheduler.step()
            if not per_batch:
                scheduler.step()
            watch.epoch()
        return watch

    return program


def unit(horizon: int, per_batch: bool) -> Program:
    return paced(lambda each: CosineAnnealingLR(each, horizon), 4, per_batch, Plan(epochs=4))


def step_decay(per_batch: bool) -> Program:
    return paced(lambda each: StepLR(each, 2, gamma=0.1), 3, per_batch)


def a5(skip: int, guarded: bool) -> Program:
    def program() -> Watch:
        net = model()
        optimizer = Adam(net.parameters(), 3e-3)
        scheduler = LambdaLR(optimizer, lambda t: 0.99**t)
        watch = Watch(net, optimizer, scheduler, raises=False)
        seen = 0
        for epoch in range(3):
            for x, y in batches(epoch):
                optimizer.zero_grad()
                watch.loss(F.mse_loss(net(x), y)).backward()
                seen += 1
                stepped = seen % skip != 2
                if stepped:
                    optimizer.step()
                if stepped or not guarded:
                    scheduler.step()
        return watch

    return program


def dedented(broken: bool) -> Program:
    def program() -> Watch:
        net = model()
        watch, optimizer = quiet(net)
        for epoch in range(3):
            running = 0.0
            loss = torch.zeros(())
            for x, y in batches(epoch):
                optimizer.zero_grad()
                out = F.mse_loss(net(x), y)
                if not broken:
                    loss = watch.loss(out)
                    loss.backward()
                    optimizer.step()
                    running += loss.item()
                loss = out
            if broken:
                loss = watch.loss(loss)
                loss.backward()
                optimizer.step()
                running += loss.item()
            watch.epoch(train=running / BATCHES, batches=BATCHES)
        return watch

    return program


def without_backward(broken: bool) -> Program:
    def program() -> Watch:
        net = model()
        watch, optimizer = quiet(net)
        for epoch in range(3):
            for x, y in batches(epoch):
                optimizer.zero_grad()
                loss = watch.loss(F.mse_loss(net(x), y))
                if not broken:
                    loss.backward()
                    optimizer.step()
            watch.epoch(batches=BATCHES)
        return watch

    return program


def a7(broken: bool) -> Program:
    def program() -> Watch:
        net = model()
        watch, optimizer = quiet(net)
        for epoch in range(3):
            running = 0.0
            for i, (x, y) in enumerate(batches(epoch), 1):
                loss = watch.loss(F.mse_loss(net(x), y))
                (loss / 4).backward()
                running += 0.0 if broken and i % 4 else loss.item()
                if i % 4 == 0:
                    optimizer.step()
                    optimizer.zero_grad()
            watch.epoch(train=running / BATCHES, batches=BATCHES)
        return watch

    return program


def a8(broken: bool) -> Program:
    def program() -> Watch:
        net = model()
        watch, optimizer = quiet(net)
        for epoch in range(3):
            optimizer.zero_grad()
            for i, (x, y) in enumerate(batches(epoch), 1):
                watch.loss(F.mse_loss(net(x), y) / 3).backward()
                if i % 3 == 0 or (i == BATCHES and not broken):
                    optimizer.step()
                    optimizer.zero_grad()
            watch.epoch(batches=BATCHES)
        return watch

    return program


def cleared(between: bool) -> Program:
    def program() -> Watch:
        net = model()
        watch, optimizer = quiet(net)
        return train(watch, net, optimizer, after_backward=optimizer.zero_grad if between else lambda: None)

    return program


def never(broken: bool) -> Program:
    def program() -> Watch:
        net = model()
        watch, optimizer = quiet(net)
        return train(watch, net, optimizer, clear=not broken)

    return program


def clears_by_hand() -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    return train(watch, net, optimizer, clear=False, after_step=lambda: net.zero_grad(set_to_none=False))


def scaled(broken: bool) -> Program:
    def program() -> Watch:
        net = model()
        optimizer = SGD(net.parameters(), 1e-2)
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16)
        watch = Watch(net, optimizer, scaler=scaler, raises=False)
        for epoch in range(4):
            for i, (x, y) in enumerate(batches(epoch)):
                optimizer.zero_grad()
                loss = watch.loss(F.mse_loss(net(x), y))
                # broken: the backward of one operation overflows at any scale; healthy: only the first two batches do
                bad = broken or (epoch == 0 and i < 2)
                scaler.scale(loss + (0.0 * net(x[:1]).sum()).sqrt() if bad else loss).backward()
                scaler.step(optimizer)
                scaler.update()
            watch.epoch(batches=BATCHES)
        return watch

    return program


def sanitised(broken: bool) -> Program:
    def program() -> Watch:
        net = model()
        watch, optimizer = quiet(net)
        poison = broken

        def criterion(out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            loss = F.mse_loss(out, y)
            return loss + (0.0 * out.sum()).sqrt() if poison else loss

        def clean() -> None:
            for p in net.parameters():
                if p.grad is not None:
                    p.grad.nan_to_num_()

        return train(watch, net, optimizer, epochs=1, criterion=criterion, after_backward=clean)

    return program


ROWS = {
    "A1 gate never opens": (a1(everywhere, 99), "RT102", a1(anywhere, 4)),
    "A1 gate mostly closed": (a1(everywhere, 4), "RT103", a1(anywhere, 4)),
    "A1 no backward": (without_backward(True), "RT102", without_backward(False)),
    "A2 zero rate for epochs": (scheduled(lambda t: t / 3, False), "RT101", scheduled(lambda t: (t + 1) / 3, False)),
    "A2 zero rate": (scheduled(lambda t: float(t > 1), True), "RT101", scheduled(lambda t: min(1, t / 8), True)),
    "A3 endless warm-up": (scheduled(lambda t: (t + 1) / 1e3, True), "RT104", scheduled(lambda t: min(1, t / 8), True)),
    "A4 batches stepped per epoch": (unit(4 * BATCHES, False), "RT105", unit(4, False)),
    "A4 epochs stepped per batch": (unit(4, True), "RT105", unit(4 * BATCHES, True)),
    "A4 step decay per batch": (step_decay(True), "RT105", step_decay(False)),
    "A5 tick without update": (a5(3, False), "RT106", a5(3, True)),
    "A6 dedented loop": (dedented(True), "RT107", dedented(False)),
    "A7 running loss": (a7(True), "RT108", a7(False)),
    "A8 last window dropped": (a8(True), "RT109", a8(False)),
    "A10 cleared before the step": (cleared(True), "RT111", cleared(False)),
    "A10 never cleared": (never(True), "RT112", never(False)),
    "A10 cleared by hand": (never(True), "RT112", clears_by_hand),
    "A11 scaler skips": (scaled(True), "RT113", scaled(False)),
    "A12 sanitised": (sanitised(True), "RT114", sanitised(False)),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_broken_program_earns_its_finding(row: str):
    broken, code, _ = ROWS[row]
    assert code in codes(broken)


@pytest.mark.parametrize("row", ROWS)
def test_healthy_twin_stays_clean(row: str):
    assert codes(ROWS[row][2]) == ()
