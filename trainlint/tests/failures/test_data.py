"""Section D of the catalogue: data and memory. A broken hand-over, and its healthy twin."""

import math
import subprocess
import sys

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import AdamW
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from trainlint import Finding, Watch
from trainlint.before.contracts import (
    SavedBytes,
    estimate,
    fields_alive,
    free_bytes,
    label_ranges,
    leak,
    order_matters,
    over_budget,
    overlap,
    same_data,
)
from trainlint.during.probes.feeding.batches import batch_findings
from trainlint.ledger import Ledger

from .toy import codes, model, quiet


def scene(name: str, index: int) -> Tensor:
    return torch.randn(5, generator=stream(0, name, index))


def split(offset: bool) -> list[Finding]:
    def draw(seed: int, name: str, i: int) -> Tensor:
        return torch.randn(5, generator=torch.Generator().manual_seed(seed + i)) if offset else scene(name, i)

    sets = {"train": (100, 30), "validation": (120, 10), "test": (900, 10)}
    return overlap({name: [draw(seed, name, i) for i in range(n)] for name, (seed, n) in sets.items()})


def angles(broken: bool) -> list[Finding]:
    azimuth = torch.linspace(-60, 60, 20) if broken else torch.deg2rad(torch.linspace(-60, 60, 20))
    return label_ranges({"azimuth": azimuth}, {"azimuth": (-math.radians(60), math.radians(60))})


def fields(kind: str) -> list[Finding]:
    batch = {
        "codes": torch.randn(4, 6, generator=stream(0, "codes")),
        "R_samp": torch.ones(4, 3) + torch.arange(4.0)[:, None],
    }
    if kind == "zero":
        batch["R_samp"].zero_()
    if kind == "constant":
        batch["codes"] = batch["codes"][:1].expand(4, 6)
    if kind == "missing":
        del batch["codes"]
    return fields_alive(batch, wanted=("codes", "R_samp"))


def by_index(p: Tensor, y: Tensor) -> Tensor:
    return (p - y).square().mean()


def matched(p: Tensor, y: Tensor) -> Tensor:
    return torch.cdist(p, y).min(dim=1).values.mean()


def slots(value: object) -> list[Finding]:
    y = torch.randn(4, 3, 2, generator=stream(0, "labels"))
    p = (y + 0.01 * torch.randn(4, 3, 2, generator=stream(1, "noise"))).requires_grad_()
    return order_matters(value, p, y, stream(0, "order"))  # pyright: ignore[reportArgumentType]


def leaked(broken: bool) -> list[Finding]:
    x, y = torch.randn(32, 6, generator=stream(0, "x")), torch.randn(32, 2, generator=stream(0, "y"))
    if broken:
        x[:, 3] = 2 * y[:, 1] + 1
    return leak(x, y)


def loader(kind: str) -> list[Finding]:
    x, y = torch.randn(64, 3, generator=stream(0, "x")), torch.arange(64) // 16
    size = 100 if kind == "empty" else 16
    g = stream(0, "shuffle")
    made = DataLoader(TensorDataset(x, y), size, shuffle=kind not in {"order", "sorted"}, drop_last=True, generator=g)
    return batch_findings([list(made), list(made)])


class Worker(IterableDataset):
    """What each worker draws; seeded alike, all draw the same."""

    def __init__(self, own: bool) -> None:
        self.own = own

    def __iter__(self):
        for worker in range(2):
            generator = stream(0, "worker", worker if self.own else 0)
            for _ in range(3):
                yield torch.randn(4, generator=generator)


def workers(own: bool) -> list[Finding]:
    return batch_findings([list(DataLoader(Worker(own), batch_size=None))])


def budget(staged: int) -> list[Finding]:
    net = nn.Linear(1000, 1000)
    return over_budget(estimate(net, AdamW(net.parameters()), saved=0, staged=staged), 100_000_000)


ROWS = {
    "D1 overlapping seeds": (lambda: split(True), "RT401", lambda: split(False)),
    "D2 two sets": (
        lambda: same_data([scene("a", 0)], [scene("b", 0)]), "RT402",
        lambda: same_data([scene("a", 0), scene("a", 1)], [scene("a", 1), scene("a", 0)]),
    ),
    "D3 degrees": (lambda: angles(True), "RT403", lambda: angles(False)),
    "D4 zero": (lambda: fields("zero"), "RT404", lambda: fields("")),
    "D4 constant": (lambda: fields("constant"), "RT404", lambda: fields("")),
    "D4 missing": (lambda: fields("missing"), "RT404", lambda: fields("")),
    "D5 slots by index": (lambda: slots(by_index), "RT405", lambda: slots(matched)),
    "D6 label among inputs": (lambda: leaked(True), "RT406", lambda: leaked(False)),
    "D7 empty": (lambda: loader("empty"), "RT407", lambda: loader("")),
    "D7 no shuffling": (lambda: loader("order"), "RT409", lambda: loader("")),
    "D7 sorted": (lambda: loader("sorted"), "RT411", lambda: loader("")),
    "D7 workers alike": (lambda: workers(False), "RT408", lambda: workers(True)),
    "D8 staged twice": (lambda: budget(90_000_000), "RT410", lambda: budget(10_000_000)),
}  # fmt: skip


def loop(size: int) -> Watch:
    """Three epochs of a loader that drops its last batch; a batch may be larger than the set of 64."""
    net = model(nn.Linear(3, 1))
    watch, optimizer = quiet(net)
    x = torch.randn(64, 3, generator=stream(0, "x"))
    made = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), size, shuffle=True, drop_last=True)
    for _ in range(3):
        for x, y in made:
            optimizer.zero_grad()
            watch.loss(F.mse_loss(net(x), y)).backward()
            optimizer.step()
        watch.epoch()
    return watch


WATCHED = {"D7 epochs without a batch": (lambda: loop(100), "RT407", lambda: loop(16))}


def test_a_loop_without_batches_earns_its_finding():
    broken, code, twin = WATCHED["D7 epochs without a batch"]
    assert codes(broken) == (code,)
    assert codes(twin) == ()


@pytest.mark.parametrize("row", ROWS)
def test_check_finds_the_failure(row: str):
    broken, code, _ = ROWS[row]
    assert code in [f.rule.code for f in broken()]


@pytest.mark.parametrize("row", ROWS)
def test_check_passes_its_twin(row: str):
    assert ROWS[row][2]() == []


def test_saved_bytes_match_the_tensors_that_backward_needs():
    net, x = model(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1)), torch.zeros(16, 8)
    saved = SavedBytes()
    with saved.counting(net):
        F.mse_loss(net(x), torch.zeros(16, 1))
    # the input, the rectified units, the output and the target, four bytes each
    assert saved.total == 4 * (16 * 8 + 16 * 32 + 16 + 16)
    assert free_bytes()


def test_a_runaway_allocation_is_a_clear_error(tmp_path, nursery):
    program = (
        "import torch\n"
        "from trainlint.before.contracts import limit_memory\n"
        "from trainlint import InfeasibleError\n"
        "try:\n"
        "    with limit_memory(200_000_000):\n"
        "        torch.zeros(10**9)\n"
        "except InfeasibleError as error:\n"
        "    print('caught', error.move)\n"
        "torch.zeros(10**8)\n"
    )
    (tmp_path / "much.py").write_text(program)
    done = nursery.run("much.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "caught" in done.stdout


def test_the_next_start_reports_a_run_that_was_killed(tmp_path):
    path = tmp_path / "ledger.jsonl"
    program = (
        "import os, signal, sys\n"
        "from trainlint.ledger import Ledger\n"
        "ledger = Ledger(sys.argv[1])\n"
        "ledger.write('epoch', epoch=1)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=120)
    assert done.returncode != 0
    second = Ledger(path)
    assert second.unfinished is not None
    assert second.unfinished.rule.code == "RT501"
    second.close()
    third = Ledger(path)
    assert third.unfinished is None
    third.close()
