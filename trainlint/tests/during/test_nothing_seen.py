"""A run in which nothing happened is not healthy: no update, no batch, no record."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD

from trainlint import InputError, State, TrainingFault, Watch, diagnose_path


def watched(ledger: Path | None = None, *, raises: bool = False) -> tuple[nn.Linear, Watch]:
    torch.manual_seed(0)
    net = nn.Linear(3, 1)
    return net, Watch(net, SGD(net.parameters(), 0.1), raises=raises, ledger=ledger)


def only_losses(count: int) -> Callable[[], Watch]:
    def program() -> Watch:
        net, watch = watched()
        for _ in range(count):
            watch.loss(F.mse_loss(net(torch.ones(2, 3)), torch.zeros(2, 1)))
        return watch

    return program


def only_epochs(batches: int | None) -> Callable[[], Watch]:
    def program() -> Watch:
        _, watch = watched()
        for _ in range(10):
            watch.epoch(train=0.0, batches=batches)
        return watch

    return program


@pytest.mark.parametrize(
    ("program", "code"),
    [(only_losses(50), "RT102"), (only_epochs(8), "RT102"), (only_epochs(0), "RT407"), (only_epochs(None), "RT407")],
)
def test_losses_or_epochs_without_an_update_are_no_training(program: Callable[[], Watch], code: str):
    verdict = program().close()
    assert verdict.codes[0] == code
    assert verdict.state is State.STALLED


@pytest.mark.parametrize("batches", [0, 8])
def test_the_first_such_epoch_raises(batches: int):
    _, watch = watched(raises=True)
    with pytest.raises(TrainingFault, match="RT102" if batches else "RT407"):
        watch.epoch(batches=batches)
    watch.close()


def test_an_untouched_watch_is_not_judged_and_neither_is_its_ledger(tmp_path):
    _, watch = watched(tmp_path / "ledger.jsonl")
    verdict = watch.close()
    assert verdict.state is State.NOT_JUDGED
    assert verdict.blind[0] == "everything: nothing was seen"
    assert diagnose_path(tmp_path).record() == verdict.record()


def test_a_run_without_epochs_is_told_by_its_ledger_as_by_its_watch(tmp_path):
    net, watch = watched(tmp_path / "ledger.jsonl")
    for _ in range(4):
        watch.run.lanes[0].optimizer.zero_grad()
        watch.loss(F.mse_loss(net(torch.eye(3)), torch.eye(3)[:, :1])).backward()
        watch.run.lanes[0].optimizer.step()
    verdict = watch.close()
    assert verdict.healthy
    assert diagnose_path(tmp_path).record() == verdict.record()


@pytest.mark.parametrize("text", ["", '{"event": "sta'])
def test_an_empty_ledger_is_refused(tmp_path, text: str):
    path = tmp_path / "ledger.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match="records"):
        diagnose_path(path)
