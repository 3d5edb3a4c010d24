"""What is saved, copied and planned while it is watched is what it would be without a watch."""

import copy
import io
import pickle
from typing import Any

import pytest
import torch
from streams import stream
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR, StepLR

from trainlint import Watch
from trainlint.during.plan import planned_rates


class Loop:
    """A small training; the scaler refuses nothing."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
        self.optimizer = Adam(self.model.parameters(), 1e-2)
        self.scheduler = StepLR(self.optimizer, 2)
        self.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)

    def watch(self) -> Watch:
        return Watch(self.model, self.optimizer, self.scheduler, self.scaler)

    def update(self, index: int) -> float:
        x = torch.randn(16, 4, generator=stream(0, "x", index))
        self.optimizer.zero_grad()
        loss = F.mse_loss(self.model(x), x[:, :1])
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.scheduler.step()
        return loss.item()

    def parts(self) -> dict[str, Any]:
        names = ("model", "optimizer", "scheduler", "scaler")
        return {name: vars(self)[name] for name in names}


class Own(nn.Module):
    """Torch itself finds nothing to compile in place in a bare `Sequential`."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)


def saved(thing: object) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(thing, file)
    file.seek(0)
    return file


@pytest.mark.parametrize("part", ["model", "optimizer", "scheduler", "scaler"])
def test_states_are_saved_and_go_on_elsewhere(part: str):
    one, other, alone = Loop(), Loop(), Loop()
    with one.watch():
        for index in range(3):
            one.update(index)
            alone.update(index)
        state = torch.load(saved(one.parts()[part].state_dict()))
        assert state.keys() == alone.parts()[part].state_dict().keys()
    with other.watch() as watch:
        other.parts()[part].load_state_dict(state)
        other.update(3)
        assert watch.run.ticks == watch.run.applied == 1


def test_state_handed_over_in_memory_leaves_the_schedule_its_own_step():
    one, other = Loop(), Loop()
    with one.watch() as watch:
        one.update(0)
        other.scheduler.load_state_dict(one.scheduler.state_dict())
        other.update(1)
        assert watch.run.ticks == 1
    assert other.scheduler.last_epoch == 2


@pytest.mark.parametrize("part", ["model", "optimizer", "scheduler", "scaler"])
def test_watched_objects_are_pickled_and_copied_as_what_they_are(part: str):
    one = Loop()
    kind = type(one.parts()[part])
    with one.watch(), one.watch() as watch:
        one.update(0)
        thing = one.parts()[part]
        # A schedule that was stepped holds torch's own wrapper of its optimiser's step, which cannot be pickled.
        again = copy.deepcopy(thing) if part == "scheduler" else pickle.loads(pickle.dumps(thing))
        assert type(again) is type(copy.deepcopy(thing)) is kind
        assert isinstance(thing, kind)
        before = dict(watch.run.counts)
        if part == "model":
            again(torch.zeros(1, 4)).sum().backward()
        if part == "scheduler":
            again.step()
        assert watch.run.counts == before
    assert type(thing) is kind


def test_saved_model_names_nothing_of_this_package():
    one = Loop()
    with one.watch():
        assert b"trainlint" not in pickle.dumps(one.model)


def schedules(optimizer: SGD) -> list[LRScheduler]:
    return [LambdaLR(optimizer, lambda t: 0.5**t), OneCycleLR(optimizer, 0.1, total_steps=20)]


@pytest.mark.parametrize("which", [0, 1])
def test_planning_the_rates_of_a_watched_schedule_leaves_it_where_it_is(which: int):
    model = nn.Linear(4, 1)
    optimizer = SGD(model.parameters(), 0.1)
    scheduler = schedules(optimizer)[which]
    plain = planned_rates(optimizer, scheduler, 10)
    with Watch(model, optimizer, scheduler) as watch:
        assert planned_rates(optimizer, scheduler, 10) == plain
        assert (watch.run.ticks, scheduler.last_epoch) == (0, 0)


@pytest.mark.parametrize("first", [0, 1])
def test_two_watches_let_go_in_any_order(first: int):
    one = Loop()
    watches = [one.watch(), one.watch()]
    one.update(0)
    watches[first].close()
    one.update(1)
    watches[1 - first].close()
    one.update(2)
    assert [watches[i].run.ticks for i in (first, 1 - first)] == [1, 2]
    assert [watches[i].run.applied for i in (first, 1 - first)] == [1, 2]


def test_method_that_somebody_replaced_on_the_instance_is_heard_and_put_back():
    one, ticks = Loop(), []
    mine = one.scheduler.step = lambda epoch=None: ticks.append(1)
    with one.watch() as watch:
        one.update(0)
    assert (watch.run.ticks, ticks) == (1, [1])
    assert one.scheduler.step is mine


@pytest.mark.parametrize("how", ["whole", "in place", "a part", "after the watch began"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_models_are_neither_broken_nor_recompiled(how: str):
    torch.compiler.reset()
    one = Loop()
    options: dict[str, Any] = {"backend": "eager", "fullgraph": True}
    model: Any = one.model if how in {"whole", "a part"} else Own(one.model)
    if how == "in place":
        model.compile(**options)
    elif how in {"whole", "a part"}:
        inner: Any = torch.compile(model, **options)
        model = nn.Sequential(inner) if how == "a part" else inner
    # A watch that finds an eager model may cost the one compilation that follows its last hooks.
    with Watch(model, one.optimizer) as watch, torch._dynamo.config.patch(recompile_limit=1 + (how[:5] == "after")):
        if how == "after the watch began":
            model.compile(**options)
        for index in range(6):
            x = torch.randn(16, 4, generator=stream(0, "x", index))
            one.optimizer.zero_grad()
            watch.loss(F.mse_loss(model(x), x[:, :1])).backward()
            one.optimizer.step()
    assert watch.verdict().counts["updates"] == 6
    torch.compiler.reset()
