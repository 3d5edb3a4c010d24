"""Does the watch see on CUDA what it sees on the CPU, and change nothing there?"""

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from trainlint import State, Verdict, Watch

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")

Change = Callable[[nn.Module, torch.optim.Optimizer, Tensor], Tensor]


def data(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(256, 8, generator=generator)
    return x.cuda(), (x @ torch.randn(8, 1, generator=generator)).tanh().cuda()


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 32), nn.LayerNorm(32), nn.ReLU(), nn.Linear(32, 1)).cuda()


def trained(model: nn.Module, low: torch.dtype | None, watched: bool, preset: str = "light", rate: float = 1e-2,
            broken: Change | None = None) -> Verdict | None:  # fmt: skip
    """40 updates in some precision; the verdict, if there is a watch."""
    x, y = data()
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    scaler = torch.amp.GradScaler("cuda", enabled=low is torch.float16)
    watch = Watch(model, optimizer, scaler=scaler, raises=False, preset=preset) if watched else None
    for step in range(40):
        rows = slice(64 * (step % 4), 64 * (step % 4) + 64)
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=low, enabled=low is not None):
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        loss = loss if broken is None else broken(model, optimizer, loss)
        loss = loss if watch is None else watch.loss(loss)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    if watch is None:
        return None
    with watch:
        return watch.verdict()


@pytest.mark.parametrize("preset", ["light", "full"])
@pytest.mark.parametrize("low", [None, torch.bfloat16, torch.float16], ids=str)
def test_weights_are_the_same_bits_with_and_without(low: torch.dtype | None, preset: str) -> None:
    one, two = network(), network()
    trained(one, low, watched=False)
    verdict = trained(two, low, watched=True, preset=preset)
    assert verdict is not None and verdict.state is State.HEALTHY, verdict
    assert not [finding.rule.code for finding in verdict.findings]
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))


@pytest.mark.parametrize("low", [None, torch.float16], ids=str)
def test_a_rate_of_zero_is_named(low: torch.dtype | None) -> None:
    verdict = trained(network(), low, watched=True, rate=0.0)
    assert verdict is not None and "RT101" in {finding.rule.code for finding in verdict.findings}


def test_a_loss_of_nan_is_named() -> None:
    def spoil(model: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor) -> Tensor:
        return loss * torch.nan

    verdict = trained(network(), None, watched=True, broken=spoil)
    assert verdict is not None and verdict.state is not State.HEALTHY
    assert any(finding.rule.code.startswith("RT3") for finding in verdict.findings), verdict


def test_nothing_is_left_behind() -> None:
    model = network()
    before = copy.deepcopy(model.state_dict())
    keys = set(vars(model))
    x, y = data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with Watch(model, optimizer, raises=False) as watch:
        watch.loss(nn.functional.mse_loss(model(x), y)).backward()
    assert set(vars(model)) == keys
    assert all(torch.equal(a, b) for a, b in zip(before.values(), model.state_dict().values(), strict=True))


SCRIPT = """
import torch
from torch import nn
torch.manual_seed(0)
x = torch.randn(512, 8, device="cuda")
y = (x[:, :1] * 2 - x[:, 1:2]).tanh()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1)).cuda()
optimizer = torch.optim.Adam(model.parameters(), lr=LR)
scaler = torch.amp.GradScaler("cuda")
for epoch in range(6):
    for rows in torch.randperm(512, device="cuda").split(64):
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    print(f"epoch {epoch}")
"""


@pytest.mark.parametrize(("rate", "named"), [("1e-2", False), ("0.0", True)])
def test_a_script_nobody_edited(rate: str, named: bool, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.replace("LR", rate))
    command = [sys.executable, "-m", "trainlint", "run", "--ledger", str(tmp_path / "ledger.jsonl"), str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"epoch {epoch}" for epoch in range(6)]
    assert ("RT101" in done.stderr) is named, done.stderr
    assert ("healthy" in done.stderr) is not named, done.stderr
