"""While and after it is watched, every object is what it was: saved, copied, scripted, exported, compared."""

import copy
import gc
import io
import pickle
import pickletools
import warnings
import weakref
from typing import Any

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.module import _global_forward_hooks
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from trainlint import Watch

PATCHED = [
    (torch.autograd, "backward"),
    (Optimizer, "zero_grad"),
    (LRScheduler, "step"),
    (CosineAnnealingLR, "step"),
    (torch.amp.GradScaler, "step"),
    (nn.Module, "__call__"),
    (nn.Module, "compile"),
    (nn.Sequential, "__call__"),
    *((kind, name) for kind in (torch.no_grad, torch.inference_mode) for name in ("__enter__", "__exit__")),
    *((torch.set_grad_enabled, name) for name in ("__enter__", "__exit__")),
]


class Thing:
    """A training whose parts can be looked at."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.BatchNorm1d(8), nn.Linear(8, 1))
        self.optimizer = AdamW(self.model.parameters(), 1e-2)
        self.scheduler = CosineAnnealingLR(self.optimizer, 50)
        self.scaler = torch.amp.GradScaler("cpu", init_scale=8.0)

    def parts(self) -> list[object]:
        return [*self.model.modules(), *self.model.parameters(), self.optimizer, self.scheduler, self.scaler]

    def watch(self, **options: Any) -> Watch:
        return Watch(self.model, self.optimizer, self.scheduler, self.scaler, **options)

    def update(self, index: int, watch: Watch | None = None) -> None:
        x = torch.randn(16, 4, generator=stream(0, "left", index))
        self.optimizer.zero_grad()
        loss = F.mse_loss(self.model(x), x[:, :1])
        self.scaler.scale(loss if watch is None else watch.loss(loss)).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.scheduler.step()


def looked_at(part: object) -> tuple[object, ...]:
    """What anybody can see of an object from outside."""
    own = vars(part) if not isinstance(part, Tensor) else {}
    hooks = {name: list(value) for name, value in own.items() if name.endswith("_hooks")}
    tensor = part._backward_hooks if isinstance(part, Tensor) else None  # pyright: ignore[reportAttributeAccessIssue]
    return type(part), sorted(own), sorted(dir(part)), hooks, tensor


def patched() -> list[object]:
    hooks = (_global_forward_hooks, _global_optimizer_pre_hooks, _global_optimizer_post_hooks)
    return [*(vars(owner).get(name) for owner, name in PATCHED), *(list(each) for each in hooks)]


@pytest.mark.parametrize("preset", ["light", "full", "trace"])
@pytest.mark.filterwarnings("ignore:Anomaly Detection:UserWarning")
def test_objects_look_the_same_before_while_and_after(preset: str):
    thing, torch_before = Thing(), patched()
    thing.update(0)
    before = [looked_at(part) for part in thing.parts()]
    watch = thing.watch(preset=preset)
    assert [looked_at(part) for part in thing.parts()] == before
    for index in range(1, 6):
        thing.update(index, watch)
        assert [looked_at(part) for part in thing.parts()] == before
    assert watch.close().counts["updates"] == 5
    assert [looked_at(part) for part in thing.parts()] == before
    assert patched() == torch_before
    assert not torch.is_anomaly_enabled()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_watches_are_taken_off_in_any_order(order: tuple[int, ...]):
    before, things = patched(), [Thing() for _ in range(3)]
    watches = [thing.watch() for thing in things]
    for number, which in enumerate(order):
        watches[which].close()
        for thing in things:
            thing.update(number)
    assert [watches[which].run.applied for which in order] == [0, 1, 2]
    assert patched() == before


def test_a_watch_that_nobody_keeps_ends_by_itself_and_keeps_nothing_alive():
    before, thing = patched(), Thing()
    thing.watch()
    gc.collect()
    assert patched() == before
    watch = thing.watch()
    thing.update(0, watch)
    alive = weakref.ref(thing.model)
    del thing, watch
    gc.collect()
    assert alive() is None
    assert patched() == before


def test_whole_modules_saved_while_watched_load_safely():
    thing = Thing()
    watch = thing.watch()
    for index in range(3):
        thing.update(index, watch)
        file = io.BytesIO()
        torch.save(thing.model, file)
        file.seek(0)
        kinds = [nn.Sequential, nn.Linear, nn.GELU, nn.BatchNorm1d]
        with torch.serialization.safe_globals(kinds):
            again = torch.load(file, weights_only=True)
        assert torch.equal(again[0].weight, thing.model[0].weight)  # pyright: ignore[reportArgumentType]


def words(thing: object) -> list[object]:
    """What a pickle names, without the numbers of the storages."""
    return [arg for _, arg, _ in pickletools.genops(pickle.dumps(thing)) if isinstance(arg, str) and not arg.isdigit()]


def test_pickles_name_the_same_things_while_watched():
    alone, watched = Thing(), Thing()
    watch = watched.watch()
    for index in range(3):
        alone.update(index)
        watched.update(index, watch)
    for name in ("model", "optimizer"):
        assert words(vars(alone)[name]) == words(vars(watched)[name])


def test_a_bare_tensor_is_saved_without_a_warning_while_watched():
    tensor = torch.zeros(3, requires_grad=True)
    optimizer = AdamW([tensor], 0.1)
    with Watch(nn.Identity(), optimizer) as watch:
        watch.loss(tensor.exp().sum()).backward()
        optimizer.step()
        again = pickle.loads(pickle.dumps(tensor))
    assert torch.equal(again, tensor)


def test_copies_are_not_watched():
    thing = Thing()
    watch = thing.watch()
    thing.update(0, watch)
    other = Thing()
    other.model, other.optimizer = copy.deepcopy((thing.model, thing.optimizer))
    counts = dict(watch.run.counts)
    x = torch.ones(4, 4)
    other.model(x).sum().backward()
    other.optimizer.step()
    assert watch.run.counts == counts


@pytest.mark.parametrize("updates", [0, 1, 5])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_models_are_traced_scripted_and_exported_while_watched(updates: int):
    thing, x = Thing(), torch.ones(4, 4)
    watch = thing.watch()
    for index in range(updates):
        thing.update(index, watch)
    thing.model.eval()
    with torch.no_grad():
        wanted = thing.model(x)
        assert torch.equal(torch.jit.trace(thing.model, x)(x), wanted)  # pyright: ignore
        assert torch.equal(torch.jit.script(thing.model)(x), wanted)
    exported = torch.export.export(thing.model, (x,))
    torch.testing.assert_close(exported.module()(x), wanted)


def test_a_trace_holds_nothing_of_a_probe():
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)), torch.randn(16, 4)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    with Watch(model, optimizer) as watch:
        for _ in range(4):
            optimizer.zero_grad()
            watch.loss(nn.functional.mse_loss(model(x), x[:, :1])).backward()
            optimizer.step()
        with warnings.catch_warnings(record=True, action="always") as heard:
            torch.jit.trace(model.eval(), torch.randn(8, 4))  # pyright: ignore
    assert not any(issubclass(each.category, torch.jit.TracerWarning) for each in heard)  # pyright: ignore
