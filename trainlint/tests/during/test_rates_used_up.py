"""Is a rate told that decays to nothing early or never leaves its start, and one that ends as planned let be?"""

import pytest
import torch
from streams import stream
from torch import nn
from torch.nn import functional as F
from torch.optim import Adam
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, OneCycleLR

from trainlint import Severity, Watch


@pytest.mark.parametrize(("gamma", "severity"), [(0.1, Severity.WARNING), (0.5, None), (0.3, Severity.NOTE)])
def test_a_rate_below_a_millionth_of_its_peak_counts_as_zero(gamma: float, severity: Severity | None):
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    optimizer = Adam(model.parameters(), lr=1e-2)
    schedule = ExponentialLR(optimizer, gamma)
    watch = Watch(model, optimizer, schedule)
    generator = stream(0, "used up")
    for _ in range(13):  # 0.3 ** 12 is the first power below a millionth
        for _ in range(9):
            updated(model, optimizer, watch, generator)
        schedule.step()
    found = [f for f in watch.close().findings if f.rule.code == "RT101"]
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if found:
        assert "of 117 updates had rates of at most 1e-06 of the peak 0.01" in found[0].evidence


def test_a_schedule_whose_step_was_kept_before_the_watch_moves_the_rate():
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    optimizer = Adam(model.parameters(), lr=1e-2)
    schedule = ExponentialLR(optimizer, 0.99)
    tick = schedule.step
    watch = Watch(model, optimizer, schedule)
    generator = stream(0, "kept")
    for _ in range(40):
        optimizer.zero_grad()
        inputs = torch.randn(16, 4, generator=generator)
        watch.loss(F.mse_loss(model(inputs), inputs.sum(1, keepdim=True))).backward()
        optimizer.step()
        tick()
    assert "RT141" not in watch.close().codes


def updated(model: nn.Module, optimizer: Adam, watch: Watch, generator: torch.Generator) -> None:
    """One update on fresh samples."""
    optimizer.zero_grad()
    inputs = torch.randn(16, 4, generator=generator)
    watch.loss(F.mse_loss(model(inputs), inputs.sum(1, keepdim=True))).backward()
    optimizer.step()


@pytest.mark.parametrize(("length", "each", "told"), [(72, False, True), (72, True, False), (80, False, False)])
def test_a_schedule_as_long_as_the_updates_that_is_stepped_with_the_epochs_is_told(length: int, each: bool, told: bool):
    """A run that ends early has fewer updates than its schedule: 72 of 80 planned say nothing."""
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    optimizer = Adam(model.parameters(), lr=1e-2)
    schedule = OneCycleLR(optimizer, 1e-2, total_steps=length)
    watch = Watch(model, optimizer, schedule)
    generator = stream(0, "units")
    for _ in range(8):
        for _ in range(9):
            updated(model, optimizer, watch, generator)
            if each:
                schedule.step()
        if not each:
            schedule.step()
    assert ("RT105" in watch.close().codes) is told


@pytest.mark.parametrize(("whole", "code"), [(True, "RT101"), (False, "RT105")])
def test_a_factor_rounded_down_is_zero_and_no_other_unit(whole: bool, code: str):
    """`(total - step) // total` is 1 once and then 0; a decay over 8 epochs that ticks with 72 updates is the unit."""
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    optimizer = Adam(model.parameters(), lr=1e-2)
    schedule = LambdaLR(optimizer, (lambda step: (72 - step) // 72) if whole else lambda step: max(0.0, 1 - step / 8))
    watch = Watch(model, optimizer, schedule, raises=False)
    generator = stream(0, "rounded down")
    for _ in range(3):
        for _ in range(24):
            updated(model, optimizer, watch, generator)
            schedule.step()
        watch.epoch(batches=24)
    codes = watch.close().codes
    assert codes[0] == code
    assert "RT101" in codes and ("RT105" in codes) is not whole
