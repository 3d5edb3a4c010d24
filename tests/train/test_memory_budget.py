"""Are scenes kept only as far as memory reaches, is it said, and does the preflight reckon with the same bytes?"""

import pytest
import torch.distributed as dist
from small_world import World

from ris_pytorch_pipeline.data import HeldScenes, content_hashes
from ris_pytorch_pipeline.train.loop import budget
from ris_pytorch_pipeline.train.parts import drawn_scenes

MB = 10**6


@pytest.fixture
def unlimited(world: World) -> World:
    """The same 800 scenes in each epoch, which take 2 MB, and a plan that would keep 10¹⁵ bytes."""
    return world.like(fresh=False, n_train=800, hold_mb=10**9)


def let_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(budget, "free_bytes", lambda device: free)


def test_half_of_what_is_free_is_kept_and_the_rest_streamed(
    unlimited: World, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    unlimited = unlimited.like(batch=16)
    whole = drawn_scenes(unlimited.experiment)
    let_free(monkeypatch, 2 * MB)
    data = drawn_scenes(unlimited.experiment)
    train, apart = data.train(0), data.validation
    assert content_hashes(train) == content_hashes(whole.train(0))
    assert content_hashes(apart) == content_hashes(whole.validation)
    assert isinstance(train, HeldScenes) and isinstance(apart, HeldScenes)
    assert 0.9 * MB < train.held_bytes + apart.held_bytes <= data.held_bytes == MB
    assert "800 training scenes: 1 of 2 MB kept on cpu, the others fetched each time" in data.note
    assert data.note.endswith("at most 1 MB (half of 2 MB free)")
    assert whole.held_bytes == sum(part.needed_bytes for part in (whole.train(0), whole.validation))  # type: ignore[attr-defined]


@pytest.mark.parametrize("changes", [{}, {"fresh": True}, {"same_scenes": True, "n_val": 100}], ids=str)
def test_no_way_of_drawing_keeps_more(unlimited: World, monkeypatch: pytest.MonkeyPatch, changes: dict) -> None:
    let_free(monkeypatch, MB // 10)
    data = drawn_scenes(unlimited.like(**{"n_train": 100, "n_val": 50, **changes}).experiment)
    for source in (data.train(0), data.validation):
        content_hashes(source)
    kept = {id(s): s.held_bytes for s in (data.train(0), data.validation) if isinstance(s, HeldScenes)}
    assert 0.03 * MB < sum(kept.values()) <= data.held_bytes == MB // 20


def test_the_plan_limits_where_more_is_free(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    let_free(monkeypatch, 10**12)
    assert str(budget.budget_of(world.like(hold_mb=7).experiment)) == "at most 7 MB (plan.hold_mb)"
    assert drawn_scenes(world.experiment).note.endswith("at most 1024 MB (plan.hold_mb)")


def test_processes_of_one_machine_share_its_memory(unlimited: World, monkeypatch: pytest.MonkeyPatch) -> None:
    let_free(monkeypatch, 12 * MB)
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "get_world_size", lambda: 3)
    told = "at most 2 MB (half of 12 MB free, shared by 3 processes)"
    assert str(budget.budget_of(unlimited.experiment)) == told


def test_a_platform_that_does_not_say_what_is_free_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "free_bytes", lambda device: None)
    assert drawn_scenes(world.experiment).note.endswith(
        "at most 1024 MB (plan.hold_mb; what is free is not known here)"
    )


def test_the_preflight_passes_what_will_be_streamed(unlimited: World, monkeypatch: pytest.MonkeyPatch) -> None:
    free = 2 * MB
    let_free(monkeypatch, free)
    monkeypatch.setattr("trainlint.before.preflight.free_bytes", lambda device: free)
    trainer = unlimited.trainer()
    memory = next(line for line in trainer.preflight() if line.name == "memory")
    assert memory.passed, str(memory)
    assert "of 2.0 MB free" in memory.number and "data 1.0 MB" in memory.number
