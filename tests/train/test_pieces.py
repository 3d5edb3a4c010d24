"""Is a batch that does not fit in memory computed in pieces, with the gradient of the whole batch, and is that said?"""

from functools import partial

import pytest
import torch
from small_world import SmallNet
from test_accumulation import Sliced, close, window_gradient
from torch import Tensor

from ris_pytorch_pipeline.data import Inputs


class Narrow(SmallNet):
    """A network that has no memory to train on more than some scenes at a time."""

    fits = 3

    def forward(self, inputs: Inputs) -> Tensor:
        if self.training and len(inputs) > self.fits:
            raise RuntimeError("CUDA out of memory. Tried to allocate 1 GiB")
        return super().forward(inputs)


@pytest.mark.parametrize(("batch_size", "accumulation", "pieces"), [(12, 1, 4), (6, 2, 2), (5, 3, 2)])
def test_the_gradient_is_that_of_the_whole_batch(world, batch, batch_size, accumulation, pieces) -> None:
    plan = {"n_train": 12, "batch": batch_size, "accumulation": accumulation}
    whole = window_gradient(world.like(**plan).trainer(), batch, batch_size)
    trainer = world.like(**plan).trainer(net=Narrow)
    trainer.source = Sliced(batch, batch_size)
    assert close(window_gradient(trainer, batch, batch_size), whole)
    assert trainer.progress.pieces == pieces
    assert trainer.progress.batches == accumulation


def test_it_is_said_and_the_loss_is_the_same(world, batch) -> None:
    small, losses = world.like(n_train=12, batch=12), []
    for net in (SmallNet, Narrow):
        trainer = small.trainer(net=net)
        trainer.source = Sliced(batch, 12)
        losses.append(trainer._backward(range(1)))
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    said = [line for line in small.lines() if "memory ran out" in line]
    assert len(said) == 2
    assert "of 12 scenes are computed 6 at a time" in said[0] and "computed 3 at a time" in said[1]


def test_pieces_are_resumed_bit_by_bit(world, tmp_path) -> None:
    whole = partial(world.like(n_train=12, batch=12, epochs=2).trainer, net=partial(Narrow, dropout=0.5))
    straight, begun, resumed = (whole(directory=folder) for folder in (None, tmp_path, tmp_path))
    straight.fit()
    begun.fit(epochs=1)
    progress = resumed.fit(resume=True)
    assert progress.pieces == straight.progress.pieces == 4
    for mine, theirs in zip(resumed.net.parameters(), straight.net.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_the_watch_sees_the_loss_of_a_batch_that_is_begun_again_once(world, batch, monkeypatch) -> None:
    trainer = world.like(n_train=12, batch=6, accumulation=2).trainer(net=Narrow)
    seen: list[str] = []
    monkeypatch.setattr(trainer.watching, "loss", lambda report, name: seen.append(name) or report.total)
    monkeypatch.setattr(Narrow, "fits", 6)
    forward = Narrow.forward

    def shrinking(self: Narrow, inputs: Inputs) -> Tensor:
        Narrow.fits = 6 if not seen else 3
        return forward(self, inputs)

    monkeypatch.setattr(Narrow, "forward", shrinking)
    window_gradient(trainer, batch, 6)
    assert trainer.progress.pieces == 2 and len(seen) == 2


def test_batch_norm_is_not_computed_in_pieces_and_that_is_said(world, batch) -> None:
    small = world.like(n_train=12, batch=12)
    trainer = small.trainer(net=partial(Narrow, batch_norm=True))
    trainer.source = Sliced(batch, 12)
    with pytest.raises(RuntimeError, match="out of memory"):
        trainer._backward(range(1))
    assert trainer.progress.pieces == 1 and any("batch-norm layers take means" in line for line in small.lines())


def test_one_scene_that_does_not_fit_is_an_error(world, batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Narrow, "fits", 0)
    trainer = world.like(n_train=12, batch=12).trainer(net=Narrow)
    trainer.source = Sliced(batch, 12)
    with pytest.raises(RuntimeError, match="out of memory"):
        trainer._backward(range(1))


def test_another_error_is_not_tried_again(world, batch, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Narrow, inputs: Inputs) -> Tensor:
        raise RuntimeError("shapes that do not fit")

    monkeypatch.setattr(Narrow, "forward", broken)
    trainer = world.like(n_train=12, batch=12).trainer(net=Narrow)
    trainer.source = Sliced(batch, 12)
    with pytest.raises(RuntimeError, match="shapes that do not fit"):
        trainer._backward(range(1))
    assert trainer.progress.pieces == 1
