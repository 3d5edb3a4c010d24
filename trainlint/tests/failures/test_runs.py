"""Section E of the catalogue: files, runs and search; and the handbook covers every row of every section."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from streams import stream
from torch import nn
from torch.nn import functional as F
from torch.optim import Adam

from trainlint import Finding, Watch
from trainlint.after.audit import (
    best_file,
    checkpoint,
    hidden_failures,
    rescore,
    resume_state,
    resumed_equal,
    search,
)
from trainlint.ledger import Ledger, same_run
from trainlint.rules import RULES

from .toy import batches, codes, model, quiet, score, train


def stored(kind: str) -> list[Finding]:
    net = model(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Linear(16, 1))
    state = dict(net.state_dict())
    if kind == "wrapped":
        state = {f"module.{k}": v for k, v in state.items()}
    if kind == "half":
        state.pop("2.bias")
    if kind == "stale":
        state["2.bias"] = state["2.bias"] + 1
    fresh = model(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Linear(16, 1), seed=1)
    return checkpoint(net, state, fresh, next(batches(0))[0])


def averaged(broken: bool) -> list[Finding]:
    net, other = model(), model(seed=1)
    return rescore(score(net), score(other if broken else net))


def resumed(parts: bool) -> list[Finding]:
    def run(epochs: range, net: nn.Module, optimizer: Adam) -> None:
        for epoch in epochs:
            for x, y in batches(epoch):
                optimizer.zero_grad()
                F.mse_loss(net(x), y).backward()
                optimizer.step()

    whole = model()
    run(range(4), whole, Adam(whole.parameters(), 3e-3))
    first = model()
    optimizer = Adam(first.parameters(), 3e-3)
    run(range(2), first, optimizer)
    second = model(seed=1)
    second.load_state_dict(first.state_dict())
    again = Adam(second.parameters(), 3e-3)
    if parts:
        again.load_state_dict(optimizer.state_dict())
    run(range(2, 4), second, again)
    return resumed_equal(whole.state_dict(), second.state_dict())


def best(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    return train(watch, net, optimizer, epochs=1) if not broken else _never(watch)


def _never(watch: Watch) -> Watch:
    watch.epoch(train=1.0, best=float("inf"))
    return watch


def trials(kind: str) -> list[Finding]:
    made = []
    for width in (16, 32):
        for head in ("a", "b"):
            value = width / 100 + (0.0 if kind == "blind" else 0.01 * (head == "b"))
            made.append({
                "knobs": {"width": width, "head": head}, "objective": value, "parameters": width * 10,
                "reports": 0 if kind == "silent" else 5,
            })  # fmt: skip
    return search(made)


def errors(broken: bool) -> list[Finding]:
    values = torch.rand(40, generator=stream(0, "errors")).tolist()
    return hidden_failures([*values, *[90.0] * 6], failed=0 if broken else 6)


def as_metric(broken: bool) -> Watch:
    net = model()
    watch, optimizer = quiet(net)
    for epoch in range(4):
        for x, y in batches(epoch):
            optimizer.zero_grad()
            watch.loss(F.mse_loss(net(x), y)).backward()
            optimizer.step()
        value = score(net)
        watch.epoch(val=value, angle=value if broken else 3.0 / (1 + epoch))
    return watch


def identity(config: str) -> list[Finding]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        Ledger(path, {"config": "abc", "data": 7}).close()
        return same_run(path, {"config": config})


CHECKED = {
    "E1 wrapped": (lambda: stored("wrapped"), "RT502", lambda: stored("")),
    "E1 half": (lambda: stored("half"), "RT502", lambda: stored("")),
    "E1 other weights": (lambda: stored("stale"), "RT502", lambda: stored("")),
    "E2 averaged": (lambda: averaged(True), "RT503", lambda: averaged(False)),
    "E3 parts": (
        lambda: resume_state({"model": 1, "optimizer": 1}), "RT504",
        lambda: resume_state(dict.fromkeys(("model", "optimizer", "scheduler", "random", "position"))),
    ),
    "E3 bit by bit": (lambda: resumed(False), "RT504", lambda: resumed(True)),
    "E4 no file": (lambda: best_file(float("inf"), False, 3), "RT505", lambda: best_file(0.1, True, 3)),
    "E5 no report": (lambda: trials("silent"), "RT506", lambda: trials("")),
    "E5 blind knob": (lambda: trials("blind"), "RT506", lambda: trials("")),
    "E6 penalty": (lambda: errors(True), "RT507", lambda: errors(False)),
    "E7 another run": (lambda: identity("xyz"), "RT508", lambda: identity("abc")),
}  # fmt: skip

WATCHED = {
    "E4 best": (lambda: best(True), "RT505", lambda: best(False)),
    "E6 metric is the loss": (lambda: as_metric(True), "RT507", lambda: as_metric(False)),
}


@pytest.mark.parametrize("row", CHECKED)
def test_check_finds_the_failure(row: str):
    broken, code, _ = CHECKED[row]
    assert code in [f.rule.code for f in broken()]


@pytest.mark.parametrize("row", CHECKED)
def test_check_passes_its_twin(row: str):
    assert CHECKED[row][2]() == []


@pytest.mark.parametrize("row", WATCHED)
def test_broken_program_earns_its_finding(row: str):
    broken, code, _ = WATCHED[row]
    assert code in codes(broken)


@pytest.mark.parametrize("row", WATCHED)
def test_healthy_twin_stays_clean(row: str):
    assert codes(WATCHED[row][2]) == ()


def test_every_row_of_the_catalogue_has_a_rule():
    rows = {row for each in RULES for row in re.findall(r"[A-E]\d+", each.rows)}
    sizes = {"A": 21, "B": 12, "C": 7, "D": 8, "E": 7}
    wanted = {f"{letter}{i}" for letter, n in sizes.items() for i in range(1, n + 1)}
    assert rows == wanted - {"C3", "C4"}  # matrices: a package that has them has rules for them
