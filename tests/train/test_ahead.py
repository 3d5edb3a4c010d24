"""Are batches drawn ahead those that are drawn when asked for, and does their thread end however the block ends?"""

import os
import signal
from dataclasses import replace
from pathlib import Path
from threading import Event, enumerate

import pytest
import torch
from nursery import Nursery
from small_world import SmallLoss, World
from two_processes import EXPERIMENT, weights

from ris_pytorch_pipeline.data import SceneSource
from ris_pytorch_pipeline.train import Data, Parts, Trainer
from ris_pytorch_pipeline.train.parts import drawn_scenes
from ris_pytorch_pipeline.train.processes import pulse
from ris_pytorch_pipeline.train.processes.ahead import Ahead, WhenAsked

ENDLESS = """
import os, sys
from threading import Event
from ris_pytorch_pipeline.train.processes.ahead import Ahead
with Ahead(lambda number: number, range(10**12)) as made:
    made(0)
    print(os.getpid(), flush=True)
    Event().wait()
"""


def running() -> bool:
    return any(thread.name == pulse.FETCHING for thread in enumerate())


def test_results_come_in_order_and_are_made_once() -> None:
    calls: list[int] = []
    with Ahead(lambda number: calls.append(number) or number * 10, range(3, 50)) as made:
        assert [made(number) for number in range(3, 50)] == [number * 10 for number in range(3, 50)]
    assert calls == list(range(3, 50)) and not running()


def test_no_more_wait_than_there_is_room_for() -> None:
    calls: list[int] = []
    third = Event()

    def make(number: int) -> int:
        calls.append(number)
        if number == 2:
            third.set()
        return number

    with Ahead(make, range(10**12), depth=2) as made:  # 10¹² numbers, and no list of them
        made(0)
        assert third.wait(20)
        assert made(1) == 1
    assert len(calls) <= 4 and not running()


def test_another_number_than_the_next_is_made_when_asked_for() -> None:
    with Ahead(lambda number: number * 10, [1, 2, 3]) as made:
        assert [made(7), made(1), made(2), made(3), made(4)] == [70, 10, 20, 30, 40]


def test_an_error_is_raised_where_its_result_is_asked_for() -> None:
    def make(number: int) -> int:
        return 1 // (2 - number)

    with Ahead(make, range(5)) as made:
        assert made(0) == 0 and made(1) == 1
        with pytest.raises(ZeroDivisionError):
            made(2)
    assert not running()


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_the_thread_ends_with_a_block_that_fails(error: type[BaseException]) -> None:
    with pytest.raises(error), Ahead(lambda number: number, range(10**12)) as made:
        made(0)
        raise error
    assert not running()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, -15), (signal.SIGKILL, -9)])
def test_a_program_that_is_stopped_leaves_nothing(number: int, code: int, tmp_path: Path, nursery: Nursery) -> None:
    (tmp_path / "endless.py").write_text(ENDLESS)
    run = nursery.start("endless.py", cwd=tmp_path)
    assert run.stdout is not None
    pid = int(run.stdout.readline())
    assert pid == run.pid
    run.send_signal(number)
    assert run.wait(60) in {code, -number}
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_beat_follows_the_thread_that_the_main_one_waits_for() -> None:
    first, go = pulse._place(), Event()
    with Ahead(lambda number: go.wait(20), range(2)) as made:
        assert len(pulse._place()) > len(first)
        go.set()
        assert made(0) and made(1)


def weights_of() -> tuple[list[object], object]:
    trainer = World(EXPERIMENT).trainer()
    progress = trainer.fit()
    return weights(trainer), [record["validation"] for record in progress.history]


def test_a_run_is_bit_by_bit_the_one_that_draws_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_ahead = weights_of()
    monkeypatch.setattr(Trainer, "ahead", WhenAsked)
    assert weights_of() == drawn_ahead


def test_a_source_that_fails_ends_the_run_with_its_error() -> None:
    class Broken(SceneSource):
        def __getitem__(self, index: int):
            if index == 2:
                raise OSError("a disk that is gone")
            return super().__getitem__(index)

    def data(experiment) -> Data:
        made = drawn_scenes(experiment)
        whole = made.train(0)
        assert isinstance(whole, SceneSource)
        return replace(made, train=lambda epoch: Broken(**vars(whole)))

    world = World(EXPERIMENT)
    parts = Parts(net=world.trainer().parts.net, loss=lambda _: SmallLoss(), measure=None, data=data)
    trainer = world.trainer(parts=parts)
    with pytest.raises(OSError, match="a disk that is gone"):
        trainer.fit()
    assert trainer.progress.batches == 2 and not running()


def test_a_thread_that_cannot_begin_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who asks would wait forever otherwise."""

    def refuse(device: object) -> None:
        raise RuntimeError(f"no {device}")

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.set_device", refuse)
    wanted = pytest.raises(RuntimeError, match="no cuda:7")
    with wanted, Ahead(lambda number: number, range(2), torch.device("cuda", 7)) as made:
        made(0)
